#include "analysis/column_verdict.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/adjust.h"
#include "num/dist.h"
#include "num/power.h"

#include <math.h>

/* All permutation tests of a family together enumerate and draw no more than so many assignments,
 * about a second. */
constexpr uint64_t MOST_ASSIGNMENTS = 20'000'000;

struct sample { /* what a verdict rests on: two groups' values, or differences, y then empty */
    const double *x, *y;
    size_t nx, ny;
    double sd_x, sd_y; /* sd_y 0: differences */
};

static const double *from_origin(const struct column_stats *s, const struct column_stats_group *g,
                                 struct arena *a)
{
    double *const x = ARENA_ARRAY(a, double, g->m.n);
    for (size_t i = 0; i < g->m.n; i++)
        x[i] = column_stats_from(s, g->x[i], s->asked.margin_is_ratio);
    return x;
}

static void put(struct column_stats_pair *p, double estimate, double se, const struct compare_t *t)
{
    p->estimate = estimate;
    p->se = se;
    p->df = t->df;
    p->p = t->p;
    p->lo = t->lo;
    p->hi = t->hi;
}

static struct sample rest_on_values(const struct column_stats *s, struct column_stats_pair *p,
                                    struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    struct sample r = {from_origin(s, x, a), from_origin(s, y, a), x->m.n, y->m.n, 0, 0};
    const struct moment mx = moment_of(r.x, r.nx), my = moment_of(r.y, r.ny);
    const struct compare_t t = compare_welch(&mx, &my, s->asked.conf);
    put(p, mx.mean - my.mean, hypot(mx.sd / sqrt((double)mx.n), my.sd / sqrt((double)my.n)), &t);
    r.sd_x = mx.sd;
    r.sd_y = my.sd;
    return r;
}

static struct sample rest_on_differences(const struct column_stats *s, struct column_stats_pair *p,
                                         const struct column_rows *rows, struct arena *a)
{
    const bool logs = s->asked.margin_is_ratio;
    const struct column_rows_differences d = s->basis == COLUMN_STATS_BY_BLOCKS
                                                 ? column_rows_blocks(rows, p->a, p->b, logs, a)
                                                 : column_rows_pairs(rows, p->a, p->b, logs, a);
    const struct moment m = moment_of(d.d, d.n);
    const struct compare_t t = compare_paired(&m, s->asked.conf);
    put(p, m.mean, m.sd / sqrt((double)m.n), &t);
    return (struct sample){.x = d.d, .nx = d.n, .sd_x = m.sd};
}

static void permute(const struct column_stats *s, size_t i, const struct sample *r, struct arena *a)
{
    const uint64_t share = MOST_ASSIGNMENTS / (s->n_pairs ? s->n_pairs : 1);
    const struct permutation_plan plan = {
        .seed = rng_derive(s->asked.seed, i),
        .permutations = s->asked.permutations < share ? s->asked.permutations : share,
        .exact_most = share < PERMUTATION_EXACT ? share : PERMUTATION_EXACT};
    s->pairs[i].permutation.p = s->pairs[i].permutation.p_error = NOT_MEASURED;
    if (s->asked.permutations == 0 || r->nx + r->ny > COLUMN_STATS_PERMUTED || isnan(s->pairs[i].p))
        return;
    s->pairs[i].permutation =
        r->y ? permutation_two(r->x, r->nx, r->y, r->ny, nullptr, nullptr, &plan, a)
             : permutation_paired(r->x, r->nx, &plan, a);
}

static struct equivalence_limits limits_of(const struct column_stats_asked *asked)
{
    return asked->margin_is_ratio ? equivalence_limits_ratio(asked->margin)
                                  : equivalence_limits_difference(asked->margin);
}

/* The difference of --detect on the scale of the estimate. */
static double wanted_difference(const struct column_stats *s, const struct column_stats_pair *p)
{
    const double mean = s->groups[p->b].m.mean;
    if (s->asked.margin_is_ratio)
        return log1p(s->asked.detect);
    return s->asked.detect_is_ratio ? mean > 0 ? s->asked.detect * mean : NOT_MEASURED
                                    : s->asked.detect;
}

/* Without a margin nothing is ever equivalent, and only the difference counts. */
static size_t runs_that_decide(const struct column_stats *s, const struct column_stats_pair *p,
                               const struct sample *r)
{
    const struct equivalence_limits none = {-1e-300, 1e-300};
    const size_t now = r->y && r->ny < r->nx ? r->ny : r->nx;
    const size_t runs = equivalence_runs(p->estimate, r->sd_x, r->sd_y,
                                         isnan(s->asked.margin) ? none : limits_of(&s->asked),
                                         s->alpha_pair, COLUMN_STATS_POWER);
    return runs == 0 || runs > now ? runs : now + 1;
}

/* ---- the family ---- */

static enum column_stats_verdict direction(const struct column_stats_pair *p)
{
    return p->estimate > 0 ? COLUMN_STATS_HIGHER : COLUMN_STATS_LOWER;
}

static enum column_stats_verdict verdict_of(const struct column_stats *s,
                                            const struct column_stats_pair *p)
{
    const double alpha = 1 - s->asked.conf;
    if (isnan(p->p))
        return COLUMN_STATS_UNKNOWN;
    if (isnan(s->asked.margin))
        return p->p_holm < alpha ? direction(p) : COLUMN_STATS_UNDECIDED;
    switch (equivalence_outcome_of(p->p_holm, p->tost_p_holm, alpha)) {
    case EQUIVALENCE_DIFFERENT:
        return direction(p);
    case EQUIVALENCE_EQUIVALENT:
        return COLUMN_STATS_EQUIVALENT;
    case EQUIVALENCE_NEGLIGIBLE:
        return COLUMN_STATS_NEGLIGIBLE;
    case EQUIVALENCE_UNDECIDED:
        return COLUMN_STATS_UNDECIDED;
    case EQUIVALENCE_UNKNOWN:
        return COLUMN_STATS_UNKNOWN;
    }
    unreachable();
}

static const char *why_unknown(const struct column_stats *s, const struct column_stats_pair *p)
{
    const size_t nx = s->groups[p->a].m.n, ny = s->groups[p->b].m.n;
    if (s->basis == COLUMN_STATS_BY_BLOCKS && p->blocks.n < 2)
        return s->table->pair ? "fewer than two blocks with pairs of both"
                              : "fewer than two blocks with values of both";
    if (s->basis == COLUMN_STATS_BY_PAIRS && p->pairs.n < 2)
        return "fewer than two pairs";
    if (s->basis != COLUMN_STATS_BY_VALUES)
        return "all differences are equal";
    return nx < 2 || ny < 2 ? "a group has one value only" : "nothing varies";
}

/* One of the p-values of every pair, adjusted for all of them. */
static void holm(struct column_stats *s, size_t from, size_t to, struct arena *a)
{
    double *const p = ARENA_ARRAY(a, double, s->n_pairs + 1);
    for (size_t i = 0; i < s->n_pairs; i++)
        p[i] = *(const double *)((const char *)&s->pairs[i] + from);
    adjust_holm(p, s->n_pairs, a, p);
    for (size_t i = 0; i < s->n_pairs; i++)
        *(double *)((char *)&s->pairs[i] + to) = p[i];
}

static void adjust_all(struct column_stats *s, struct arena *a)
{
    holm(s, offsetof(struct column_stats_pair, p), offsetof(struct column_stats_pair, p_holm), a);
    holm(s, offsetof(struct column_stats_pair, tost.p),
         offsetof(struct column_stats_pair, tost_p_holm), a);
    holm(s, offsetof(struct column_stats_pair, welch.p),
         offsetof(struct column_stats_pair, welch_holm), a);
    holm(s, offsetof(struct column_stats_pair, mann_whitney.p),
         offsetof(struct column_stats_pair, mann_whitney_holm), a);
}

static void settle(const struct column_stats *s, struct column_stats_pair *p,
                   const struct sample *r)
{
    p->verdict = verdict_of(s, p);
    p->reason = p->verdict == COLUMN_STATS_UNKNOWN ? why_unknown(s, p) : nullptr;
    p->more = p->verdict == COLUMN_STATS_UNDECIDED ? runs_that_decide(s, p, r) : 0;
    p->detectable =
        p->se > 0 ? power_shift(p->df, COLUMN_STATS_POWER, s->alpha_pair) * p->se : NOT_MEASURED;
    p->wanted = isnan(s->asked.detect) ? 0
                                       : power_runs(wanted_difference(s, p), r->sd_x, r->sd_y,
                                                    COLUMN_STATS_POWER, s->alpha_pair);
}

void column_verdict_all(struct column_stats *s, const struct column_rows *rows, struct arena *a)
{
    struct sample *const sample = ARENA_ARRAY(a, struct sample, s->n_pairs + 1);
    size_t members = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        struct column_stats_pair *const p = &s->pairs[i];
        sample[i] = s->basis == COLUMN_STATS_BY_VALUES ? rest_on_values(s, p, a)
                                                       : rest_on_differences(s, p, rows, a);
        p->tost =
            equivalence_of(p->estimate, p->se, p->df, limits_of(&s->asked), 1 - s->asked.conf);
        permute(s, i, &sample[i], a);
        members += (size_t)!isnan(p->p);
    }
    s->alpha_pair = (1 - s->asked.conf) / (double)(members ? members : 1);
    adjust_all(s, a);
    for (size_t i = 0; i < s->n_pairs; i++)
        settle(s, &s->pairs[i], &sample[i]);
}
