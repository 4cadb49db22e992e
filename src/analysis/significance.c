#include "analysis/significance.h"

#include "analysis/pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/jsonw.h"
#include "num/anova.h"
#include "num/bootstrap.h"
#include "num/dist.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct group { /* of one scenario and model: neighbours in the order of the cells */
    const struct cell_stats *all;
    size_t n_all;
    const struct cell_stats **ok; /* those with at least one sample */
    size_t n_ok;
    const struct pair *pairs;
    size_t n_pairs;
    struct anova anova, welch;
    const char *why_no_anova;
};

void significance_header(const struct results *r, const char *schema, struct jsonw *w)
{
    jsonw_kstr(w, "schema", schema);
    jsonw_kstr(w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(w, "generated_from");
    jsonw_kstr(w, "experiment_sha256", r->experiment);
    jsonw_ki64(w, "replicates", r->n_replicates);
    jsonw_karray(w, "files");
    for (size_t i = 0; i < r->n_inputs; i++) {
        jsonw_object(w);
        if (r->n_replicates > 1)
            jsonw_ki64(w, "replicate", r->inputs[i].replicate);
        jsonw_kstr(w, "path", r->inputs[i].relative);
        jsonw_ki64(w, "bytes", r->inputs[i].bytes);
        jsonw_kstr(w, "sha256", r->inputs[i].sha256);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_karray(w, "left_out");
    for (size_t i = 0; i < r->n_problems; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "path", r->problems[i].file);
        jsonw_ki64(w, "first_line", (int64_t)r->problems[i].line);
        jsonw_ki64(w, "lines", (int64_t)r->problems[i].count);
        jsonw_kstr(w, "reason", r->problems[i].why);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void method(struct jsonw *w)
{
    jsonw_kobject(w, "method");
    jsonw_kstr(w, "metric", "latency_ms");
    jsonw_kf64(w, "confidence", CELL_CONFIDENCE);
    jsonw_kstr(w, "quantile", "Hyndman-Fan type 7");
    jsonw_ki64(w, "p95_needs_n", (int64_t)quantile_least_n(0.95));
    jsonw_ki64(w, "p99_needs_n", (int64_t)quantile_least_n(0.99));
    jsonw_kstr(w, "median_interval",
               "hierarchical percentile bootstrap: invocations, then samples within them");
    jsonw_ki64(w, "bootstrap_seed", (int64_t)CELL_SEED);
    jsonw_ki64(w, "median_interval_needs_n", (int64_t)BOOTSTRAP_LEAST_N);
    jsonw_kstr(w, "rank_interval",
               "distribution-free order statistics of all samples; blind to invocations");
    jsonw_kstr(w, "significant",
               "Holm-adjusted p of Welch's test < 0.05; a family is one scenario "
               "and model");
    jsonw_kstr(w, "signs",
               "difference, percent_change, d, g and delta: b against a, positive when b "
               "is slower; t_statistic and its intervals: a - b, as in the seed");
    jsonw_end_object(w);
}

static void interval(struct jsonw *w, const char *lo_key, double lo, const char *hi_key, double hi)
{
    jsonw_kf64(w, lo_key, lo);
    jsonw_kf64(w, hi_key, hi);
}

/* ---- a summary of one cell ---- */

static void cell_intervals(struct jsonw *w, const struct cell_stats *c)
{
    interval(w, "ci_95_lower", c->mean_lo, "ci_95_upper", c->mean_hi);
    jsonw_kstr(w, c->mean_ci_method ? "ci_method" : "ci_reason",
               c->mean_ci_method ? c->mean_ci_method : c->mean_ci_reason);
    interval(w, "median_ci_95_lower", c->median_lo, "median_ci_95_upper", c->median_hi);
    jsonw_ki64(w, "bootstrap_resamples", (int64_t)c->n_medians);
    if (c->n_medians == 0)
        jsonw_kstr(w, "median_ci_reason", "fewer than 6 samples");
    else if (c->n_units == 1)
        jsonw_kstr(w, "median_ci_caution",
                   "one invocation: variation between invocations is not in the interval");
    else if (c->n_units < 5)
        jsonw_kstr(w, "median_ci_caution",
                   "fewer than five invocations: the interval is narrower than it claims");
    interval(w, "median_rank_lower", c->rank_lo, "median_rank_upper", c->rank_hi);
}

static void counts_by_status(struct jsonw *w, const size_t *n)
{
    jsonw_kobject(w, "samples_by_status");
    for (unsigned s = 0; s < STATUS_COUNT; s++)
        if (n[s])
            jsonw_ki64(w, status_name((enum status)s), (int64_t)n[s]);
    jsonw_end_object(w);
}

static void spread(struct jsonw *w, double mean, double median, double sd, double min, double max,
                   double q25, double q75, size_t n)
{
    jsonw_kf64(w, "mean", mean);
    jsonw_kf64(w, "median", median);
    jsonw_kf64(w, "std", sd);
    jsonw_kf64(w, "min", min);
    jsonw_kf64(w, "max", max);
    jsonw_kf64(w, "q25", q25);
    jsonw_kf64(w, "q75", q75);
    jsonw_ki64(w, "n", (int64_t)n);
}

static void source(struct jsonw *w, const struct cell_stats *c)
{
    jsonw_kstr(w, "source", c->n_rows ? "imported" : "samples");
}

/* What the source says of a cell without samples; the key n_claimed is its own word for n. */
static void row_summary(struct jsonw *w, const struct cell_stats *c)
{
    static const char why[] = "imported as a row: the source gives no samples";
    spread(w, c->mean, c->median, c->sd, NOT_MEASURED, c->max, NOT_MEASURED, NOT_MEASURED, 0);
    source(w, c);
    jsonw_key(w, "n_claimed");
    isfinite(c->row->n_samples) ? jsonw_i64(w, (int64_t)c->row->n_samples) : jsonw_null(w);
    interval(w, "ci_95_lower", NOT_MEASURED, "ci_95_upper", NOT_MEASURED);
    jsonw_kstr(w, "ci_reason", why);
    interval(w, "median_ci_95_lower", NOT_MEASURED, "median_ci_95_upper", NOT_MEASURED);
    jsonw_kstr(w, "median_ci_reason", why);
    jsonw_kf64(w, "p99", c->p99);
    jsonw_kf64(w, "first_ms", c->row->first_ms);
    jsonw_kf64(w, "mean_excl_first_ms", c->row->mean_excl_first_ms);
    jsonw_kf64(w, "median_rest_ms", c->row->median_rest_ms);
    jsonw_kf64(w, "tokens_per_second", c->tokens_per_second);
}

static void cell_summary(struct jsonw *w, const struct cell_stats *c)
{
    if (c->row) {
        jsonw_object(w);
        jsonw_kstr(w, "status", status_name(c->cell->status));
        row_summary(w, c);
        jsonw_end_object(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "status", status_name(c->cell->status));
    jsonw_kstr(w, "reason", c->cell->reason);
    spread(w, c->mean, c->median, c->sd, c->min, c->max, c->q25, c->q75, c->n);
    jsonw_ki64(w, "n_invocations", (int64_t)c->n_units);
    jsonw_kf64(w, "p95", c->p95);
    jsonw_kf64(w, "p99", c->p99);
    jsonw_kstr(w, "percentiles_reason",
               c->n == 0 ? "it has no ok sample"
               : c->n < quantile_least_n(0.95)
                   ? "too few samples: see method.p95_needs_n, p99_needs_n"
               : c->n < quantile_least_n(0.99) ? "too few samples for p99: see method.p99_needs_n"
                                               : nullptr);
    cell_intervals(w, c);
    source(w, c);
    jsonw_kf64(w, "lag1_autocorrelation", moment_lag1(c->x, c->n));
    jsonw_kf64(w, "tokens_per_second", c->tokens_per_second);
    counts_by_status(w, c->not_ok);
    jsonw_end_object(w);
}

/* ---- the seed's summaries: one per configuration, over all that it ran ---- */

static void pooled_summary(struct jsonw *w, const struct cell_stats *const *cells, size_t n,
                           struct arena *scratch)
{
    size_t total = 0, with = 0, rows = 0, statuses[STATUS_COUNT] = {};
    const struct cell_stats *only = nullptr, *row = nullptr;
    for (size_t i = 0; i < n; i++) {
        row = cells[i]->row ? cells[i] : row;
        rows += (size_t)(cells[i]->row != nullptr);
        total += cells[i]->n;
        with += (size_t)(cells[i]->n > 0);
        only = cells[i]->n > 0 ? cells[i] : only;
        for (size_t s = 0; s < STATUS_COUNT; s++)
            statuses[s] += cells[i]->not_ok[s];
    }
    if (with == 0 && rows == 1) {
        jsonw_object(w);
        row_summary(w, row);
        jsonw_ki64(w, "n_cells", 1);
        jsonw_end_object(w);
        return;
    }
    double *const x = ARENA_ARRAY(scratch, double, total);
    size_t at = 0;
    for (size_t i = 0; i < n; at += cells[i++]->n)
        if (cells[i]->n)
            memcpy(x + at, cells[i]->x, cells[i]->n * sizeof *x);
    const struct moment m = moment_of(x, total);
    quantile_sort(x, total);
    jsonw_object(w);
    spread(w, m.mean, quantile_sorted(x, total, 0.5), m.sd, m.min, m.max,
           quantile_sorted(x, total, 0.25), quantile_sorted(x, total, 0.75), total);
    jsonw_ki64(w, "n_cells", (int64_t)with);
    if (with == 1) {
        cell_intervals(w, only);
    } else {
        interval(w, "ci_95_lower", NOT_MEASURED, "ci_95_upper", NOT_MEASURED);
        jsonw_kstr(
            w, "ci_reason",
            rows > 0    ? arena_printf(scratch,
                                       "%zu cells are known from imported rows only, which have "
                                          "no common figure; see groups",
                                       rows)
            : with == 0 ? "no cell of it is ok"
                        : arena_printf(scratch,
                                       "pools %zu cells of different scenarios or models, which "
                                       "are no replicates; see groups",
                                       with));
    }
    counts_by_status(w, statuses);
    jsonw_end_object(w);
}

static void summaries(struct jsonw *w, const struct results *r, const struct cell_stats *cells,
                      struct arena *a)
{
    bool *const done = ARENA_ARRAY(a, bool, r->n_cells);
    const struct cell_stats **const mine = ARENA_ARRAY(a, const struct cell_stats *, r->n_cells);
    jsonw_kobject(w, "summaries");
    for (size_t i = 0; i < r->n_cells; i++) {
        if (done[i])
            continue;
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
        const struct folder_key *const key = &cells[i].cell->key;
        size_t n = 0;
        for (size_t j = i; j < r->n_cells; j++)
            if (strcmp(cells[j].cell->key.backend, key->backend) == 0 &&
                strcmp(cells[j].cell->key.precision, key->precision) == 0) {
                done[j] = true;
                mine[n++] = &cells[j];
            }
        jsonw_key(w, cell_label(r, cells[i].cell, scratch));
        pooled_summary(w, mine, n, scratch);
    }
    jsonw_end_object(w);
}

/* ---- pairs ---- */

static void t_test(struct jsonw *w, const char *key, const struct compare_t *t)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "t_statistic", t->t);
    jsonw_kf64(w, "df", t->df);
    jsonw_kf64(w, "p_value", t->p);
    interval(w, "ci_95_lower", t->lo, "ci_95_upper", t->hi);
    jsonw_end_object(w);
}

static enum err_code culprits(struct jsonw *w, const struct results *r, const struct pair *p,
                              struct arena *a, struct err *e)
{
    struct cell_sample *const samples = ARENA_ARRAY(a, struct cell_sample, p->n_culprits);
    if (cell_identify(r, p->culprits_of, p->culprits, p->n_culprits, samples, e))
        return e->code;
    jsonw_kobject(w, "mean_and_median_disagree");
    const bool mean_prefers_a = p->difference > 0;
    const char *const name_a = cell_label(r, p->a->cell, a), *const name_b =
                                                                 cell_label(r, p->b->cell, a);
    jsonw_kstr(w, "faster_by_mean", mean_prefers_a ? name_a : name_b);
    jsonw_kstr(w, "faster_by_median", mean_prefers_a ? name_b : name_a);
    jsonw_kbool(w, "agree_without_samples", p->culprits_suffice);
    jsonw_karray(w, "samples");
    for (size_t i = 0; i < p->n_culprits; i++) {
        const struct cell_sample *const s = &samples[i];
        jsonw_object(w);
        jsonw_kstr(w, "of", cell_label(r, p->culprits_of->cell, a));
        jsonw_ki64(w, "replicate", s->replicate);
        jsonw_ki64(w, "invocation", s->invocation);
        jsonw_ki64(w, "repetition", s->repetition);
        jsonw_ki64(w, "prompt_index", s->prompt_index);
        jsonw_ki64(w, "agent", s->agent);
        jsonw_kf64(w, "latency_ms", s->latency_ms);
        jsonw_kf64(w, "above_median_ms", s->latency_ms - p->culprits_of->median);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return ERR_OK;
}

/* With the length guard: who generated fewer tokens is not faster, whatever the clock says. */
static void significant(struct jsonw *w, const struct pair *p, struct arena *a)
{
    jsonw_kf64(w, "tokens_per_sample_a", p->tokens_a);
    jsonw_kf64(w, "tokens_per_sample_b", p->tokens_b);
    jsonw_kstr(w, "length_guard",
               isnan(p->tokens_a) || isnan(p->tokens_b) ? nullptr
               : p->unequal_work                        ? "unequal work"
                                                        : "same work");
    if (!p->unequal_work) {
        jsonw_kbool(w, "significant", p->significant);
        return;
    }
    jsonw_key(w, "significant");
    jsonw_null(w);
    jsonw_kstr(w, "significant_reason",
               arena_printf(a,
                            "unequal work: %.4g and %.4g generated tokens per sample; early stops: "
                            "%" PRId64 " and %" PRId64,
                            p->tokens_a, p->tokens_b, p->a->early_stops, p->b->early_stops));
}

static enum err_code pair_object(struct jsonw *w, const struct results *r, const struct pair *p,
                                 struct arena *a, struct err *e)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", p->a->cell->key.scenario);
    jsonw_kstr(w, "model", p->a->cell->key.model);
    jsonw_kstr(w, "group_a", cell_label(r, p->a->cell, a));
    jsonw_kstr(w, "group_b", cell_label(r, p->b->cell, a));
    jsonw_kstr(w, "metric", "latency_ms");
    jsonw_ki64(w, "n_a", (int64_t)p->a->n);
    jsonw_ki64(w, "n_b", (int64_t)p->b->n);
    jsonw_kf64(w, "mean_a", p->a->mean);
    jsonw_kf64(w, "mean_b", p->b->mean);
    jsonw_kf64(w, "median_a", p->a->median);
    jsonw_kf64(w, "median_b", p->b->median);
    jsonw_kf64(w, "difference", p->difference);
    jsonw_kf64(w, "percent_change", p->percent_change);
    jsonw_kf64(w, "t_statistic", p->pooled.t);
    jsonw_kf64(w, "p_value", p->pooled.p);
    jsonw_kf64(w, "p_holm", p->holm_welch);
    significant(w, p, a);
    if (isnan(p->welch.p))
        jsonw_kstr(w, "p_reason", "neither group varies: there is no scale to compare with");
    jsonw_kf64(w, "effect_size_cohens_d", p->cohen_d);
    jsonw_kf64(w, "effect_size_hedges_g", p->hedges_g);
    jsonw_kf64(w, "effect_size_cliffs_delta", p->mann_whitney.cliff);
    jsonw_kf64(w, "median_ratio", p->ratio);
    interval(w, "median_ratio_ci_95_lower", p->ratio_lo, "median_ratio_ci_95_upper", p->ratio_hi);
    t_test(w, "welch", &p->welch);
    jsonw_kobject(w, "mann_whitney");
    jsonw_kf64(w, "u", p->mann_whitney.u);
    jsonw_kf64(w, "p_value", p->mann_whitney.p);
    jsonw_kf64(w, "p_holm", p->holm_mann_whitney);
    jsonw_kbool(w, "exact", p->mann_whitney.exact);
    jsonw_end_object(w);
    t_test(w, "welch_over_invocation_means", &p->by_invocation);
    if (isnan(p->by_invocation.p))
        jsonw_kstr(w, "caution",
                   p->a->n_units < 2 || p->b->n_units < 2
                       ? "one invocation: what differs between invocations is not in any p"
                       : "the means of the invocations do not vary");
    else if (p->significant && !(p->by_invocation.p < PAIR_ALPHA))
        jsonw_kstr(w, "caution",
                   "not significant over the means of the invocations: samples of one "
                   "invocation are no replicates");
    if (p->ranks_differ && culprits(w, r, p, a, e))
        return e->code;
    jsonw_end_object(w);
    return ERR_OK;
}

/* ---- groups and ANOVA ---- */

static void find_anova(struct group *g, struct arena *scratch)
{
    size_t total = 0;
    for (size_t i = 0; i < g->n_ok; i++)
        total += g->ok[i]->n;
    double *const x = ARENA_ARRAY(scratch, double, total);
    size_t *const n = ARENA_ARRAY(scratch, size_t, g->n_ok);
    struct moment *const m = ARENA_ARRAY(scratch, struct moment, g->n_ok);
    for (size_t i = 0, at = 0; i < g->n_ok; at += n[i++]) {
        n[i] = g->ok[i]->n;
        m[i] = moment_of(g->ok[i]->x, n[i]);
        memcpy(x + at, g->ok[i]->x, n[i] * sizeof *x);
    }
    g->anova = anova_oneway(x, n, g->n_ok);
    g->welch = anova_welch(m, g->n_ok);
    g->why_no_anova = g->n_ok < 2         ? "fewer than two configurations have samples"
                      : isnan(g->anova.f) ? "nothing varies within the configurations"
                                          : nullptr;
}

static void anova_object(struct jsonw *w, const struct results *r, const struct group *g,
                         struct arena *a)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", g->all->cell->key.scenario);
    jsonw_kstr(w, "model", g->all->cell->key.model);
    jsonw_kf64(w, "f_statistic", g->anova.f);
    jsonw_kf64(w, "df_between", g->anova.df1);
    jsonw_kf64(w, "df_within", g->anova.df2);
    jsonw_kf64(w, "p_value", g->anova.p);
    jsonw_kbool(w, "significant", g->welch.p < PAIR_ALPHA);
    jsonw_kstr(w, "significant_by", "Welch's ANOVA");
    if (g->why_no_anova)
        jsonw_kstr(w, "reason", g->why_no_anova);
    jsonw_kobject(w, "welch");
    jsonw_kf64(w, "f_statistic", g->welch.f);
    jsonw_kf64(w, "df_between", g->welch.df1);
    jsonw_kf64(w, "df_within", g->welch.df2);
    jsonw_kf64(w, "p_value", g->welch.p);
    jsonw_end_object(w);
    jsonw_karray(w, "groups");
    for (size_t i = 0; i < g->n_ok; i++)
        jsonw_str(w, cell_label(r, g->ok[i]->cell, a));
    jsonw_end_array(w);
    jsonw_ki64(w, "n_groups", (int64_t)g->n_ok);
    jsonw_end_object(w);
}

static void anovas(struct jsonw *w, const struct results *r, const struct group *groups, size_t n,
                   struct arena *a)
{
    jsonw_key(w, "anova");
    if (n == 1) {
        anova_object(w, r, &groups[0], a);
    } else {
        jsonw_object(w);
        jsonw_kf64(w, "f_statistic", NOT_MEASURED);
        jsonw_kf64(w, "p_value", NOT_MEASURED);
        jsonw_key(w, "significant");
        jsonw_null(w);
        jsonw_kstr(w, "reason",
                   n ? arena_printf(a,
                                    "%zu pairs of scenario and model, which are no replicates; see "
                                    "anova_by_group",
                                    n)
                     : "no cell");
        jsonw_karray(w, "groups");
        jsonw_end_array(w);
        jsonw_ki64(w, "n_groups", 0);
        jsonw_end_object(w);
    }
    jsonw_karray(w, "anova_by_group");
    for (size_t i = 0; i < n; i++)
        anova_object(w, r, &groups[i], a);
    jsonw_end_array(w);
}

static void group_object(struct jsonw *w, const struct results *r, const struct group *g,
                         struct arena *a)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", g->all->cell->key.scenario);
    jsonw_kstr(w, "model", g->all->cell->key.model);
    jsonw_kobject(w, "summaries");
    for (size_t i = 0; i < g->n_all; i++) {
        jsonw_key(w, cell_label(r, g->all[i].cell, a));
        cell_summary(w, &g->all[i]);
    }
    jsonw_end_object(w);
    jsonw_ki64(w, "n_comparisons", (int64_t)g->n_pairs);
    jsonw_end_object(w);
}

static bool same_group(const struct cell_stats *a, const struct cell_stats *b)
{
    return strcmp(a->cell->key.scenario, b->cell->key.scenario) == 0 &&
           strcmp(a->cell->key.model, b->cell->key.model) == 0;
}

static size_t make_groups(const struct cell_stats *cells, size_t n, struct arena *a,
                          struct group *groups)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i += groups[k++].n_all) {
        struct group *const g = &groups[k];
        *g = (struct group){.all = &cells[i]};
        while (i + g->n_all < n && same_group(&cells[i], &cells[i + g->n_all]))
            g->n_all++;
        g->ok = ARENA_ARRAY(a, const struct cell_stats *, g->n_all);
        for (size_t j = 0; j < g->n_all; j++)
            if (cells[i + j].n > 0)
                g->ok[g->n_ok++] = &cells[i + j];
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)4 << 30);
        find_anova(g, scratch);
        struct pair *const pairs =
            ARENA_ARRAY(a, struct pair, g->n_ok > 1 ? g->n_ok * (g->n_ok - 1) / 2 : 0);
        pair_family((const struct cell_stats *const *)g->ok, g->n_ok, VERDICT_MARGIN, a, pairs,
                    &g->n_pairs);
        g->pairs = pairs;
    }
    return k;
}

enum err_code significance_json(const struct results *r, const struct cell_stats *cells,
                                struct arena *a, struct str *out, struct significance_counts *ret,
                                struct err *e)
{
    struct group *const groups = ARENA_ARRAY(a, struct group, r->n_cells + 1);
    const size_t n = make_groups(cells, r->n_cells, a, groups);
    *ret = (struct significance_counts){};
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.statistical_analysis/1", &w);
    jsonw_kbool(&w, "run_complete", !r->unfinished);
    method(&w);
    summaries(&w, r, cells, a);
    jsonw_karray(&w, "pairwise_comparisons");
    for (size_t g = 0; g < n; g++)
        for (size_t i = 0; i < groups[g].n_pairs; i++) {
            const struct pair *const p = &groups[g].pairs[i];
            if (pair_object(&w, r, p, a, e))
                return e->code;
            ret->comparisons++;
            ret->significant += p->significant;
            ret->ranks_differ += p->ranks_differ;
            ret->unequal_work += p->unequal_work;
        }
    jsonw_end_array(&w);
    anovas(&w, r, groups, n, a);
    jsonw_karray(&w, "groups");
    for (size_t g = 0; g < n; g++)
        group_object(&w, r, &groups[g], a);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
    return ERR_OK;
}
