/* want: by hand, from tests/golden/results/ORIGIN.md. */
#include "analysis/cell.h"
#include "analysis/metrics.h"
#include "analysis/significance.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;
static struct results r;
static struct cell_stats *cells;

static const struct cell_stats *cell(const char *scenario, const char *backend,
                                     const char *precision)
{
    for (size_t i = 0; i < r.n_cells; i++) {
        const struct folder_key *const k = &r.cells[i].key;
        if (strcmp(k->scenario, scenario) == 0 && strcmp(k->backend, backend) == 0 &&
            strcmp(k->precision, precision) == 0)
            return &cells[i];
    }
    static const struct results_cell nothing = {.status = STATUS_COUNT};
    static const struct cell_stats none = {.cell = &nothing};
    CHECK(scenario, false, "no cell %s %s %s", scenario, backend, precision);
    return &none;
}

static void test_figures(void)
{
    const struct cell_stats *c = cell("single", "llamacpp-cpu", "fp32");
    CHECK("six samples of two invocations", c->n == 6 && c->n_units == 2, "%zu of %zu", c->n,
          c->n_units);
    CHECK_NEAR("mean", c->mean, 20, 1e-15);
    CHECK_NEAR("median", c->median, 12.5, 1e-15);
    CHECK_NEAR("sd", c->sd, sqrt(1930.0 / 5), 1e-14);
    CHECK_NEAR("ttft", c->ttft_ms, 2, 1e-15);
    CHECK_NEAR("decode per token", c->decode_ms_per_token, 107.0 / 24, 1e-14);
    CHECK_NEAR("tokens/s", c->tokens_per_second, 250, 1e-13);
    CHECK_NEAR("p95 of six is none", c->p95, NOT_MEASURED, 0);
    CHECK_NEAR("cold stays apart", c->cold_latency_ms, 100, 1e-15);
    CHECK_NEAR("warm-up too", c->warmup_latency_ms, 50, 1e-15);
    CHECK_NEAR("load: median of 100 and 120", c->cell->load_ms, 110, 1e-15);
    CHECK_NEAR("nobody compiled", c->cell->compile_ms, NOT_MEASURED, 0);
    CHECK_NEAR("the larger peak", c->peak_rss_mb, 70, 1e-15);
    /* Medians of the two invocations 11 and 14: exp(-+ t(0.975, 1) log(14 / 11) / 2). */
    const double reach = 12.706204736174705 * log(14.0 / 11) / 2;
    CHECK_NEAR("the median's interval", c->median_ci.lo, 12.5 * exp(-reach), 1e-12);
    CHECK_NEAR("its upper end", c->median_ci.hi, 12.5 * exp(reach), 1e-12);
    CHECK("no interval of a latency below zero", c->mean_ci.lo > 0 && c->mean_ci.hi > 20, "%g",
          c->mean_ci.lo);

    c = cell("dual", "llamacpp-cpu", "fp32");
    CHECK("a time-out and an unfinished invocation do not count",
          c->n == 4 && c->not_ok[STATUS_TIMEOUT] == 1 && c->unproven == 1, "%zu, %zu", c->n,
          c->unproven);
    CHECK_NEAR("both agents' tokens over the union of time", c->tokens_per_second, 20 / 0.026,
               1e-13);
    CHECK_NEAR("no interval from four", c->median_ci.lo, NOT_MEASURED, 0);

    c = cell("batch", "onnxruntime-cpu", "fp32");
    CHECK_NEAR("padding is no throughput", c->tokens_per_second, 2000, 1e-13);
    CHECK("early stops", c->early_stops == 2, "%lld", (long long)c->early_stops);
    CHECK_NEAR("one sample has no deviation", c->sd, NOT_MEASURED, 0);
}

static void test_cells_without_figures(void)
{
    static const struct {
        const char *scenario, *backend, *precision, *reason;
        enum status status;
    } rows[] = {
        {"single", "transformers-cpu", "fp32", "worker ended by signal 9 (SIGKILL)",
         STATUS_CRASHED},
        {"single", "transformers-cpu", "int8", "torch has no int8 here", STATUS_INCOMPATIBLE},
        {"batch", "llamacpp-cpu", "fp32", "no invocation has finished; run again with --resume",
         STATUS_SKIPPED},
    };
    CHECK("seven cells", r.n_cells == 7, "%zu", r.n_cells);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct cell_stats *const c =
            cell(rows[i].scenario, rows[i].backend, rows[i].precision);
        CHECK(rows[i].reason, c->cell->status == rows[i].status && c->n == 0, "%s, n %zu",
              status_name(c->cell->status), c->n);
        CHECK("its reason", c->cell->reason && strcmp(c->cell->reason, rows[i].reason) == 0, "%s",
              c->cell->reason ? c->cell->reason : "none");
        CHECK_NEAR("no latency", c->median, NOT_MEASURED, 0);
        CHECK_NEAR("no cold latency", c->cold_latency_ms, NOT_MEASURED, 0);
        CHECK_NEAR("no throughput", c->tokens_per_second, NOT_MEASURED, 0);
    }
    CHECK("the plan's order, not the alphabet's",
          strcmp(r.cells[0].key.scenario, "single") == 0 &&
              strcmp(r.cells[6].key.scenario, "batch") == 0,
          "%s", r.cells[0].key.scenario);
}

static void test_problems(void)
{
    static const struct results_problem want[] = {
        {nullptr, 6, 1, "no JSON"},
        {nullptr, 13, 1, "the last line is torn"},
        {nullptr, 0, 1, "written twice"},
    };
    CHECK("three causes", r.n_problems == COUNT_OF(want), "%zu", r.n_problems);
    for (size_t i = 0; i < COUNT_OF(want) && i < r.n_problems; i++)
        CHECK(want[i].why,
              strcmp(r.problems[i].why, want[i].why) == 0 && r.problems[i].line == want[i].line &&
                  r.problems[i].count == want[i].count,
              "line %llu: %s", (unsigned long long)r.problems[i].line, r.problems[i].why);
}

static double number(const struct json *v, const char *key)
{
    return json_f64(json_get(v, key), NOT_MEASURED);
}

static void test_comparison(const struct json *doc)
{
    const struct json *const pairs = json_get(doc, "pairwise_comparisons");
    CHECK("one pair has samples on both sides", json_len(pairs) == 1, "%zu", json_len(pairs));
    const struct json *const p = json_at(pairs, 0);
    CHECK("a is the first of the plan",
          strcmp(json_str(json_get(p, "group_a"), ""), "llamacpp-cpu/fp32") == 0, "%s",
          json_str(json_get(p, "group_a"), ""));
    CHECK_NEAR("difference is b - a", number(p, "difference"), -4.5, 1e-15);
    CHECK_NEAR("percent", number(p, "percent_change"), -22.5, 1e-15);
    /* pooled variance (1930 + 5.5) / 10; t for a - b; d for b - a */
    CHECK_NEAR("t", number(p, "t_statistic"), 4.5 / sqrt(193.55 / 3), 1e-14);
    CHECK_NEAR("d", number(p, "effect_size_cohens_d"), -4.5 / sqrt(193.55), 1e-14);
    CHECK_NEAR("median ratio", number(p, "median_ratio"), 15.5 / 12.5, 1e-15);
    /* b > a in 29 of the 36 pairs, and one tie at 14 */
    CHECK_NEAR("delta", number(p, "effect_size_cliffs_delta"), 2 * 29.5 / 36 - 1, 1e-14);
    CHECK("not significant", !json_bool(json_get(p, "significant"), true), "significant");
    const struct json *const d = json_get(p, "mean_and_median_disagree");
    CHECK("mean and median disagree",
          strcmp(json_str(json_get(d, "faster_by_mean"), ""), "onnxruntime-cpu/fp32") == 0 &&
              strcmp(json_str(json_get(d, "faster_by_median"), ""), "llamacpp-cpu/fp32") == 0,
          "%s", json_str(json_get(d, "faster_by_mean"), "none"));
    CHECK("one sample is the cause", json_len(json_get(d, "samples")) == 1, "%zu",
          json_len(json_get(d, "samples")));
    CHECK_NEAR("the 60", number(json_at(json_get(d, "samples"), 0), "latency_ms"), 60, 0);
}

static void test_document(void)
{
    CLEANUP(str_done) struct str text = {}, again = {};
    struct significance_counts counts;
    struct err e = {};
    CHECK("it is made, twice",
          !significance_json(&r, cells, a, &text, &counts, &e) &&
              !significance_json(&r, cells, a, &again, &counts, &e),
          "%s", e.msg);
    CHECK("same bytes", text.n == again.n && memcmp(text.text, again.text, text.n) == 0, "differ");
    const struct json *doc = nullptr;
    const enum err_code code = json_parse(text.text, text.n, "text", a, &doc, &e);
    CHECK("is JSON", code == ERR_OK, "%s", e.msg);
    test_comparison(doc);
    const struct json *const s = json_get(json_get(doc, "summaries"), "llamacpp-cpu/fp32");
    CHECK_NEAR("pools single and dual", number(s, "n"), 10, 0);
    CHECK_NEAR("(120 + 44) / 10", number(s, "mean"), 16.4, 1e-15);
    CHECK("and has no interval, with the reason",
          json_is_null(json_get(s, "ci_95_lower")) &&
              strstr(json_str(json_get(s, "ci_reason"), ""), "pools 2 cells"),
          "%s", json_str(json_get(s, "ci_reason"), ""));
    const struct json *const anova = json_get(doc, "anova");
    CHECK("no ANOVA over scenarios",
          json_is_null(json_get(anova, "f_statistic")) && json_get(anova, "reason"),
          "there is one");
    const struct json *const by_group = json_at(json_get(doc, "anova_by_group"), 0);
    /* between: 6 * 2.25^2 * 2 = 60.75; within: 1935.5 / 10 */
    CHECK_NEAR("F of single", number(by_group, "f_statistic"), 60.75 / 193.55, 1e-13);
    CHECK("counts", counts.comparisons == 1 && counts.significant == 0 && counts.ranks_differ == 1,
          "%zu %zu %zu", counts.comparisons, counts.significant, counts.ranks_differ);
    /* the plan, five samples.jsonl, eight run_<n>.json */
    CHECK("hashes of the inputs",
          json_len(json_get(json_get(doc, "generated_from"), "files")) == 14, "%zu",
          json_len(json_get(json_get(doc, "generated_from"), "files")));
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *whole = arena_new(256U << 20);
    a = whole;
    struct err e = {};
    const char *const root = getenv("CHIMERA_TESTS");
    const char *const folder = file_join(a, root ? root : "tests", "golden/results/small");
    const enum err_code code = results_read(&folder, 1, a, &r, &e);
    if (code == ERR_UNAVAILABLE) {
        printf("1..0 # SKIP %s\n", e.msg);
        return 0;
    }
    CHECK("the folder is read", code == ERR_OK, "%s", e.msg);
    if (code)
        return test_done();
    cells = ARENA_ARRAY(a, struct cell_stats, r.n_cells);
    CHECK("and its cells", !cell_compute(&r, nullptr, a, cells, &e) && !results_finish(&r, a, &e),
          "%s", e.msg);
    test_figures();
    test_cells_without_figures();
    test_problems();
    test_document();
    results_done(&r);
    return test_done();
}
