#include "analysis/pair.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "num/adjust.h"
#include "num/effect.h"
#include "num/merge.h"
#include "num/quantile.h"
#include "num/rank.h"

#include <math.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)1 << 30;
constexpr size_t MOST_CULPRITS = 20;
constexpr size_t WORTH_THREADS = 100'000; /* values in all pairs together: a millisecond or so */

/* The mean says that one is faster, the median the other. The side that the median prefers has slow
 * samples that its mean pays for: take away the slowest, one by one, until the means agree with the
 * medians. These are the samples to look at; nothing is removed from any figure. */
static void find_culprits(struct pair *p, struct arena *a)
{
    const bool median_prefers_a = p->a->median < p->b->median;
    const struct cell_stats *const fast = median_prefers_a ? p->a : p->b;
    const double other = median_prefers_a ? p->b->mean : p->a->mean;
    size_t *const places = ARENA_ARRAY(a, size_t, MOST_CULPRITS);
    double sum = fast->mean * (double)fast->n;
    size_t left = fast->n;
    size_t k = 0;
    double bound = HUGE_VAL;
    while (k < MOST_CULPRITS && left > 1 && sum / (double)left > other) {
        size_t worst = SIZE_MAX;
        for (size_t i = 0; i < fast->n; i++) {
            bool taken = false;
            for (size_t j = 0; j < k; j++)
                taken = taken || places[j] == i;
            if (!taken && fast->x[i] <= bound && (worst == SIZE_MAX || fast->x[i] > fast->x[worst]))
                worst = i;
        }
        if (worst == SIZE_MAX)
            break;
        bound = fast->x[worst];
        sum -= fast->x[worst];
        left--;
        places[k++] = worst;
    }
    p->culprits = places;
    p->n_culprits = k;
    p->culprits_of = fast;
    p->culprits_suffice = left > 0 && sum / (double)left <= other;
}

double pair_tokens(const struct cell_stats *c)
{
    return !c->knows_generated || c->n == 0 ? NOT_MEASURED
                                            : (double)c->generated_tokens / (double)c->n;
}

bool pair_work_differs(double tokens_a, double tokens_b)
{
    return fabs(tokens_a - tokens_b) > PAIR_WORK * fmax(tokens_a, tokens_b);
}

/* An engine that stops early is not faster. */
static void guard_length(struct pair *p)
{
    p->tokens_a = pair_tokens(p->a);
    p->tokens_b = pair_tokens(p->b);
    p->unequal_work = pair_work_differs(p->tokens_a, p->tokens_b);
}

static void compare(struct pair *p, struct arena *scratch)
{
    const struct cell_stats *const x = p->a, *const y = p->b;
    guard_length(p);
    const struct moment mx = {.n = x->n, .mean = x->mean, .var = x->sd * x->sd, .sd = x->sd};
    const struct moment my = {.n = y->n, .mean = y->mean, .var = y->sd * y->sd, .sd = y->sd};
    p->difference = y->mean - x->mean;
    p->percent_change = x->mean > 0 ? 100 * p->difference / x->mean : NOT_MEASURED;
    p->pooled = compare_pooled(&mx, &my, CELL_CONFIDENCE);
    p->welch = compare_welch(&mx, &my, CELL_CONFIDENCE);
    p->by_invocation = compare_welch(&x->by_unit, &y->by_unit, CELL_CONFIDENCE);
    const struct merge ranks = merge_of(y->sorted, y->n, x->sorted, x->n);
    p->mann_whitney = rank_mann_whitney(&ranks, scratch);
    p->ks = rank_kolmogorov_smirnov(&ranks, scratch);
    p->dominance = effect_dominance_of(&ranks, CELL_CONFIDENCE);
    p->glass = effect_glass(&my, &mx);
    p->cohen_d = effect_cohen_d(&my, &mx);
    p->hedges_g = effect_hedges_g(p->cohen_d, x->n, y->n);
    const struct effect_interval d = effect_d_interval(p->cohen_d, x->n, y->n, CELL_CONFIDENCE);
    const double j = effect_hedges_j((double)(x->n + y->n) - 2);
    p->hedges_ci = (struct effect_interval){j * d.lo, j * d.hi};
    const struct interval ratio = interval_ratio(&y->median_ci, &x->median_ci, CELL_CONFIDENCE);
    p->ratio = ratio.at;
    p->ratio_lo = ratio.lo;
    p->ratio_hi = ratio.hi;
    const double by_median = y->median - x->median;
    p->ranks_differ = (p->difference > 0 && by_median < 0) || (p->difference < 0 && by_median > 0);
}

/* Pairs are compared by several threads: which one takes which is of no consequence. */
static void compare_chunk(void *context, size_t i, size_t worker)
{
    struct pair *const pairs = context;
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    (void)worker;
    compare(&pairs[i], scratch);
}

static void compare_all(struct pair *pairs, size_t n, struct arena *a)
{
    size_t values = 0;
    for (size_t i = 0; i < n; i++)
        values += pairs[i].a->n + pairs[i].b->n;
    parallel_run(n, values < WORTH_THREADS ? 1 : 0, compare_chunk, pairs);
    for (size_t i = 0; i < n; i++)
        if (pairs[i].ranks_differ)
            find_culprits(&pairs[i], a);
}

static void verdicts(struct pair *pairs, size_t n, double margin, struct arena *a)
{
    struct verdict *const v = ARENA_ARRAY(a, struct verdict, n);
    for (size_t i = 0; i < n; i++)
        v[i] = verdict_compare(&pairs[i].a->level, &pairs[i].b->level, margin);
    verdict_family(v, n, a);
    for (size_t i = 0; i < n; i++) {
        pairs[i].verdict = v[i];
        pairs[i].significant = v[i].p_holm < PAIR_ALPHA && !pairs[i].unequal_work;
    }
}

void pair_family(const struct cell_stats *const *cells, size_t n, double margin, struct arena *a,
                 struct pair *ret, size_t *ret_n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            if (cells[i]->n < 2 || cells[j]->n < 2)
                continue;
            ret[k++] = (struct pair){.a = cells[i], .b = cells[j]};
        }
    compare_all(ret, k, a);
    double *const p = ARENA_ARRAY(a, double, k), *const adjusted = ARENA_ARRAY(a, double, k);
    for (size_t i = 0; i < k; i++)
        p[i] = ret[i].welch.p;
    adjust_holm(p, k, a, adjusted);
    for (size_t i = 0; i < k; i++) {
        ret[i].holm_welch = adjusted[i];
        p[i] = ret[i].mann_whitney.p;
    }
    adjust_holm(p, k, a, adjusted);
    for (size_t i = 0; i < k; i++)
        ret[i].holm_mann_whitney = adjusted[i];
    verdicts(ret, k, margin, a);
    *ret_n = k;
}
