#include "model/unicode_class.h"

#include "base/defs.h"

struct range {
    uint32_t first, last;
};

#include "model/unicode_class_tables.h"

static bool is_in(const struct range *table, size_t n, uint32_t c)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (c > table[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && table[low].first <= c;
}

static bool is_space(uint32_t c)
{
    return (c >= 0x9 && c <= 0xd) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

enum unicode_class unicode_class(uint32_t c)
{
    if (c < 128) {
        if ((c | 32) >= 'a' && (c | 32) <= 'z')
            return UNICODE_LETTER;
        if (c >= '0' && c <= '9')
            return UNICODE_NUMBER;
        return is_space(c) ? UNICODE_SPACE : UNICODE_OTHER;
    }
    if (is_space(c))
        return UNICODE_SPACE;
    if (is_in(letters, COUNT_OF(letters), c))
        return UNICODE_LETTER;
    return is_in(numbers, COUNT_OF(numbers), c) ? UNICODE_NUMBER : UNICODE_OTHER;
}

uint32_t unicode_class_decode(const char *text, size_t n, size_t *ret_bytes)
{
    const unsigned char *const p = (const unsigned char *)text;
    const unsigned lead = p[0];
    const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000}; /* shorter forms are not UTF-8 */
    *ret_bytes = 1;
    if (lead < 0x80)
        return lead;
    if (lead < 0xc2 || lead > 0xf4 || length > n)
        return UINT32_MAX;
    uint32_t c = lead & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return UINT32_MAX;
        c = c << 6 | (p[i] & 0x3f);
    }
    if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return UINT32_MAX;
    *ret_bytes = length;
    return c;
}
