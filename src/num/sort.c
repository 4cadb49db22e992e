#include "num/sort.h"

#include "base/defs.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Least significant digit first (Knuth 3, 5.2.5): six passes of 11 bits over the 64, or eight of 8,
 * whose counts are fewer than the values; and none for a digit that is the same everywhere. */
constexpr size_t FEW = 400;     /* below, comparing is faster */
constexpr size_t MANY = 10'000; /* from here on 11 bits are */

struct digits {
    unsigned bits, passes;
};

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Ordered like the number: the sign bit turned, and all bits of a negative one. */
static uint64_t key_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ (bits >> 63 ? UINT64_MAX : (uint64_t)1 << 63);
}

static double number_of(uint64_t key)
{
    const uint64_t bits = key ^ (key >> 63 ? (uint64_t)1 << 63 : UINT64_MAX);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static size_t digit(uint64_t key, struct digits d, unsigned pass)
{
    return key >> (pass * d.bits) & (((uint64_t)1 << d.bits) - 1);
}

static void count(uint64_t *keys, const double *x, size_t n, struct digits d, size_t *counts)
{
    for (size_t i = 0; i < n; i++) {
        keys[i] = key_of(x[i]);
        for (unsigned p = 0; p < d.passes; p++)
            counts[((size_t)p << d.bits) + digit(keys[i], d, p)]++;
    }
}

static void by_digits(double *x, size_t n, struct digits d, uint64_t *keys, uint64_t *other,
                      size_t *counts)
{
    count(keys, x, n, d, counts);
    for (unsigned p = 0; p < d.passes; p++) {
        size_t *const at = counts + ((size_t)p << d.bits);
        if (at[digit(keys[0], d, p)] == n)
            continue;
        for (size_t i = 0, sum = 0; i < (size_t)1 << d.bits; i++) {
            const size_t here = at[i];
            at[i] = sum;
            sum += here;
        }
        for (size_t i = 0; i < n; i++)
            other[at[digit(keys[i], d, p)]++] = keys[i];
        uint64_t *const sorted = other;
        other = keys;
        keys = sorted;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = number_of(keys[i]);
}

void sort_ascending(double *x, size_t n)
{
    const struct digits d = n < MANY ? (struct digits){8, 8} : (struct digits){11, 6};
    CLEANUP(mem_free) uint64_t *keys = n < FEW ? nullptr : calloc(n, 2 * sizeof *keys);
    CLEANUP(mem_free)
    size_t *counts = n < FEW ? nullptr : calloc((size_t)d.passes << d.bits, sizeof *counts);
    if (keys && counts)
        by_digits(x, n, d, keys, keys + n, counts);
    else if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}
