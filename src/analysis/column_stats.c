#include "analysis/column_stats.h"

#include "analysis/column_pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "num/dist.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    double p;
} quantiles[COLUMN_STATS_QUANTILES] = {{"p5", 0.05}, {"p25", 0.25}, {"median", 0.5}, {"p75", 0.75},
                                       {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};

double column_stats_quantile(size_t i)
{
    return quantiles[i].p;
}

const char *column_stats_quantile_name(size_t i)
{
    return quantiles[i].name;
}

/* ---- groups ---- */

/* About the first value, whose log would take digits off the others'. */
static double geometric_mean(const struct column_stats_group *g)
{
    double sum = 0;
    if (!(g->sorted[0] > 0))
        return NOT_MEASURED;
    for (size_t i = 0; i < g->m.n; i++) {
        const double r = g->x[i] / g->x[0];
        sum += isnormal(r) ? log(r) : log(g->x[i]) - log(g->x[0]);
    }
    return g->x[0] * exp(sum / (double)g->m.n);
}

static void describe(struct column_stats_group *g, double conf)
{
    const struct moment *const m = &g->m;
    const double t =
        m->n > 1 ? dist_t_upper_quantile((1 - conf) / 2, (double)m->n - 1) : NOT_MEASURED;
    const double half = m->sd > 0 ? t * m->sd / sqrt((double)m->n) : NOT_MEASURED;
    g->mean_lo = m->mean - half;
    g->mean_hi = m->mean + half;
    g->cv = m->mean > 0 ? m->sd / m->mean : NOT_MEASURED;
    g->geometric_mean = geometric_mean(g);
    for (size_t i = 0; i < COLUMN_STATS_QUANTILES; i++) {
        const double p = quantiles[i].p;
        g->q[i] = quantile_sorted(g->sorted, m->n, p);
        g->q_ci[i] = p == 0.5 ? quantile_median_interval(g->sorted, m->n, conf)
                              : quantile_interval(g->sorted, m->n, p, conf);
    }
}

double column_stats_from(const struct column_stats *s, double x, bool logs)
{
    const double d = x - s->origin;
    return logs ? s->origin != 0 ? log1p(d / s->origin) : log(x) : d;
}

static double origin_of(const struct column_table *t)
{
    const double first = t->value[0];
    for (size_t i = 0; i < t->n; i++) {
        const double r = t->value[i] / first;
        if (!(r >= 0.5 && r <= 2))
            return 0;
    }
    return first;
}

static struct moment from_origin(const struct column_stats *s, const double *x, size_t n,
                                 struct arena *a)
{
    double *const d = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        d[i] = column_stats_from(s, x[i], false);
    return moment_of(d, n);
}

static void make_groups(struct column_stats *s, struct arena *a)
{
    const struct column_table *const t = s->table;
    size_t *const n = ARENA_ARRAY(a, size_t, t->n_groups + 1);
    s->groups = ARENA_ARRAY(a, struct column_stats_group, t->n_groups + 1);
    double **const x = ARENA_ARRAY(a, double *, t->n_groups + 1);
    for (size_t i = 0; i < t->n; i++)
        n[t->group[i]]++;
    for (size_t k = 0; k < s->n_groups; k++)
        x[k] = ARENA_ARRAY(a, double, n[k]);
    memset(n, 0, s->n_groups * sizeof *n);
    for (size_t i = 0; i < t->n; i++)
        x[t->group[i]][n[t->group[i]]++] = t->value[i];
    for (size_t k = 0; k < s->n_groups; k++) {
        double *const sorted = ARENA_ARRAY(a, double, n[k]);
        memcpy(sorted, x[k], n[k] * sizeof *sorted);
        quantile_sort(sorted, n[k]);
        s->groups[k] = (struct column_stats_group){.name = t->groups[k],
                                                   .x = x[k],
                                                   .sorted = sorted,
                                                   .m = moment_of(x[k], n[k]),
                                                   .from = from_origin(s, x[k], n[k], a)};
        describe(&s->groups[k], s->asked.conf);
    }
}

/* ---- all groups at once ---- */

static void compare_all(struct column_stats *s, struct arena *a)
{
    const struct anova none = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                               NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    s->oneway = s->welch = none;
    s->kruskal = (struct rank_groups){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    if (s->n_groups < 2)
        return;
    double *const x = ARENA_ARRAY(a, double, s->table->n);
    size_t *const n = ARENA_ARRAY(a, size_t, s->n_groups);
    struct moment *const m = ARENA_ARRAY(a, struct moment, s->n_groups);
    size_t at = 0;
    for (size_t k = 0; k < s->n_groups; k++) {
        n[k] = s->groups[k].m.n;
        m[k] = s->groups[k].from;
        memcpy(x + at, s->groups[k].x, n[k] * sizeof *x);
        at += n[k];
    }
    s->oneway = anova_oneway(x, n, s->n_groups);
    s->welch = anova_welch(m, s->n_groups);
    s->kruskal = rank_kruskal_wallis(x, n, s->n_groups, a);
}

/* ---- blocks ---- */

struct cells { /* of group and block: place g * n_blocks + b */
    double *mean;
    size_t *n;
    size_t all, filled;
};

static struct cells make_cells(const struct column_stats *s, struct arena *a)
{
    const struct column_table *const t = s->table;
    struct cells c = {.all = (size_t)t->n_groups * t->n_blocks};
    c.mean = ARENA_ARRAY(a, double, c.all + 1);
    c.n = ARENA_ARRAY(a, size_t, c.all + 1);
    for (size_t i = 0; i < t->n; i++) {
        const size_t at = (size_t)t->group[i] * t->n_blocks + t->block[i];
        c.mean[at] += column_stats_from(s, t->value[i], false);
        c.n[at]++;
    }
    for (size_t i = 0; i < c.all; i++) {
        c.filled += c.n[i] > 0;
        c.mean[i] /= (double)c.n[i];
    }
    return c;
}

static void two_way(struct column_stats *s, const struct cells *c, struct arena *a)
{
    enum { GROUP = 1, BLOCK = 2 };
    static const uint32_t terms[] = {GROUP, BLOCK, GROUP | BLOCK};
    const struct column_table *const t = s->table;
    struct anova_factors f;
    s->interaction = t->n > c->filled && t->n_groups > 1 && t->n_blocks > 1;
    const struct anova_factors_design d = {.y = t->value,
                                           .n = t->n,
                                           .n_factors = 2,
                                           .level = {t->group, t->block},
                                           .n_levels = {t->n_groups, t->n_blocks},
                                           .terms = terms,
                                           .n_terms = s->interaction ? 3 : 2,
                                           .kind = ANOVA_FACTORS_II};
    anova_factors_of(&d, a, &f);
    s->group_term = f.term[0];
    s->block_term = f.term[1];
    if (s->interaction)
        s->both_term = f.term[2];
    s->df_residual = f.df_residual;
    s->balanced = f.balanced;
}

/* Over the means of the cells, so that what the values of a cell have in common is not counted as
 * often as there are values: the residual is the interaction. */
static void over_blocks(struct column_stats *s, const struct cells *c, struct arena *a)
{
    static const uint32_t terms[] = {1, 2};
    const struct column_table *const t = s->table;
    uint32_t *const group = ARENA_ARRAY(a, uint32_t, c->all + 1);
    uint32_t *const block = ARENA_ARRAY(a, uint32_t, c->all + 1);
    double *const mean = ARENA_ARRAY(a, double, c->all + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->all; i++)
        if (c->n[i] > 0) {
            group[n] = (uint32_t)(i / t->n_blocks);
            block[n] = (uint32_t)(i % t->n_blocks);
            mean[n++] = c->mean[i];
        }
    struct anova_factors f;
    const struct anova_factors_design d = {.y = mean,
                                           .n = n,
                                           .n_factors = 2,
                                           .level = {group, block},
                                           .n_levels = {t->n_groups, t->n_blocks},
                                           .terms = terms,
                                           .n_terms = 2,
                                           .kind = ANOVA_FACTORS_II};
    anova_factors_of(&d, a, &f);
    s->over_blocks = f.term[0];
    s->df_over_blocks = f.df_residual;
}

static void friedman(struct column_stats *s, const struct cells *c, struct arena *a)
{
    const size_t k = s->table->n_groups, blocks = s->table->n_blocks;
    s->friedman_reason =
        s->table->n > c->filled
            ? "cells of a group and a block with several values count by their mean"
            : nullptr;
    if (c->filled < c->all) {
        s->friedman_reason = "a group has no value in some block";
        return;
    }
    double *const x = ARENA_ARRAY(a, double, c->all);
    for (size_t g = 0; g < k; g++)
        for (size_t b = 0; b < blocks; b++)
            x[b * k + g] = c->mean[g * blocks + b];
    s->friedman = rank_friedman(x, blocks, k, a);
}

static void compare_blocks(struct column_stats *s, struct arena *a)
{
    s->df_residual = NOT_MEASURED;
    s->friedman = (struct rank_groups){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    if (!s->table->block || s->n_groups < 2)
        return;
    const struct cells c = make_cells(s, a);
    two_way(s, &c, a);
    if (s->table->n > c.filled)
        over_blocks(s, &c, a);
    friedman(s, &c, a);
}

/* ---- all ---- */

static enum err_code check(const struct column_table *t, const struct column_stats_asked *asked,
                           struct err *e)
{
    if (t->n_groups > COLUMN_STATS_MOST_GROUPS)
        return err_set(e, ERR_USAGE,
                       "%u groups: more than %zu; is the group column one of numbers?", t->n_groups,
                       COLUMN_STATS_MOST_GROUPS);
    constexpr double FAR = 1e150; /* above, and below its inverse, squares leave the doubles */
    double largest = 0;
    for (size_t i = 0; i < t->n; i++)
        largest = fmax(largest, fabs(t->value[i]));
    if (largest > FAR || (largest > 0 && largest < 1 / FAR))
        return err_set(e, ERR_USAGE,
                       "the largest value is %g: squares of that leave the range of doubles; give "
                       "the column in another unit",
                       largest);
    for (size_t i = 0; asked->margin_is_ratio && i < t->n; i++)
        if (!(t->value[i] > 0))
            return err_set(e, ERR_USAGE,
                           "--margin in percent is of ratios, and there is a value of %g; give it "
                           "in the column's unit",
                           t->value[i]);
    return ERR_OK;
}

static enum err_code find_control(struct column_stats *s, struct err *e)
{
    const struct column_table *const t = s->table;
    const char *const name = s->asked.control;
    while (s->control < t->n_groups && strcmp(t->groups[s->control], name) != 0)
        s->control++;
    if (s->control < t->n_groups)
        return ERR_OK;
    const char *const near = nearest_word(name, t->groups, t->n_groups);
    return err_set(e, ERR_USAGE, "--control: there is no group '%s'; %s '%s'%s", name,
                   near ? "did you mean" : "the first is", near ? near : t->groups[0],
                   near ? "?" : "");
}

enum err_code column_stats_of(const struct column_table *t, const struct column_stats_asked *asked,
                              struct arena *a, struct column_stats *ret, struct err *e)
{
    if (check(t, asked, e))
        return e->code;
    struct column_stats s = {.table = t,
                             .asked = *asked,
                             .n_groups = t->n_groups,
                             .n_pairs = (size_t)t->n_groups * (t->n_groups - 1) / 2,
                             .basis = t->block  ? COLUMN_STATS_BY_BLOCKS
                                      : t->pair ? COLUMN_STATS_BY_PAIRS
                                                : COLUMN_STATS_BY_VALUES};
    s.origin = origin_of(t);
    if (asked->control && find_control(&s, e))
        return e->code;
    if (asked->control)
        s.n_pairs = t->n_groups - 1;
    make_groups(&s, a);
    compare_all(&s, a);
    compare_blocks(&s, a);
    s.pairs = ARENA_ARRAY(a, struct column_stats_pair, s.n_pairs + 1);
    if (column_pair_all(&s, a, e))
        return e->code;
    *ret = s;
    return ERR_OK;
}

const char *column_stats_verdict_name(enum column_stats_verdict v)
{
    static const char *const names[] = {"unknown",    "higher",     "lower",
                                        "equivalent", "negligible", "undecided"};
    return names[v];
}

const char *column_stats_unit(enum column_stats_basis b)
{
    static const char *const names[] = {"value", "pair", "block"};
    return names[b];
}

const char *column_stats_basis_name(const struct column_stats *s)
{
    static const char *const names[][2] = {{"Welch's t test", "Welch's t test of the logs"},
                                           {"paired t test", "paired t test of the logs"},
                                           {"t test of the differences within blocks",
                                            "t test of the differences of the logs within blocks"}};
    return names[s->basis][s->asked.margin_is_ratio];
}

const char *column_stats_verdict_text(const struct column_stats *s,
                                      const struct column_stats_pair *p, struct arena *a)
{
    const char *const x = s->groups[p->a].name, *const y = s->groups[p->b].name;
    switch (p->verdict) {
    case COLUMN_STATS_HIGHER:
        return arena_printf(a, "%s is higher than %s", x, y);
    case COLUMN_STATS_LOWER:
        return arena_printf(a, "%s is lower than %s", x, y);
    case COLUMN_STATS_EQUIVALENT:
        return arena_printf(a, "%s and %s are equivalent", x, y);
    case COLUMN_STATS_NEGLIGIBLE:
        return arena_printf(a, "%s and %s differ by less than the margin", x, y);
    case COLUMN_STATS_UNDECIDED:
        return p->more ? arena_printf(a, "undecided (%zu %ss of each would decide it)", p->more,
                                      column_stats_unit(s->basis))
                       : "undecided";
    case COLUMN_STATS_UNKNOWN:
        return arena_printf(a, "no test: %s", p->reason);
    }
    unreachable();
}
