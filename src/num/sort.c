#include "num/sort.h"

#include "base/defs.h"
#include "base/mem.h"

#include <math.h>
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

static struct digits digits_for(size_t n)
{
    return n < MANY ? (struct digits){8, 8} : (struct digits){11, 6};
}

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

/* From how many values have a digit to where those begin. */
static void start_of_each(size_t *at, struct digits d)
{
    for (size_t i = 0, sum = 0; i < (size_t)1 << d.bits; i++) {
        const size_t here = at[i];
        at[i] = sum;
        sum += here;
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
        start_of_each(at, d);
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
    const struct digits d = digits_for(n);
    CLEANUP(mem_free) uint64_t *keys = n < FEW ? nullptr : calloc(n, 2 * sizeof *keys);
    CLEANUP(mem_free)
    size_t *counts = n < FEW ? nullptr : calloc((size_t)d.passes << d.bits, sizeof *counts);
    if (keys && counts)
        by_digits(x, n, d, keys, keys + n, counts);
    else if (n > 1)
        qsort(x, n, sizeof *x, ascending);
}

/* ---- one of them ---- */

constexpr ptrdiff_t WORTH_A_SAMPLE = 600;

/* Hoare's FIND with the pivot of Floyd and Rivest (1975): among many values the k-th of the few
 * around place k is near the k-th of all, on the far side of it from the middle. */
static void find(double *x, ptrdiff_t lo, ptrdiff_t hi, ptrdiff_t at)
{
    while (lo < hi) {
        if (hi - lo > WORTH_A_SAMPLE) {
            const double n = (double)(hi - lo + 1), share = (double)(at - lo + 1) / n;
            const double some = exp(2 * log(n) / 3) / 2;
            const double off = copysign(sqrt(log(n) * some * (1 - some / n)) / 2, share - 0.5);
            const double from = (double)at - share * some + off;
            const double to = (double)at + (1 - share) * some + off;
            find(x, from > (double)lo ? (ptrdiff_t)from : lo, to < (double)hi ? (ptrdiff_t)to : hi,
                 at);
        }
        const double pivot = x[at];
        ptrdiff_t i = lo, j = hi;
        do {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i <= j) {
                const double t = x[i];
                x[i++] = x[j];
                x[j--] = t;
            }
        } while (i <= j);
        if (j < at)
            lo = i;
        if (at < i)
            hi = j;
    }
}

double sort_kth(double *x, size_t n, size_t k)
{
    find(x, 0, (ptrdiff_t)n - 1, (ptrdiff_t)k);
    return x[k];
}

/* ---- places ---- */

struct place {
    uint64_t key;
    size_t at;
};

static int by_key(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->at > y->at) - (x->at < y->at);
}

/* x has room for twice n. */
static void places_by_digits(struct place *x, size_t n, struct digits d, size_t *counts,
                             size_t *ret)
{
    struct place *other = x + n;
    for (size_t i = 0; i < n; i++)
        for (unsigned p = 0; p < d.passes; p++)
            counts[((size_t)p << d.bits) + digit(x[i].key, d, p)]++;
    for (unsigned p = 0; p < d.passes; p++) {
        size_t *const at = counts + ((size_t)p << d.bits);
        if (at[digit(x[0].key, d, p)] == n)
            continue;
        start_of_each(at, d);
        for (size_t i = 0; i < n; i++)
            other[at[digit(x[i].key, d, p)]++] = x[i];
        struct place *const sorted = other;
        other = x;
        x = sorted;
    }
    for (size_t i = 0; i < n; i++)
        ret[i] = x[i].at;
}

static void put_in_order(struct place *x, size_t n, size_t *ret)
{
    const struct digits d = digits_for(n);
    CLEANUP(mem_free)
    size_t *counts = n < FEW ? nullptr : calloc((size_t)d.passes << d.bits, sizeof *counts);
    if (counts) {
        places_by_digits(x, n, d, counts, ret);
        return;
    }
    if (n > 1)
        qsort(x, n, sizeof *x, by_key);
    for (size_t i = 0; i < n; i++)
        ret[i] = x[i].at;
}

static struct place *room_for(size_t n)
{
    struct place *const x = calloc(n + 1, 2 * sizeof *x);
    if (!x)
        abort(); /* as an arena does */
    return x;
}

void sort_order(const double *x, size_t n, size_t *ret)
{
    CLEANUP(mem_free) struct place *places = room_for(n);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){key_of(x[i] + 0.0), i}; /* -0 + 0 is 0 */
    put_in_order(places, n, ret);
}

static void by_their_keys(const int64_t *key, size_t n, size_t *ret)
{
    CLEANUP(mem_free) struct place *places = room_for(n);
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){(uint64_t)key[i] ^ (uint64_t)1 << 63, i};
    put_in_order(places, n, ret);
}

void sort_places(const int64_t *key, size_t n, size_t *ret)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        least = key[i] < least ? key[i] : least;
        most = key[i] > most ? key[i] : most;
    }
    if (n == 0)
        return;
    const uint64_t range = (uint64_t)most - (uint64_t)least;
    CLEANUP(mem_free)
    size_t *at = range < 4 * n ? calloc(range + 2, sizeof *at) : nullptr;
    if (!at) {
        by_their_keys(key, n, ret);
        return;
    }
    for (size_t i = 0; i < n; i++)
        at[(uint64_t)key[i] - (uint64_t)least + 1]++;
    for (size_t k = 1; k <= range; k++)
        at[k] += at[k - 1];
    for (size_t i = 0; i < n; i++)
        ret[at[(uint64_t)key[i] - (uint64_t)least]++] = i;
}
