#include "num/bootstrap.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/quantile.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_RESAMPLES = 2000;
constexpr size_t LEAST_RESAMPLES = 500;
constexpr size_t DRAWS = 10'000'000; /* of one sample out of a cell; some 5 ns each */

/* A resample is kept as a count per rank of the pooled, sorted sample: a draw is one increment in a
 * small array, and the median is a walk over the counts. */
struct pool {
    const size_t *start;
    size_t n, n_units;
    double *sorted;
    uint32_t *rank;  /* of x[i] in sorted */
    uint32_t *count; /* scratch of one resample */
};

struct ranked {
    double x;
    size_t i;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *const p = a, *const q = b;
    if (p->x < q->x || p->x > q->x)
        return p->x < q->x ? -1 : 1;
    return p->i < q->i ? -1 : p->i > q->i;
}

static struct pool pool_of(const struct bootstrap_nested *in, struct arena *a)
{
    struct pool p = {.start = in->start, .n = in->start[in->n_units], .n_units = in->n_units};
    struct ranked *const order = ARENA_ARRAY(a, struct ranked, p.n);
    for (size_t i = 0; i < p.n; i++)
        order[i] = (struct ranked){in->x[i], i};
    qsort(order, p.n, sizeof *order, by_value);
    p.sorted = ARENA_ARRAY(a, double, p.n);
    p.rank = ARENA_ARRAY(a, uint32_t, p.n);
    p.count = ARENA_ARRAY(a, uint32_t, p.n);
    for (size_t r = 0; r < p.n; r++) {
        p.sorted[r] = order[r].x;
        p.rank[order[r].i] = (uint32_t)r;
    }
    return p;
}

/* Units may differ in size, so that a resample's size is its own. */
static size_t resample(struct pool *p, struct rng *r)
{
    memset(p->count, 0, p->n * sizeof *p->count);
    size_t drawn = 0;
    for (size_t k = 0; k < p->n_units; k++) {
        const size_t u = p->n_units > 1 ? (size_t)rng_below(r, p->n_units) : 0;
        const uint32_t *const rank = p->rank + p->start[u];
        const size_t n = p->start[u + 1] - p->start[u];
        for (size_t i = 0; i < n; i++)
            p->count[rank[rng_below(r, n)]]++;
        drawn += n;
    }
    return drawn;
}

static double median_of(const struct pool *p, size_t drawn)
{
    const size_t below = (drawn - 1) / 2, above = drawn / 2; /* ranks of the middle two, from 0 */
    size_t seen = 0, r = 0;
    while ((seen += p->count[r]) <= below)
        r++;
    const double lo = p->sorted[r];
    while (seen <= above)
        seen += p->count[++r];
    return lo + (p->sorted[r] - lo) / 2;
}

size_t bootstrap_resamples(size_t n)
{
    if (n < BOOTSTRAP_LEAST_N)
        return 0;
    const size_t b = DRAWS / n;
    return b > MOST_RESAMPLES ? MOST_RESAMPLES : b < LEAST_RESAMPLES ? LEAST_RESAMPLES : b;
}

void bootstrap_medians(const struct bootstrap_nested *in, uint64_t seed, struct arena *scratch,
                       double *ret, size_t b)
{
    struct pool p = pool_of(in, scratch);
    struct rng r;
    rng_init(&r, seed);
    for (size_t i = 0; i < b; i++)
        ret[i] = median_of(&p, resample(&p, &r));
}

struct bootstrap_interval bootstrap_percentile(double *values, size_t b, double conf)
{
    quantile_sort(values, b);
    return (struct bootstrap_interval){quantile_sorted(values, b, (1 - conf) / 2),
                                       quantile_sorted(values, b, 1 - (1 - conf) / 2), (uint32_t)b};
}
