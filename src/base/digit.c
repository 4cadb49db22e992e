#include "base/digit.h"

#include <string.h>

static char *two(char *to, uint64_t x)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    memcpy(to, pairs + 2 * x, 2);
    return to + 2;
}

static unsigned count(uint64_t x)
{
    unsigned n = 1;
    for (; x >= 10'000; x /= 10'000)
        n += 4;
    return n + (x >= 10) + (x >= 100) + (x >= 1000);
}

char *digit_put_u64(char *to, uint64_t x)
{
    char *const end = to + count(x), *at = end;
    for (; x >= 100; x /= 100)
        (void)two(at -= 2, x % 100);
    if (x >= 10)
        (void)two(to, x);
    else
        *to = (char)('0' + x);
    return end;
}

char *digit_put_i64(char *to, int64_t x)
{
    if (x < 0)
        *to++ = '-';
    return digit_put_u64(to, x < 0 ? -(uint64_t)x : (uint64_t)x);
}

char *digit_put_six(char *to, uint32_t x)
{
    return two(two(two(to, x / 10'000), x / 100 % 100), x % 100);
}
