#include "num/bootstrap_exact.h"

#include "base/arena.h"
#include "base/defs.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct weighted {
    double value;
    uint64_t weight;
};

double bootstrap_exact_tolerance(const double *values, size_t n)
{
    constexpr double ROUNDINGS = 32;
    return n ? ROUNDINGS * DBL_EPSILON * fmax(fabs(values[0]), fabs(values[n - 1])) : 0;
}

static int by_value(const void *a, const void *b)
{
    const struct weighted *const p = a, *const q = b;
    return (p->value > q->value) - (p->value < q->value);
}

/* n! over the product of the factorials of the runs: in how many orders it can be drawn. */
static uint64_t orders(const uint32_t *index, size_t n)
{
    uint64_t ways = 1;
    for (size_t i = 0, run = 0; i < n; i++) {
        run = i > 0 && index[i] == index[i - 1] ? run + 1 : 1;
        ways = ways * (i + 1) / run; /* whole at each step: a product of binomial coefficients */
    }
    return ways;
}

/* The next multiset of n out of n, as ascending indices; false after the last. */
static bool next(uint32_t *index, size_t n)
{
    size_t i = n;
    while (i > 0 && index[i - 1] == n - 1)
        i--;
    if (i == 0)
        return false;
    const uint32_t up = index[i - 1] + 1;
    for (size_t k = i - 1; k < n; k++)
        index[k] = up;
    return true;
}

static size_t multisets(size_t n)
{
    size_t c = 1; /* C(2n - 1, n) */
    for (size_t k = 1; k <= n; k++)
        c = c * (n - 1 + k) / k;
    return c;
}

void bootstrap_exact(size_t n, double (*figure)(void *context, const uint32_t *index),
                     void *context, struct bootstrap *b, struct arena *a)
{
    const size_t m = multisets(n);
    struct weighted *const all = ARENA_ARRAY(a, struct weighted, m);
    uint32_t index[BOOTSTRAP_EXACT_N] = {0};
    size_t k = 0;
    do {
        all[k++] = (struct weighted){figure(context, index), orders(index, n)};
    } while (next(index, n));
    qsort(all, m, sizeof *all, by_value);
    double *const values = ARENA_ARRAY(a, double, m);
    uint64_t *const up_to = ARENA_ARRAY(a, uint64_t, m);
    const double ends[] = {all[0].value, all[m - 1].value};
    const double tolerance = bootstrap_exact_tolerance(ends, COUNT_OF(ends));
    size_t distinct = 0;
    for (size_t i = 0; i < m; i++) {
        if (distinct == 0 || all[i].value - values[distinct - 1] > tolerance)
            values[distinct++] = all[i].value;
        b->total += all[i].weight;
        up_to[distinct - 1] = b->total;
    }
    b->exact = true;
    b->values = values;
    b->up_to = up_to;
    b->n_values = distinct;
}
