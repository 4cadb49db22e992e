#include "num/sort.h"

#include "base/defs.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Least significant digit first (Knuth 3, 5.2.5): six passes of 11 bits over the 64, and none for a
 * digit that is the same everywhere. */
constexpr unsigned BITS = 11;
constexpr unsigned PASSES = 6;
constexpr size_t DIGITS = (size_t)1 << BITS;
constexpr size_t FEW = 400; /* below, comparing is faster */

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

static size_t digit(uint64_t key, unsigned pass)
{
    return key >> (pass * BITS) & (DIGITS - 1);
}

static void by_digits(double *x, size_t n, uint64_t *keys, uint64_t *other, size_t *counts)
{
    for (size_t i = 0; i < n; i++) {
        keys[i] = key_of(x[i]);
        for (unsigned p = 0; p < PASSES; p++)
            counts[p * DIGITS + digit(keys[i], p)]++;
    }
    for (unsigned p = 0; p < PASSES; p++) {
        size_t *const at = counts + p * DIGITS;
        if (at[digit(keys[0], p)] == n)
            continue;
        for (size_t d = 0, sum = 0; d < DIGITS; d++) {
            const size_t count = at[d];
            at[d] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            other[at[digit(keys[i], p)]++] = keys[i];
        uint64_t *const sorted = other;
        other = keys;
        keys = sorted;
    }
    for (size_t i = 0; i < n; i++)
        x[i] = number_of(keys[i]);
}

void sort_ascending(double *x, size_t n)
{
    CLEANUP(mem_free) uint64_t *keys = n < FEW ? nullptr : calloc(n, 2 * sizeof *keys);
    CLEANUP(mem_free)
    size_t *counts = n < FEW ? nullptr : calloc(PASSES * DIGITS, sizeof *counts);
    if (keys && counts)
        by_digits(x, n, keys, keys + n, counts);
    else if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}
