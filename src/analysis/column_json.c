#include "analysis/column_json.h"

#include "analysis/column_series.h"
#include "analysis/rank_json.h"
#include "base/arena.h"
#include "io/jsonw.h"

#include <math.h>

void column_json_rows(const struct column_table *t, struct jsonw *w)
{
    jsonw_kobject(w, "rows");
    jsonw_ki64(w, "read", (int64_t)t->n_rows);
    jsonw_ki64(w, "used", (int64_t)t->n);
    jsonw_ki64(w, "not_asked_for", (int64_t)t->skipped);
    jsonw_ki64(w, "without_value", (int64_t)t->no_value);
    jsonw_ki64(w, "not_a_number", (int64_t)t->no_number);
    if (t->x)
        jsonw_ki64(w, "without_x", (int64_t)t->no_x);
    jsonw_ki64(w, "without_group", (int64_t)t->no_group);
    jsonw_ki64(w, "without_pair", (int64_t)t->no_pair);
    jsonw_ki64(w, "without_block", (int64_t)t->no_block);
    if (t->no_number) {
        jsonw_kstr(w, "first_that_is_no_number", t->not_a_number);
        jsonw_ki64(w, "its_row", (int64_t)t->not_a_number_row);
    }
    jsonw_end_object(w);
}

static void figure(struct jsonw *w, const char *key, double at, double lo, double hi,
                   const char *why)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "value", at);
    jsonw_kf64(w, "lower", lo);
    jsonw_kf64(w, "upper", hi);
    if (isnan(lo) || isnan(hi))
        jsonw_kstr(w, "reason", why);
    jsonw_end_object(w);
}

static void group(const struct column_stats *s, const struct column_stats_group *g, struct arena *a,
                  struct jsonw *w)
{
    const struct column_series series = column_series_of(s, g, a);
    jsonw_object(w);
    jsonw_kstr(w, "group", g->name);
    jsonw_ki64(w, "n", (int64_t)g->m.n);
    figure(w, "mean", g->m.mean, g->mean_lo, g->mean_hi,
           g->m.n < 2 ? "one value" : "the values do not vary");
    jsonw_kf64(w, "sd", g->m.sd);
    jsonw_kf64(w, "cv", g->cv);
    jsonw_kf64(w, "geometric_mean", g->geometric_mean);
    jsonw_kf64(w, "min", g->m.min);
    for (size_t i = 0; i < COLUMN_STATS_QUANTILES; i++)
        figure(w, column_stats_quantile_name(i), g->q[i], g->q_ci[i].lo, g->q_ci[i].hi,
               "no finite bound at this n");
    jsonw_kf64(w, "max", g->m.max);
    column_series_json(&series, w);
    jsonw_end_object(w);
}

static void anova(struct jsonw *w, const char *key, const struct anova *x, bool effects)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "f", x->f);
    jsonw_kf64(w, "df1", x->df1);
    jsonw_kf64(w, "df2", x->df2);
    jsonw_kf64(w, "p", x->p);
    if (effects) {
        jsonw_kf64(w, "ss_between", x->ss_between);
        jsonw_kf64(w, "ss_within", x->ss_within);
        jsonw_kf64(w, "eta2", x->eta2);
        jsonw_kf64(w, "omega2", x->omega2);
        jsonw_kf64(w, "epsilon2", x->epsilon2);
    }
    jsonw_end_object(w);
}

static void ranks(struct jsonw *w, const char *key, const struct rank_groups *x)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "chi2", x->statistic);
    jsonw_kf64(w, "df", x->df);
    jsonw_kf64(w, "p", x->p);
    jsonw_end_object(w);
}

static void term(struct jsonw *w, const char *key, const struct anova_factors_term *x)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "f", x->f);
    jsonw_kf64(w, "df", x->df);
    jsonw_kf64(w, "ss", x->ss);
    jsonw_kf64(w, "p", x->p);
    jsonw_kf64(w, "partial_eta2", x->partial_eta2);
    jsonw_kf64(w, "partial_omega2", x->partial_omega2);
    jsonw_end_object(w);
}

static void blocks(const struct column_stats *s, struct jsonw *w)
{
    jsonw_kobject(w, "blocks");
    jsonw_ki64(w, "n", s->table->n_blocks);
    jsonw_kbool(w, "balanced", s->balanced);
    jsonw_kstr(w, "sums_of_squares", "type II");
    term(w, "group", &s->group_term);
    term(w, "block", &s->block_term);
    if (s->interaction)
        term(w, "group_by_block", &s->both_term);
    jsonw_kf64(w, "df_residual", s->df_residual);
    if (s->over_blocks.df > 0) {
        term(w, "group_over_means_of_cells", &s->over_blocks);
        jsonw_kf64(w, "df_residual_over_means_of_cells", s->df_over_blocks);
    }
    ranks(w, "friedman", &s->friedman);
    jsonw_kstr(w, "friedman_note", s->friedman_reason);
    jsonw_end_object(w);
}

static void t_test(struct jsonw *w, const char *key, const struct compare_t *t)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "t", t->t);
    jsonw_kf64(w, "df", t->df);
    jsonw_kf64(w, "p", t->p);
    jsonw_kf64(w, "lower", t->lo);
    jsonw_kf64(w, "upper", t->hi);
    jsonw_end_object(w);
}

static void differences(const char *key, const char *unit, const char *alone,
                        const struct column_stats_differences *d, struct jsonw *w)
{
    jsonw_kobject(w, key);
    jsonw_ki64(w, unit, (int64_t)d->n);
    jsonw_ki64(w, alone, (int64_t)d->alone);
    jsonw_kf64(w, "sd_of_differences", d->sd);
    t_test(w, "t_test", &d->t);
    jsonw_kobject(w, "wilcoxon");
    jsonw_kf64(w, "v", d->wilcoxon.v);
    jsonw_kf64(w, "p", d->wilcoxon.p);
    jsonw_ki64(w, "n", (int64_t)d->wilcoxon.n);
    jsonw_kbool(w, "exact", d->wilcoxon.exact);
    jsonw_end_object(w);
    jsonw_end_object(w);
}

static void permutation(const struct column_stats_pair *p, struct jsonw *w)
{
    const struct permutation *const t = &p->permutation;
    jsonw_key(w, "permutation");
    if (isnan(t->p)) {
        jsonw_null(w);
        jsonw_kstr(w, "permutation_reason",
                   p->reason ? p->reason : "not asked for, or more than 100 values");
        return;
    }
    jsonw_object(w);
    jsonw_kf64(w, "p", t->p);
    jsonw_kbool(w, "exact", t->exact);
    jsonw_ki64(w, "assignments", (int64_t)t->assignments);
    jsonw_kf64(w, "error_of_p", t->p_error);
    jsonw_end_object(w);
}

static void posthoc(struct jsonw *w, const char *key, const struct column_stats_posthoc *x)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "p", x->p);
    jsonw_kf64(w, "lower", x->lo);
    jsonw_kf64(w, "upper", x->hi);
    jsonw_end_object(w);
}

static const char no_scale[] = "a group has one value, or nothing varies";

static void effects(const struct column_stats_pair *p, struct jsonw *w)
{
    const struct effect_dominance *const d = &p->dominance;
    figure(w, "cohen_d", p->cohen_d, p->d_ci.lo, p->d_ci.hi, no_scale);
    figure(w, "hedges_g", p->hedges_g, p->g_ci.lo, p->g_ci.hi, no_scale);
    jsonw_kf64(w, "glass_delta", p->glass);
    figure(w, "cliff_delta", d->delta, d->lo, d->hi, no_scale);
    jsonw_kstr(w, "cliff_size", effect_size_name(d->size));
    figure(w, "a12", d->a12, d->a12_lo, d->a12_hi, no_scale);
}

static void equivalence(const struct column_stats *s, const struct column_stats_pair *p,
                        struct jsonw *w)
{
    const struct equivalence *const t = &p->tost;
    jsonw_key(w, "equivalence");
    if (isnan(s->asked.margin)) {
        jsonw_null(w);
        jsonw_kstr(w, "equivalence_reason", "no --margin was given");
        return;
    }
    jsonw_object(w);
    jsonw_kf64(w, "margin", s->asked.margin);
    jsonw_kbool(w, "margin_is_ratio", s->asked.margin_is_ratio);
    jsonw_kf64(w, "t_lower", t->t_lower);
    jsonw_kf64(w, "p_lower", t->p_lower);
    jsonw_kf64(w, "t_upper", t->t_upper);
    jsonw_kf64(w, "p_upper", t->p_upper);
    jsonw_kf64(w, "p", t->p);
    jsonw_kf64(w, "p_holm", p->tost_p_holm);
    jsonw_kf64(w, "lower", t->lo);
    jsonw_kf64(w, "upper", t->hi);
    jsonw_kf64(w, "interval_level", 1 - 2 * (1 - s->asked.conf));
    jsonw_end_object(w);
}

static void verdict(const struct column_stats *s, const struct column_stats_pair *p,
                    struct arena *a, struct jsonw *w)
{
    jsonw_kobject(w, "verdict");
    jsonw_kstr(w, "word", column_stats_verdict_name(p->verdict));
    jsonw_kstr(w, "text", column_stats_verdict_text(s, p, a));
    jsonw_kstr(w, "rests_on", column_stats_basis_name(s));
    jsonw_kstr(w, "estimate_is",
               s->asked.margin_is_ratio ? "log of the ratio" : "difference of the means");
    jsonw_kf64(w, "estimate", p->estimate);
    jsonw_kf64(w, "lower", p->lo);
    jsonw_kf64(w, "upper", p->hi);
    jsonw_kf64(w, "se", p->se);
    jsonw_kf64(w, "df", p->df);
    jsonw_kf64(w, "p", p->p);
    jsonw_kf64(w, "p_holm", p->p_holm);
    jsonw_kf64(w, "detectable", p->detectable);
    if (!isnan(s->asked.detect)) {
        jsonw_key(w, "n_that_would_detect");
        p->wanted ? jsonw_i64(w, (int64_t)p->wanted) : jsonw_null(w);
        if (!p->wanted)
            jsonw_kstr(w, "n_that_would_detect_reason",
                       "no spread is known, the mean is not positive, or more than 1e9");
    }
    jsonw_key(w, "n_that_would_decide");
    p->more ? jsonw_i64(w, (int64_t)p->more) : jsonw_null(w);
    jsonw_kstr(w, "reason",
               p->reason                                          ? p->reason
               : p->verdict == COLUMN_STATS_UNDECIDED && !p->more ? "cannot be told from these"
               : p->more                                          ? nullptr
                                                                  : "it is decided");
    jsonw_end_object(w);
}

static void pair(const struct column_stats *s, const struct column_stats_pair *p, struct arena *a,
                 struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "a", s->groups[p->a].name);
    jsonw_kstr(w, "b", s->groups[p->b].name);
    figure(w, "difference", p->difference, p->welch.lo, p->welch.hi, no_scale);
    figure(w, "ratio", p->ratio, p->ratio_lo, p->ratio_hi,
           isnan(p->ratio) ? "values that are not positive" : no_scale);
    verdict(s, p, a, w);
    t_test(w, "welch", &p->welch);
    jsonw_kf64(w, "welch_p_holm", p->welch_holm);
    t_test(w, "student", &p->student);
    rank_json_tests(w, "p", &p->mann_whitney, p->mann_whitney_holm, &p->ks);
    permutation(p, w);
    if (s->table->pair)
        differences("paired", "pairs", "without_a_partner", &p->pairs, w);
    if (s->table->block)
        differences("blocked", "blocks", "blocks_with_one_only", &p->blocks, w);
    if (s->asked.control)
        posthoc(w, "dunnett", &p->dunnett);
    if (s->n_groups > 2 && !s->asked.control) {
        posthoc(w, "tukey", &p->tukey);
        posthoc(w, "games_howell", &p->games_howell);
    }
    effects(p, w);
    equivalence(s, p, w);
    jsonw_end_object(w);
}

void column_json_stats(const struct column_stats *s, struct arena *a, struct jsonw *w)
{
    jsonw_kobject(w, "method");
    jsonw_kf64(w, "confidence", s->asked.conf);
    jsonw_kstr(w, "signs", "of a against b: positive, or above 1, where a is larger");
    jsonw_kstr(w, "quantiles",
               "type 7; intervals from order statistics, the median's interpolated");
    jsonw_kstr(w, "series", "in the order of the rows; n_effective: of the mean, Geyer's");
    jsonw_kstr(w, "ratio", "of the geometric means, Welch on the logs");
    jsonw_kstr(w, "p_holm",
               s->asked.control ? "Holm's, over all groups against the control"
                                : "Holm's, over all pairs of groups");
    if (s->asked.control)
        jsonw_kstr(w, "control", s->asked.control);
    jsonw_kf64(w, "power", COLUMN_STATS_POWER);
    jsonw_kf64(w, "level_of_one_comparison", s->alpha_pair);
    if (!isnan(s->asked.detect)) {
        jsonw_kf64(w, "detect", s->asked.detect);
        jsonw_kbool(w, "detect_is_ratio", s->asked.detect_is_ratio);
    }
    jsonw_kstr(w, "detectable",
               "the smallest true estimate that these n find with that power at that level");
    jsonw_kstr(w, "permutation",
               "of the values (or differences) that the verdict rests on; "
               "two-sided, the difference of the means");
    jsonw_kobject(w, "null_because");
    jsonw_kstr(w, "sd", "one value");
    jsonw_kstr(w, "cv", "one value, or a mean that is not positive");
    jsonw_kstr(w, "geometric_mean", "values that are not positive");
    jsonw_kstr(w, "tests", "a group with one value, or nothing varies");
    jsonw_kstr(w, "tukey", "nothing varies within the groups");
    jsonw_kstr(w, "dunnett", "nothing varies within the groups");
    jsonw_kstr(w, "detectable", "no spread is known, or there is none");
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_karray(w, "groups");
    for (size_t i = 0; i < s->n_groups; i++)
        group(s, &s->groups[i], a, w);
    jsonw_end_array(w);
    if (s->n_groups > 1) {
        jsonw_kobject(w, "all_groups");
        anova(w, "anova", &s->oneway, true);
        anova(w, "welch_anova", &s->welch, false);
        ranks(w, "kruskal_wallis", &s->kruskal);
        if (s->table->block)
            blocks(s, w);
        jsonw_end_object(w);
    }
    jsonw_karray(w, "pairs");
    for (size_t i = 0; i < s->n_pairs; i++)
        pair(s, &s->pairs[i], a, w);
    jsonw_end_array(w);
}
