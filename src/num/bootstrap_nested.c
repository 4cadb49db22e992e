#include "num/bootstrap_nested.h"

#include "base/arena.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "num/draw.h"
#include "num/moment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t CHUNK = 16;        /* resamples that share a stream */
constexpr size_t SCRATCH_PARTS = 3; /* sets of parts that a search needs at most */

struct part {        /* of a unit's samples, those inside the positions that are looked at */
    uint32_t lo, hi; /* of its places */
    uint64_t draws;  /* of this resample that fell on them */
};

struct pool {
    const struct nested *in;
    const struct bootstrap_plan *plan;
    double p;
    size_t n, n_units;
    double *sorted;
    uint32_t *place; /* of unit u's samples in sorted, ascending, at start[u] */
    double mean;     /* and for means: deviations from it */
    const double *deviation;
    struct part *parts; /* SCRATCH_PARTS * n_units for each worker */
    uint32_t *times;    /* that a unit was drawn; n_units for each worker */
    double *ret;
};

struct ranked {
    double x;
    uint32_t unit;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *const p = a, *const q = b;
    return (p->x > q->x) - (p->x < q->x);
}

static void sort_pool(struct pool *p, struct arena *a)
{
    struct ranked *const order = ARENA_ARRAY(a, struct ranked, p->n);
    size_t *const filled = ARENA_ARRAY(a, size_t, p->n_units);
    for (size_t u = 0; u < p->n_units; u++)
        for (size_t i = p->in->start[u]; i < p->in->start[u + 1]; i++)
            order[i] = (struct ranked){p->in->x[i], (uint32_t)u};
    qsort(order, p->n, sizeof *order, by_value);
    p->sorted = ARENA_ARRAY(a, double, p->n);
    p->place = ARENA_ARRAY(a, uint32_t, p->n);
    for (size_t r = 0; r < p->n; r++) {
        const size_t u = order[r].unit;
        p->sorted[r] = order[r].x;
        p->place[p->in->start[u] + filled[u]++] = (uint32_t)r;
    }
}

static struct pool pool_of(const struct nested *in, const struct bootstrap_plan *plan, double *ret,
                           struct arena *a)
{
    const size_t width = parallel_width((plan->resamples + CHUNK - 1) / CHUNK, plan->threads);
    return (struct pool){.in = in,
                         .plan = plan,
                         .n = in->start[in->n_units],
                         .n_units = in->n_units,
                         .times = ARENA_ARRAY(a, uint32_t, in->n_units *width),
                         .ret = ret};
}

/* How often each unit was drawn. */
static void choose_units(const struct pool *p, struct rng *r, uint32_t *times)
{
    memset(times, 0, p->n_units * sizeof *times);
    for (size_t k = 0; k < p->n_units; k++)
        times[p->n_units > 1 ? rng_below(r, p->n_units) : 0]++;
}

/* The first of place[lo..hi) that is not below position. */
static uint32_t first_from(const uint32_t *place, uint32_t lo, uint32_t hi, size_t position)
{
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (place[mid] < position)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct search {
    size_t from, to;    /* positions of sorted */
    struct part *parts; /* of the draws inside */
    uint64_t rank;      /* of the value that is looked for, among them, from 0 */
};

/* Splits the draws at `at`: left[u] becomes what is below, s->parts[u] what is not. */
static uint64_t split(const struct pool *p, struct search *s, size_t at, struct part *left,
                      struct rng *r)
{
    uint64_t below = 0;
    for (size_t u = 0; u < p->n_units; u++) {
        struct part *const all = &s->parts[u];
        const uint32_t cut = first_from(p->place + p->in->start[u], all->lo, all->hi, at);
        const double share = (double)(cut - all->lo) / (double)(all->hi - all->lo);
        const uint64_t draws = all->draws ? draw_binomial(r, all->draws, share) : 0;
        left[u] = (struct part){all->lo, cut, draws};
        *all = (struct part){cut, all->hi, all->draws - draws};
        below += draws;
    }
    return below;
}

/* Goes to the side of `at` that holds the rank; the parts of the other are the new spare. */
static struct part *descend(struct search *s, size_t at, uint64_t below, struct part *left)
{
    if (s->rank < below) {
        struct part *const right = s->parts;
        s->parts = left;
        s->to = at;
        return right;
    }
    s->rank -= below;
    s->from = at;
    return left;
}

static double find_one(const struct pool *p, struct search s, struct part *spare, struct rng *r)
{
    while (s.to - s.from > 1) {
        const size_t at = s.from + (s.to - s.from) / 2;
        spare = descend(&s, at, split(p, &s, at, spare, r), spare);
    }
    return p->sorted[s.from];
}

/* The value at the rank and the next one, which is at it or beyond. */
static void find_two(const struct pool *p, struct search s, struct part *spare, struct part *third,
                     struct rng *r, double ret[static 2])
{
    while (s.to - s.from > 1) {
        const size_t at = s.from + (s.to - s.from) / 2;
        const uint64_t below = split(p, &s, at, spare, r);
        if (s.rank + 1 == below) { /* one on either side, and each side independent of the other */
            ret[0] = find_one(p, (struct search){s.from, at, spare, s.rank}, third, r);
            ret[1] = find_one(p, (struct search){at, s.to, s.parts, 0}, third, r);
            return;
        }
        spare = descend(&s, at, below, spare);
    }
    ret[0] = ret[1] = p->sorted[s.from];
}

static double draw_quantile(const struct pool *p, struct rng *r, size_t worker)
{
    struct part *const parts = p->parts + worker * SCRATCH_PARTS * p->n_units;
    uint32_t *const times = p->times + worker * p->n_units;
    choose_units(p, r, times);
    uint64_t drawn = 0;
    for (size_t u = 0; u < p->n_units; u++) {
        const size_t n = p->in->start[u + 1] - p->in->start[u];
        parts[u] = (struct part){0, (uint32_t)n, (uint64_t)times[u] * n};
        drawn += parts[u].draws;
    }
    const double h = (double)(drawn - 1) * p->p;
    const struct search s = {0, p->n, parts, (uint64_t)h};
    struct part *const spare = parts + p->n_units, *const third = spare + p->n_units;
    const double share = h - floor(h);
    if (!(share > 0))
        return find_one(p, s, spare, r);
    double two[2];
    find_two(p, s, spare, third, r, two);
    return two[0] + share * (two[1] - two[0]);
}

static double draw_mean(const struct pool *p, struct rng *r, size_t worker)
{
    constexpr size_t BLOCK = 1024;
    uint32_t index[BLOCK], *const times = p->times + worker * p->n_units;
    choose_units(p, r, times);
    double sum = 0;
    size_t drawn = 0;
    for (size_t u = 0; u < p->n_units; u++) {
        const size_t n = p->in->start[u + 1] - p->in->start[u], wanted = times[u] * n;
        const double *const d = p->deviation + p->in->start[u];
        for (size_t done = 0; done < wanted; done += BLOCK) {
            const size_t m = wanted - done < BLOCK ? wanted - done : BLOCK;
            draw_indices(r, (uint32_t)n, index, m);
            for (size_t i = 0; i < m; i++)
                sum += d[index[i]];
        }
        drawn += wanted;
    }
    return p->mean + sum / (double)drawn;
}

static void chunk_of(struct pool *p, size_t chunk, size_t worker,
                     double (*draw)(const struct pool *p, struct rng *r, size_t worker))
{
    struct rng r;
    rng_init(&r, rng_derive(p->plan->seed, chunk));
    const size_t first = chunk * CHUNK;
    for (size_t i = first; i < first + CHUNK && i < p->plan->resamples; i++)
        p->ret[i] = draw(p, &r, worker);
}

static void quantile_chunk(void *context, size_t chunk, size_t worker)
{
    chunk_of(context, chunk, worker, draw_quantile);
}

static void mean_chunk(void *context, size_t chunk, size_t worker)
{
    chunk_of(context, chunk, worker, draw_mean);
}

static size_t chunks_of(const struct bootstrap_plan *plan)
{
    return (plan->resamples + CHUNK - 1) / CHUNK;
}

void bootstrap_nested_quantiles(const struct nested *in, double p,
                                const struct bootstrap_plan *plan, struct arena *scratch,
                                double *ret)
{
    struct pool pool = pool_of(in, plan, ret, scratch);
    const size_t width = parallel_width(chunks_of(plan), plan->threads);
    pool.p = p;
    pool.parts = ARENA_ARRAY(scratch, struct part, SCRATCH_PARTS * pool.n_units * width);
    sort_pool(&pool, scratch);
    parallel_run(chunks_of(plan), plan->threads, quantile_chunk, &pool);
}

void bootstrap_nested_means(const struct nested *in, const struct bootstrap_plan *plan,
                            struct arena *scratch, double *ret)
{
    struct pool pool = pool_of(in, plan, ret, scratch);
    double *const deviation = ARENA_ARRAY(scratch, double, pool.n);
    pool.mean = moment_sum(in->x, pool.n) / (double)pool.n;
    for (size_t i = 0; i < pool.n; i++)
        deviation[i] = in->x[i] - pool.mean;
    pool.deviation = deviation;
    parallel_run(chunks_of(plan), plan->threads, mean_chunk, &pool);
}

void bootstrap_nested_ratios(const struct nested *b, const struct nested *a, double p,
                             const struct bootstrap_plan *plan, struct arena *scratch, double *ret)
{
    double *const below = ARENA_ARRAY(scratch, double, plan->resamples);
    struct bootstrap_plan own = *plan;
    bootstrap_nested_quantiles(b, p, plan, scratch, ret);
    own.seed = rng_derive(plan->seed, UINT64_MAX); /* no chunk's */
    bootstrap_nested_quantiles(a, p, &own, scratch, below);
    for (size_t i = 0; i < plan->resamples; i++)
        ret[i] /= below[i];
}
