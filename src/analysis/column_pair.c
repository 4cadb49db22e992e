#include "analysis/column_pair.h"

#include "analysis/column_rows.h"
#include "analysis/column_verdict.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/merge.h"
#include "num/posthoc.h"

#include <math.h>
#include <string.h>

/* ---- independent groups ---- */

static struct moment moment_of_logs(const struct column_stats *s,
                                    const struct column_stats_group *g, struct arena *a)
{
    double *const x = ARENA_ARRAY(a, double, g->m.n);
    for (size_t i = 0; i < g->m.n; i++)
        x[i] = column_stats_from(s, g->x[i], true);
    return moment_of(x, g->m.n);
}

static void compare_ratio(const struct column_stats *s, struct column_stats_pair *p,
                          struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    p->ratio = p->ratio_lo = p->ratio_hi = NOT_MEASURED;
    if (isnan(x->geometric_mean) || isnan(y->geometric_mean))
        return;
    const struct moment mx = moment_of_logs(s, x, a), my = moment_of_logs(s, y, a);
    const struct compare_t t = compare_welch(&mx, &my, s->asked.conf);
    p->ratio = exp(mx.mean - my.mean);
    p->ratio_lo = exp(t.lo);
    p->ratio_hi = exp(t.hi);
}

static void compare(const struct column_stats *s, struct column_stats_pair *p, struct arena *a)
{
    const struct column_stats_group *const x = &s->groups[p->a], *const y = &s->groups[p->b];
    const double conf = s->asked.conf;
    p->difference = x->from.mean - y->from.mean;
    p->student = compare_pooled(&x->from, &y->from, conf);
    p->welch = compare_welch(&x->from, &y->from, conf);
    const struct merge ranks = merge_of(x->sorted, x->m.n, y->sorted, y->m.n);
    p->mann_whitney = rank_mann_whitney(&ranks, a);
    p->ks = rank_kolmogorov_smirnov(&ranks, a);
    p->dominance = effect_dominance_of(&ranks, conf);
    p->cohen_d = effect_cohen_d(&x->from, &y->from);
    p->hedges_g = effect_hedges_g(p->cohen_d, x->m.n, y->m.n);
    p->glass = effect_glass(&x->from, &y->from);
    p->d_ci = effect_d_interval(p->cohen_d, x->m.n, y->m.n, conf);
    const double j = effect_hedges_j((double)(x->m.n + y->m.n) - 2);
    p->g_ci = (struct effect_interval){j * p->d_ci.lo, j * p->d_ci.hi};
    compare_ratio(s, p, a);
}

/* ---- pairs and blocks ---- */

static struct column_stats_differences test(const struct column_rows_differences *d, double conf,
                                            struct arena *a)
{
    const struct moment m = moment_of(d->d, d->n);
    return (struct column_stats_differences){d->n, d->alone, m.sd, compare_paired(&m, conf),
                                             rank_wilcoxon(d->d, d->n, a)};
}

static void compare_rows(const struct column_stats *s, struct column_stats_pair *p,
                         const struct column_rows *rows, struct arena *a)
{
    struct column_rows_differences d;
    if (s->table->pair) {
        d = column_rows_pairs(rows, p->a, p->b, false, a);
        p->pairs = test(&d, s->asked.conf, a);
    }
    if (s->table->block) {
        d = column_rows_blocks(rows, p->a, p->b, false, a);
        p->blocks = test(&d, s->asked.conf, a);
    }
}

/* ---- the family ---- */

static const struct column_stats_posthoc none = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};

static void all_pairs(struct column_stats *s, const struct moment *m, struct arena *a)
{
    struct posthoc_pair *const t = ARENA_ARRAY(a, struct posthoc_pair, s->n_pairs + 1);
    struct posthoc_pair *const g = ARENA_ARRAY(a, struct posthoc_pair, s->n_pairs + 1);
    posthoc_tukey_kramer(m, s->n_groups, s->asked.conf, t);
    posthoc_games_howell(m, s->n_groups, s->asked.conf, g);
    for (size_t i = 0; i < s->n_pairs; i++) { /* theirs are of b against a */
        s->pairs[i].tukey = (struct column_stats_posthoc){t[i].p, -t[i].hi, -t[i].lo};
        s->pairs[i].games_howell = (struct column_stats_posthoc){g[i].p, -g[i].hi, -g[i].lo};
    }
}

static void against_control(struct column_stats *s, struct moment *m, struct arena *a)
{
    struct posthoc_pair *const d = ARENA_ARRAY(a, struct posthoc_pair, s->n_pairs + 1);
    const struct moment control = m[s->control];
    memmove(m + 1, m, s->control * sizeof *m); /* the others keep their order */
    m[0] = control;
    posthoc_dunnett(m, s->n_groups, s->asked.conf, d);
    for (size_t i = 0; i < s->n_pairs; i++) /* theirs are against the control, as ours */
        s->pairs[i].dunnett = (struct column_stats_posthoc){d[i].p, d[i].lo, d[i].hi};
}

static void posthoc(struct column_stats *s, struct arena *a)
{
    struct moment *const m = ARENA_ARRAY(a, struct moment, s->n_groups);
    for (size_t k = 0; k < s->n_groups; k++)
        m[k] = s->groups[k].from;
    for (size_t i = 0; i < s->n_pairs; i++)
        s->pairs[i].tukey = s->pairs[i].games_howell = s->pairs[i].dunnett = none;
    if (s->asked.control)
        against_control(s, m, a);
    else if (s->n_groups > 2)
        all_pairs(s, m, a);
}

static void make_pairs(struct column_stats *s)
{
    size_t i = 0;
    for (uint32_t x = 0; x < s->n_groups; x++) {
        if (s->asked.control && x != s->control)
            s->pairs[i++] = (struct column_stats_pair){.a = x, .b = s->control};
        for (uint32_t y = x + 1; !s->asked.control && y < s->n_groups; y++)
            s->pairs[i++] = (struct column_stats_pair){.a = x, .b = y};
    }
}

enum err_code column_pair_all(struct column_stats *s, struct arena *a, struct err *e)
{
    struct column_rows *rows = nullptr;
    if (s->basis != COLUMN_STATS_BY_VALUES && column_rows_of(s, a, &rows, e))
        return e->code;
    make_pairs(s);
    for (size_t i = 0; i < s->n_pairs; i++) {
        compare(s, &s->pairs[i], a);
        compare_rows(s, &s->pairs[i], rows, a);
    }
    posthoc(s, a);
    column_verdict_all(s, rows, a);
    return ERR_OK;
}
