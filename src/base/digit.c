#include "base/digit.h"

#include <string.h>

static char *two(char *end, unsigned x)
{
    *--end = (char)('0' + x % 10);
    *--end = (char)('0' + x / 10);
    return end;
}

char *digit_put_u64(char *to, uint64_t x)
{
    char text[DIGIT_MOST];
    char *const end = text + sizeof text, *at = end;
    for (; x >= 100; x /= 100)
        at = two(at, (unsigned)(x % 100));
    if (x >= 10)
        at = two(at, (unsigned)x);
    else
        *--at = (char)('0' + x);
    memcpy(to, at, (size_t)(end - at));
    return to + (end - at);
}

char *digit_put_i64(char *to, int64_t x)
{
    if (x < 0)
        *to++ = '-';
    return digit_put_u64(to, x < 0 ? -(uint64_t)x : (uint64_t)x);
}
