#include "analysis/audit_series.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/changepoint.h"
#include "num/dist.h"
#include "num/outlier.h"
#include "num/quantile.h"
#include "num/sort.h"

#include <math.h>
#include <string.h>

/* Fewer samples of a prompt than this do not say what its level is. */
static constexpr size_t LEAST_OF_A_PROMPT = 5;
/* From so many on a clipped mean stands for the level: with two states of equal share a median
 * jumps between them. */
static constexpr size_t MEAN_OF_A_PROMPT = 8;

/* ---- small tools ---- */

/* Mean ranks from 1. */
static double *ranks_of(const double *y, size_t n, struct arena *scratch)
{
    size_t *const order = ARENA_ARRAY(scratch, size_t, n);
    double *const rank = ARENA_ARRAY(scratch, double, n);
    sort_order(y, n, order);
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && !(y[order[i]] < y[order[i + run]]); run++)
            ;
        for (size_t k = i; k < i + run; k++)
            rank[order[k]] = (double)i + ((double)run + 1) / 2;
    }
    return rank;
}

/* At most 2,001 values of y, evenly spread. */
static double *some_of(const double *y, size_t n, size_t *ret_n, struct arena *scratch)
{
    constexpr size_t MOST = 2001;
    const size_t m = n < MOST ? n : MOST;
    double *const some = ARENA_ARRAY(scratch, double, m + 1);
    for (size_t i = 0; i < m; i++)
        some[i] = y[(2 * i + 1) * n / (2 * m)];
    *ret_n = m;
    return some;
}

double audit_series_median(const double *y, size_t n, struct arena *scratch)
{
    size_t m;
    double *const some = some_of(y, n, &m, scratch);
    return quantile_median(some, m);
}

struct audit_scale audit_series_scale(const double *y, size_t n, struct arena *scratch)
{
    size_t m;
    double *const sorted = some_of(y, n, &m, scratch), *const room =
                                                           ARENA_ARRAY(scratch, double, m + 1);
    quantile_sort(sorted, m);
    const struct outlier_scale s = outlier_scale(sorted, m, 0, room);
    return (struct audit_scale){s.centre, s.spread};
}

/* Of scores with mean 0: chi-squared of the groups' means, (n - 1) sum_g S_g^2 / n_g / sum s^2. */
static double groups_p(const double *score, const size_t *of, size_t n, size_t n_groups,
                       struct arena *scratch)
{
    double *const sum = ARENA_ARRAY(scratch, double, n_groups);
    size_t *const count = ARENA_ARRAY(scratch, size_t, n_groups);
    double square = 0, h = 0, used = 0;
    for (size_t i = 0; i < n; i++) {
        sum[of[i]] += score[i];
        square += score[i] * score[i];
        count[of[i]]++;
    }
    for (size_t g = 0; g < n_groups; g++)
        if (count[g] > 0) {
            h += sum[g] * sum[g] / (double)count[g];
            used++;
        }
    if (used < 2 || !(square > 0))
        return NOT_MEASURED;
    h *= ((double)n - 1) / square;
    return dist_f_upper(h / (used - 1), used - 1, (double)INFINITY);
}

double audit_series_kruskal(const double *y, const size_t *groups, size_t n, size_t n_groups,
                            struct arena *scratch)
{
    if (n_groups < 2)
        return NOT_MEASURED;
    constexpr size_t MOST = 5000;
    const size_t m = n < MOST ? n : MOST;
    double *const some = ARENA_ARRAY(scratch, double, m + 1);
    for (size_t i = 0; i < m; i++)
        some[i] = y[i * n / m];
    size_t *const of = ARENA_ARRAY(scratch, size_t, m + 1);
    double *const rank = ranks_of(some, m, scratch);
    for (size_t i = 0; i < m; i++) {
        rank[i] -= ((double)m + 1) / 2;
        of[i] = groups[i * n / m];
    }
    return groups_p(rank, of, m, n_groups, scratch);
}

void audit_series_scores(const double *y, size_t n, struct arena *scratch, double *ret)
{
    const double *const rank = ranks_of(y, n, scratch);
    for (size_t i = 0; i < n; i++)
        ret[i] = dist_t_quantile((rank[i] - 0.375) / ((double)n + 0.25), (double)INFINITY);
}

/* ---- prompts ---- */

struct prompts {
    size_t *of;   /* the place of each value's prompt */
    size_t n;     /* of them */
    size_t least; /* samples of the one with fewest */
};

static struct prompts prompts_of(const struct audit_cell *c, struct arena *scratch)
{
    const struct audit_kept *const k = c->kept;
    struct prompts p = {ARENA_ARRAY(scratch, size_t, c->stats->n + 1), k->n_prompts, SIZE_MAX};
    for (size_t i = 0; i < k->n_prompts; i++)
        p.least = k->prompts[i].n < p.least ? k->prompts[i].n : p.least;
    for (size_t i = 0; i < c->stats->n; i++) {
        const int32_t index = c->samples->prompt_index[c->rows[i]];
        size_t lo = 0, hi = k->n_prompts; /* they are in order */
        while (hi - lo > 1) {
            const size_t middle = (lo + hi) / 2;
            if (k->prompts[middle].index <= index)
                lo = middle;
            else
                hi = middle;
        }
        p.of[i] = lo;
    }
    return p;
}

size_t audit_series_counts(const struct audit_cell *c, size_t *of)
{
    constexpr size_t MOST = 32;
    constexpr size_t OF_EACH = 8;
    double seen[MOST];
    size_t n = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const double x = c->samples->tokens[c->rows[i]];
        size_t k = 0;
        while (k < n && seen[k] != x)
            k++;
        if (!(x > 0) || k == MOST)
            return 0;
        seen[k] = x;
        n += k == n;
        if (of)
            of[i] = k;
    }
    return c->stats->n >= OF_EACH * n ? n : 0;
}

/* The same by their tokens, where nothing tells prompts apart; n under 2: by nothing. */
static struct prompts workloads_of(const struct audit_cell *c, struct arena *scratch)
{
    struct prompts p = {ARENA_ARRAY(scratch, size_t, c->stats->n + 1), 0, SIZE_MAX};
    p.n = audit_series_counts(c, p.of);
    size_t *const samples = ARENA_ARRAY(scratch, size_t, p.n + 1);
    for (size_t i = 0; p.n && i < c->stats->n; i++)
        samples[p.of[i]]++;
    for (size_t k = 0; k < p.n; k++)
        p.least = samples[k] < p.least ? samples[k] : p.least;
    return p;
}

/* Places in a cycle of `length` samples, from the beginning of each unit. */
static void places_in_cycle(const struct audit_series *s, size_t length, size_t *ret)
{
    for (size_t u = 0; u < s->n_units; u++)
        for (size_t i = s->start[u], at = 0; i < s->start[u + 1] && i < s->n; i++) {
            ret[i] = at;
            at = at + 1 < length ? at + 1 : 0;
        }
}

/* Are the places of the cycle of two levels, each at two places or more in a row? Prompts that take
 * turns are not like that: these are two states that alternate. */
static bool is_two_states(const double *y, const size_t *of, size_t n, size_t length,
                          struct arena *scratch)
{
    double *const level = ARENA_ARRAY(scratch, double, length);
    double *const sorted = ARENA_ARRAY(scratch, double, length);
    double *const at = ARENA_ARRAY(scratch, double, n);
    for (size_t k = 0; k < length; k++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++)
            if (of[i] == k)
                at[m++] = y[i];
        level[k] = sorted[k] = audit_series_median(at, m, scratch);
    }
    quantile_sort(sorted, length);
    size_t low = 1; /* places below the widest gap */
    for (size_t k = 1; k < length; k++)
        if (sorted[k] - sorted[k - 1] > sorted[low] - sorted[low - 1])
            low = k;
    const double gap = sorted[low] - sorted[low - 1];
    const double within = fmax(sorted[low - 1] - sorted[0], sorted[length - 1] - sorted[low]);
    size_t switches = 0;
    for (size_t k = 0; k < length; k++)
        switches += (level[k] >= sorted[low]) != (level[(k + 1) % length] >= sorted[low]);
    return low >= 2 && length - low >= 2 && within < gap / 2 && switches == 2;
}

static void centre(const struct audit_series *s, struct arena *scratch, double *ret)
{
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t from = s->start[u], n = s->start[u + 1] - from;
        const double middle = audit_series_median(s->y + from, n, scratch);
        for (size_t i = from; i < from + n; i++)
            ret[i] = s->y[i] - middle;
    }
}

/* The shortest cycle that explains the level; 0: none. */
static size_t find_cycle(const struct audit_series *s, struct arena *scratch, size_t *ret_of)
{
    constexpr size_t LONGEST = 16;
    constexpr size_t MOST = 2000; /* samples; a cycle shows in fewer */
    constexpr double P = 1e-5;
    struct audit_series some = *s;
    while (some.n_units > 1 && some.start[some.n_units - 1] > MOST)
        some.n_units--;
    some.n = some.start[some.n_units] < MOST ? some.start[some.n_units] : MOST;
    double *const centred = ARENA_ARRAY(scratch, double, s->n + 1);
    double *const scores = ARENA_ARRAY(scratch, double, some.n + 1);
    centre(&some, scratch, centred);
    audit_series_scores(centred, some.n, scratch, scores);
    double least = P;
    size_t best = 0;
    for (size_t length = 2; length <= LONGEST && LEAST_OF_A_PROMPT * length <= some.n; length++) {
        places_in_cycle(&some, length, ret_of);
        const double p = groups_p(scores, ret_of, some.n, length, scratch);
        /* A multiple of the cycle explains as much with more places. */
        if (p < least * (best != 0 && length % best == 0 ? 1e-6 : 1)) {
            least = p;
            best = length;
        }
    }
    if (best == 0)
        return 0;
    places_in_cycle(s, best, ret_of);
    return is_two_states(centred, ret_of, some.n, best, scratch) ? 0 : best;
}

/* Takes the level of each group off: its median, and with enough samples the mean of what is off
 * the median, clipped, because a stall is not the prompt's. */
static void take_off(const struct prompts *p, size_t n, double *y, struct arena *scratch)
{
    const double clip = log(2.0);
    double *const level = ARENA_ARRAY(scratch, double, p->n), *const off = ARENA_ARRAY(
                                                                  scratch, double, p->n);
    size_t *const end = ARENA_ARRAY(scratch, size_t, p->n + 1);
    double *const grouped = ARENA_ARRAY(scratch, double, n + 1);
    for (size_t i = 0; i < n; i++)
        end[p->of[i] + 1]++;
    for (size_t k = 0; k < p->n; k++)
        end[k + 1] += end[k];
    for (size_t i = n; i-- > 0;) /* end[k] becomes the beginning of k + 1, that is k's end */
        grouped[end[p->of[i]]++] = y[i];
    for (size_t k = 0; k < p->n; k++) {
        const size_t from = k > 0 ? end[k - 1] : 0;
        level[k] = audit_series_median(grouped + from, end[k] - from, scratch);
    }
    for (size_t i = 0; i < n; i++)
        off[p->of[i]] += fmax(-clip, fmin(clip, y[i] - level[p->of[i]]));
    for (size_t k = 0; k < p->n; k++) {
        const size_t m = end[k] - (k > 0 ? end[k - 1] : 0);
        level[k] += m >= MEAN_OF_A_PROMPT ? off[k] / (double)m : 0;
    }
    for (size_t i = 0; i < n; i++)
        y[i] -= level[p->of[i]];
}

struct audit_series audit_series_of(const struct audit_cell *c, struct arena *scratch)
{
    const struct cell_stats *const t = c->stats;
    struct audit_series s = {.n = t->n, .x = t->x, .n_units = t->n_units, .start = t->start};
    double *const y = ARENA_ARRAY(scratch, double, t->n + 1), *const centred = ARENA_ARRAY(
                                                                  scratch, double, t->n + 1);
    s.y = y;
    s.centred = centred;
    double least = INFINITY;
    for (size_t i = 0; i < t->n; i++)
        if (t->x[i] > 0)
            least = fmin(least, t->x[i]);
    for (size_t i = 0; i < t->n; i++)
        y[i] = log(t->x[i] > 0 ? t->x[i] : isfinite(least) ? least : 1);
    if (t->n == 0)
        return s;
    struct prompts p = c->kept->n_prompts < 2 ? workloads_of(c, scratch) : prompts_of(c, scratch);
    if (p.n < 2) {
        p = (struct prompts){ARENA_ARRAY(scratch, size_t, t->n + 1), 0, 0};
        s.cycle = p.n = find_cycle(&s, scratch, p.of);
        s.by_prompt = s.cycle != 0;
    } else {
        const double differ = audit_series_kruskal(s.y, p.of, t->n, p.n, scratch);
        s.by_prompt = differ < 0.05 && p.least >= LEAST_OF_A_PROMPT;
        s.mixed = differ < 0.05 && !s.by_prompt;
    }
    if (s.by_prompt)
        take_off(&p, t->n, y, scratch);
    centre(&s, scratch, centred);
    return s;
}

/* ---- steps ---- */

size_t audit_series_blocks(size_t n_series, size_t most)
{
    constexpr size_t TOGETHER = 3000;
    constexpr size_t LEAST = 40;
    const size_t each = TOGETHER / (n_series > 0 ? n_series : 1);
    return each > most ? most : each > LEAST ? each : LEAST;
}

struct audit_steps audit_series_steps(const double *y, size_t n, double penalty, size_t least,
                                      size_t most, struct arena *scratch)
{
    struct audit_steps r = {.block = 1};
    if (n < 2 * least)
        return r;
    const double *values;
    const size_t m = changepoint_blocks(y, n, most, scratch, &values, &r.block);
    double *const scores = ARENA_ARRAY(scratch, double, m);
    audit_series_scores(values, m, scratch, scores);
    const struct changepoint_found found = changepoint_pelt(
        scores, m, &(struct changepoint_rule){CHANGEPOINT_MEAN, penalty * log((double)m), least, 0},
        scratch);
    size_t *const end = ARENA_ARRAY(scratch, size_t, found.n + 1);
    double *const level = ARENA_ARRAY(scratch, double, found.n + 1);
    double *const spread = ARENA_ARRAY(scratch, double, found.n + 1);
    for (size_t k = 0, from = 0; k <= found.n; from = found.end[k++]) {
        const struct audit_scale s =
            audit_series_scale(values + from, found.end[k] - from, scratch);
        level[k] = s.centre;
        spread[k] = s.spread;
        end[k] = k < found.n ? found.end[k] * r.block : n;
    }
    r.n = found.n;
    r.end = end;
    r.level = level;
    r.spread = spread;
    return r;
}
