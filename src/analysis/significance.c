#include "analysis/significance.h"

#include "analysis/across_json.h"
#include "analysis/group_tests.h"
#include "analysis/pair_json.h"
#include "analysis/summary_json.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "base/str.h"
#include "io/jsonw.h"
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
    struct group_tests tests;
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
    jsonw_karray(w, "damaged");
    for (size_t i = 0; i < r->n_faults; i++) {
        jsonw_object(w);
        if (r->n_replicates > 1)
            jsonw_ki64(w, "replicate", r->faults[i].replicate);
        jsonw_kstr(w, "path", r->faults[i].file);
        jsonw_kstr(w, "reason", r->faults[i].why);
        jsonw_kstr(w, "lost", r->faults[i].lost);
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
               "from two invocations on, of what differs between them; of one, order statistics "
               "widened by the dependence of its samples (docs/METHOD.md)");
    jsonw_ki64(w, "median_interval_needs_n", (int64_t)INTERVAL_LEAST_N);
    jsonw_kstr(w, "rank_interval",
               "distribution-free order statistics of all samples; blind to invocations");
    jsonw_kstr(
        w, "significant",
        "Holm-adjusted p of Welch's test on the logs, over invocations (each the mean of its "
        "logs without a fifth of them at each end; else repetitions, else samples; see "
        "verdict_evidence.rests_on), < 0.05; a family is one scenario and model. p_value, "
        "p_holm and welch are over samples, as in the seed");
    jsonw_kstr(w, "verdict",
               "faster, slower: significant; equivalent: two one-sided tests within the margin; "
               "else undecided, with the runs that would decide it with a power of 80 %");
    jsonw_kf64(w, "equivalence_margin", VERDICT_MARGIN);
    jsonw_kstr(w, "signs",
               "difference, percent_change, d, g and delta: b against a, positive when b "
               "is slower; t_statistic and its intervals: a - b, as in the seed");
    jsonw_end_object(w);
}

static void anovas(struct jsonw *w, const struct results *r, const struct group *groups, size_t n,
                   struct arena *a)
{
    jsonw_key(w, "anova");
    if (n == 1) {
        group_tests_json(&groups[0].tests, r, groups[0].all->cell->key.scenario,
                         groups[0].all->cell->key.model, a, w);
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
        group_tests_json(&groups[i].tests, r, groups[i].all->cell->key.scenario,
                         groups[i].all->cell->key.model, a, w);
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
        summary_json_cell(w, &g->all[i]);
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

/* Room for every pair of neighbours of one scenario and model. */
static size_t most_pairs(const struct cell_stats *cells, size_t n)
{
    size_t pairs = 0;
    for (size_t i = 0, first = 0; i < n; i++) {
        first = same_group(&cells[first], &cells[i]) ? first : i;
        pairs += i - first;
    }
    return pairs;
}

struct testing {
    struct group *groups;
    struct arena **arenas; /* of each worker */
};

static void test_group(void *context, size_t i, size_t worker)
{
    const struct testing *const t = context;
    struct group *const g = &t->groups[i];
    g->tests = group_tests_of((const struct cell_stats *const *)g->ok, g->n_ok, t->arenas[worker]);
}

/* By several threads: the range of twenty groups is a double integral for each pair of them. */
static void test_groups(struct group *groups, size_t n, struct arena *a)
{
    const size_t workers = parallel_width(n, 0);
    struct testing t = {groups, ARENA_ARRAY(a, struct arena *, workers)};
    for (size_t w = 0; w < workers; w++)
        t.arenas[w] = arena_child(a, (size_t)64 << 30);
    parallel_run(n, 0, test_group, &t);
}

/* *ret_pairs: those of all groups, one after the other. */
static size_t make_groups(const struct cell_stats *cells, size_t n, struct arena *a,
                          struct group *groups, struct pair **ret_pairs, size_t *ret_n_pairs)
{
    struct pair *const pairs = ARENA_ARRAY(a, struct pair, most_pairs(cells, n));
    size_t k = 0, n_pairs = 0;
    for (size_t i = 0; i < n; i += groups[k++].n_all) {
        struct group *const g = &groups[k];
        *g = (struct group){.all = &cells[i]};
        while (i + g->n_all < n && same_group(&cells[i], &cells[i + g->n_all]))
            g->n_all++;
        g->ok = ARENA_ARRAY(a, const struct cell_stats *, g->n_all);
        for (size_t j = 0; j < g->n_all; j++)
            if (cells[i + j].n > 0)
                g->ok[g->n_ok++] = &cells[i + j];
        g->pairs = pairs + n_pairs;
        pair_family((const struct cell_stats *const *)g->ok, g->n_ok, VERDICT_MARGIN, a,
                    pairs + n_pairs, &g->n_pairs);
        n_pairs += g->n_pairs;
    }
    test_groups(groups, k, a);
    *ret_pairs = pairs;
    *ret_n_pairs = n_pairs;
    return k;
}

enum err_code significance_json(const struct results *r, const struct cell_stats *cells,
                                struct arena *a, struct str *out, struct significance_counts *ret,
                                struct err *e)
{
    struct group *const groups = ARENA_ARRAY(a, struct group, r->n_cells + 1);
    struct pair *pairs = nullptr;
    size_t n_pairs = 0, n_across = 0;
    const size_t n = make_groups(cells, r->n_cells, a, groups, &pairs, &n_pairs);
    const struct across *const across =
        across_compute(pairs, n_pairs, VERDICT_MARGIN, a, &n_across);
    *ret = (struct significance_counts){};
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.statistical_analysis/1", &w);
    jsonw_kbool(&w, "run_complete", !r->unfinished);
    jsonw_ki64(&w, "cells_without_records", (int64_t)r->n_without_records);
    method(&w);
    summary_json_configurations(&w, r, cells, a);
    jsonw_karray(&w, "pairwise_comparisons");
    for (size_t g = 0; g < n; g++)
        for (size_t i = 0; i < groups[g].n_pairs; i++) {
            const struct pair *const p = &groups[g].pairs[i];
            if (pair_json(&w, r, p, a, e))
                return e->code;
            ret->comparisons++;
            ret->significant += p->significant;
            ret->ranks_differ += p->ranks_differ;
            ret->unequal_work += p->unequal_work;
        }
    jsonw_end_array(&w);
    jsonw_key(&w, "across_scenarios");
    across_json(across, n_across, r, a, &w);
    anovas(&w, r, groups, n, a);
    jsonw_karray(&w, "groups");
    for (size_t g = 0; g < n; g++)
        group_object(&w, r, &groups[g], a);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
    return ERR_OK;
}
