#include "analysis/column_pair.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/adjust.h"
#include "num/dist.h"
#include "num/posthoc.h"
#include "num/power.h"

#include <math.h>
#include <stdlib.h>

struct keyed { /* a row of one group */
    uint32_t pair;
    double x;
};

/* ---- independent groups ---- */

static struct moment moment_of_logs(const struct column_stats_group *g, struct arena *a)
{
    double *const x = ARENA_ARRAY(a, double, g->m.n);
    for (size_t i = 0; i < g->m.n; i++)
        x[i] = log(g->x[i]);
    return moment_of(x, g->m.n);
}

static void compare_ratio(const struct column_stats *s, struct column_stats_pair *p,
                          struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    p->ratio = p->ratio_lo = p->ratio_hi = NOT_MEASURED;
    if (isnan(x->geometric_mean) || isnan(y->geometric_mean))
        return;
    const struct moment mx = moment_of_logs(x, a), my = moment_of_logs(y, a);
    const struct compare_t t = compare_welch(&mx, &my, s->asked.conf);
    p->ratio = exp(mx.mean - my.mean);
    p->ratio_lo = exp(t.lo);
    p->ratio_hi = exp(t.hi);
}

static void compare(const struct column_stats *s, struct column_stats_pair *p, struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    const double conf = s->asked.conf;
    p->difference = x->m.mean - y->m.mean;
    p->student = compare_pooled(&x->m, &y->m, conf);
    p->welch = compare_welch(&x->m, &y->m, conf);
    p->mann_whitney = rank_mann_whitney(x->sorted, x->m.n, y->sorted, y->m.n, a);
    p->ks = rank_kolmogorov_smirnov(x->sorted, x->m.n, y->sorted, y->m.n, a);
    p->cohen_d = effect_cohen_d(&x->m, &y->m);
    p->hedges_g = effect_hedges_g(p->cohen_d, x->m.n, y->m.n);
    p->glass = effect_glass(&x->m, &y->m);
    p->d_ci = effect_d_interval(p->cohen_d, x->m.n, y->m.n, conf);
    const double j = effect_hedges_j((double)(x->m.n + y->m.n) - 2);
    p->g_ci = (struct effect_interval){j * p->d_ci.lo, j * p->d_ci.hi};
    p->dominance = effect_dominance_of(x->sorted, x->m.n, y->sorted, y->m.n, conf);
    compare_ratio(s, p, a);
}

/* ---- pairs of rows ---- */

static int by_pair(const void *x, const void *y)
{
    const struct keyed *const a = x, *const b = y;
    return (a->pair > b->pair) - (a->pair < b->pair);
}

static enum err_code keyed_of(const struct column_stats *s, uint32_t group, struct arena *a,
                              struct keyed **ret, struct err *e)
{
    const struct column_table *const t = s->table;
    const size_t n = s->groups[group].m.n;
    struct keyed *const list = ARENA_ARRAY(a, struct keyed, n);
    size_t at = 0;
    for (size_t i = 0; i < t->n; i++)
        if (t->group[i] == group)
            list[at++] = (struct keyed){t->pair[i], t->value[i]};
    qsort(list, n, sizeof *list, by_pair);
    for (size_t i = 1; i < n; i++)
        if (list[i].pair == list[i - 1].pair)
            return err_set(e, ERR_USAGE,
                           "--pair: '%s' has two values in group '%s'; a pair needs one in each",
                           t->pairs[list[i].pair], s->groups[group].name);
    *ret = list;
    return ERR_OK;
}

/* Differences of the pairs, or of their logs; returns how many. */
static size_t differences(const struct column_stats *s, const struct column_stats_pair *p,
                          struct keyed *const *keyed, bool logs, double *ret)
{
    const struct keyed *const x = keyed[p->a], *const y = keyed[p->b];
    const size_t nx = s->groups[p->a].m.n, ny = s->groups[p->b].m.n;
    size_t n = 0;
    for (size_t i = 0, k = 0; i < nx && k < ny;) {
        if (x[i].pair == y[k].pair) {
            ret[n++] = logs ? log(x[i].x) - log(y[k].x) : x[i].x - y[k].x;
            i++;
            k++;
        } else if (x[i].pair < y[k].pair) {
            i++;
        } else {
            k++;
        }
    }
    return n;
}

static void compare_paired_rows(const struct column_stats *s, struct column_stats_pair *p,
                                struct keyed *const *keyed, struct arena *a)
{
    const size_t nx = s->groups[p->a].m.n, ny = s->groups[p->b].m.n;
    double *const d = ARENA_ARRAY(a, double, (nx < ny ? nx : ny) + 1);
    p->n_paired = differences(s, p, keyed, false, d);
    p->n_unpaired = nx + ny - 2 * p->n_paired;
    const struct moment m = moment_of(d, p->n_paired);
    p->paired = compare_paired(&m, s->asked.conf);
    p->sd_difference = m.sd;
    p->wilcoxon = rank_wilcoxon(d, p->n_paired, a);
}

/* ---- the estimate that the verdict rests on ---- */

struct basis { /* sd_b 0: of pairs */
    double sd_a, sd_b;
    size_t n_a, n_b;
};

static struct basis rest_on_groups(const struct column_stats *s, struct column_stats_pair *p,
                                   struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    const bool logs = s->asked.margin_is_ratio;
    const struct moment mx = logs ? moment_of_logs(x, a) : x->m;
    const struct moment my = logs ? moment_of_logs(y, a) : y->m;
    const struct compare_t t = compare_welch(&mx, &my, s->asked.conf);
    p->estimate = mx.mean - my.mean;
    p->se = sqrt(mx.var / (double)mx.n + my.var / (double)my.n);
    p->df = t.df;
    p->p = t.p;
    return (struct basis){mx.sd, my.sd, mx.n, my.n};
}

static struct basis rest_on_pairs(const struct column_stats *s, struct column_stats_pair *p,
                                  struct keyed *const *keyed, struct arena *a)
{
    const size_t nx = s->groups[p->a].m.n, ny = s->groups[p->b].m.n;
    double *const d = ARENA_ARRAY(a, double, (nx < ny ? nx : ny) + 1);
    const struct moment m = moment_of(d, differences(s, p, keyed, s->asked.margin_is_ratio, d));
    const struct compare_t t = compare_paired(&m, s->asked.conf);
    p->estimate = m.mean;
    p->se = m.sd / sqrt((double)m.n);
    p->df = t.df;
    p->p = t.p;
    return (struct basis){m.sd, 0, m.n, m.n};
}

static struct equivalence_limits limits_of(const struct column_stats_asked *asked)
{
    return asked->margin_is_ratio ? equivalence_limits_ratio(asked->margin)
                                  : equivalence_limits_difference(asked->margin);
}

/* Of groups by the noncentral t, at the harmonic mean of the sizes; of pairs by the shift of t. */
static double detectable(const struct basis *b, double alpha)
{
    const double df = (double)b->n_a - 1;
    if (b->n_a < 2 || b->n_b < 2)
        return NOT_MEASURED;
    if (b->sd_b > 0) {
        const double n = 2 / (1 / (double)b->n_a + 1 / (double)b->n_b);
        return power_detectable(n, COLUMN_STATS_POWER, alpha) *
               sqrt((b->sd_a * b->sd_a + b->sd_b * b->sd_b) / 2);
    }
    return (dist_t_upper_quantile(alpha / 2, df) + dist_t_quantile(COLUMN_STATS_POWER, df)) *
           b->sd_a / sqrt((double)b->n_a);
}

static size_t more_of(const struct column_stats *s, const struct column_stats_pair *p,
                      const struct basis *b, double alpha)
{
    /* Without a margin nothing is ever equivalent, and only the difference counts. */
    const struct equivalence_limits none = {-1e-300, 1e-300};
    return equivalence_runs(p->estimate, b->sd_a, b->sd_b,
                            isnan(s->asked.margin) ? none : limits_of(&s->asked), alpha,
                            COLUMN_STATS_POWER);
}

/* ---- the family ---- */

static enum column_stats_verdict direction(const struct column_stats_pair *p)
{
    return p->estimate > 0 ? COLUMN_STATS_HIGHER : COLUMN_STATS_LOWER;
}

static enum column_stats_verdict verdict_of(const struct column_stats *s,
                                            const struct column_stats_pair *p, double alpha)
{
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
    if (s->table->pair && p->n_paired < 2)
        return "fewer than two pairs";
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

static void posthoc(struct column_stats *s, struct arena *a)
{
    struct moment *const m = ARENA_ARRAY(a, struct moment, s->n_groups);
    struct posthoc_pair *const t = ARENA_ARRAY(a, struct posthoc_pair, s->n_pairs + 1);
    struct posthoc_pair *const g = ARENA_ARRAY(a, struct posthoc_pair, s->n_pairs + 1);
    for (size_t k = 0; k < s->n_groups; k++)
        m[k] = s->groups[k].m;
    if (s->n_groups > 2) {
        posthoc_tukey_kramer(m, s->n_groups, s->asked.conf, t);
        posthoc_games_howell(m, s->n_groups, s->asked.conf, g);
    }
    for (size_t i = 0; i < s->n_pairs; i++) { /* theirs are of b against a */
        const struct column_stats_posthoc none = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
        const bool there = s->n_groups > 2;
        s->pairs[i].tukey =
            there ? (struct column_stats_posthoc){t[i].p, -t[i].hi, -t[i].lo} : none;
        s->pairs[i].games_howell =
            there ? (struct column_stats_posthoc){g[i].p, -g[i].hi, -g[i].lo} : none;
    }
}

static struct basis measure(struct column_stats *s, struct column_stats_pair *p,
                            struct keyed *const *keyed, struct arena *a)
{
    compare(s, p, a);
    p->sd_difference = NOT_MEASURED;
    if (s->table->pair)
        compare_paired_rows(s, p, keyed, a);
    const struct basis b = s->table->pair ? rest_on_pairs(s, p, keyed, a) : rest_on_groups(s, p, a);
    p->tost = equivalence_of(p->estimate, p->se, p->df, limits_of(&s->asked), 1 - s->asked.conf);
    return b;
}

enum err_code column_pair_all(struct column_stats *s, struct arena *a, struct err *e)
{
    const double alpha = 1 - s->asked.conf;
    struct keyed **const keyed = ARENA_ARRAY(a, struct keyed *, s->n_groups + 1);
    struct basis *const basis = ARENA_ARRAY(a, struct basis, s->n_pairs + 1);
    size_t i = 0;
    for (uint32_t k = 0; s->table->pair && k < s->n_groups; k++)
        if (keyed_of(s, k, a, &keyed[k], e))
            return e->code;
    for (uint32_t x = 0; x < s->n_groups; x++)
        for (uint32_t y = x + 1; y < s->n_groups; y++, i++) {
            s->pairs[i] = (struct column_stats_pair){.a = x, .b = y};
            basis[i] = measure(s, &s->pairs[i], keyed, a);
        }
    posthoc(s, a);
    holm(s, offsetof(struct column_stats_pair, p), offsetof(struct column_stats_pair, p_holm), a);
    holm(s, offsetof(struct column_stats_pair, tost.p),
         offsetof(struct column_stats_pair, tost_p_holm), a);
    holm(s, offsetof(struct column_stats_pair, welch.p),
         offsetof(struct column_stats_pair, welch_holm), a);
    holm(s, offsetof(struct column_stats_pair, mann_whitney.p),
         offsetof(struct column_stats_pair, mann_whitney_holm), a);
    for (i = 0; i < s->n_pairs; i++) {
        struct column_stats_pair *const p = &s->pairs[i];
        p->verdict = verdict_of(s, p, alpha);
        p->reason = p->verdict == COLUMN_STATS_UNKNOWN ? why_unknown(s, p) : nullptr;
        p->detectable = detectable(&basis[i], alpha);
        p->more = p->verdict == COLUMN_STATS_UNDECIDED ? more_of(s, p, &basis[i], alpha) : 0;
    }
    return ERR_OK;
}
