#include "analysis/metrics.h"

#include "base/defs.h"
#include "base/str.h"
#include "io/csv.h"
#include "io/jsonw.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

enum kind : uint8_t { TEXT, COUNT, NUMBER };

struct column {
    const char *name;
    enum kind kind;
    const char *(*text)(const struct cell_stats *c);
    int64_t (*count)(const struct cell_stats *c); /* -1: there is none */
    double (*number)(const struct cell_stats *c);
};

#define GET_TEXT(name, expr)                                                                       \
    static const char *name(const struct cell_stats *c)                                            \
    {                                                                                              \
        return expr;                                                                               \
    }
#define GET_COUNT(name, expr)                                                                      \
    static int64_t name(const struct cell_stats *c)                                                \
    {                                                                                              \
        return (int64_t)(expr);                                                                    \
    }
#define GET_NUMBER(name, expr)                                                                     \
    static double name(const struct cell_stats *c)                                                 \
    {                                                                                              \
        return expr;                                                                               \
    }

GET_TEXT(scenario, c->cell->key.scenario)
GET_TEXT(backend, c->cell->key.backend)
GET_TEXT(precision, c->cell->key.precision)
GET_TEXT(model, c->cell->key.model)
GET_TEXT(status, status_name(c->cell->status))
GET_COUNT(n_samples, !c->row ? (double)c->n : isfinite(c->row->n_samples) ? c->row->n_samples : -1)
GET_TEXT(source, c->n_rows ? "imported" : "samples")
GET_NUMBER(mean, c->mean)
GET_NUMBER(median, c->median)
GET_NUMBER(sd, c->sd)
GET_NUMBER(least, c->min)
GET_NUMBER(most, c->max)
GET_NUMBER(p95, c->p95)
GET_NUMBER(p99, c->p99)
GET_NUMBER(ttft, c->ttft_ms)
GET_NUMBER(tokens_per_second, c->tokens_per_second)
GET_NUMBER(median_lo, c->median_ci.lo)
GET_NUMBER(median_hi, c->median_ci.hi)
GET_COUNT(n_invocations, c->n_units)
GET_COUNT(n_runs, c->cell->n_runs)

static int64_t n_not_ok(const struct cell_stats *c)
{
    size_t n = 0;
    for (size_t i = STATUS_OK + 1; i < STATUS_COUNT; i++)
        n += c->not_ok[i];
    return (int64_t)n;
}

GET_NUMBER(prefill, c->prefill_ms)
GET_NUMBER(decode, c->decode_ms_per_token)
GET_NUMBER(busy, c->busy_ms)
GET_COUNT(prompt_tokens, c->knows_prompt ? c->prompt_tokens : -1)
GET_COUNT(generated_tokens, c->knows_generated ? c->generated_tokens : -1)
GET_COUNT(early_stops, c->knows_stops ? c->early_stops : -1)
GET_NUMBER(cold, c->cold_latency_ms)
GET_NUMBER(warmup, c->warmup_latency_ms)
GET_NUMBER(load, c->cell->load_ms)
GET_NUMBER(compile, c->cell->compile_ms)
GET_NUMBER(rss, c->peak_rss_mb)
GET_NUMBER(cpu, c->cell->cpu_percent)

#define GET_QUALITY(field)                                                                         \
    static double quality_##field(const struct cell_stats *c)                                      \
    {                                                                                              \
        return c->quality ? c->quality->field : NOT_MEASURED;                                      \
    }
GET_QUALITY(accuracy)
GET_QUALITY(exact_match)
GET_QUALITY(edit_similarity)
GET_QUALITY(rouge_l)
GET_QUALITY(bleu)
GET_QUALITY(chrf)
GET_QUALITY(token_prefix)
GET_QUALITY(semantic)
GET_QUALITY(length_ratio)
GET_QUALITY(perplexity)
GET_QUALITY(perplexity_rel_increase)
GET_TEXT(quality_status, c->quality ? c->quality->status : "")
GET_TEXT(quality_reason, c->quality ? c->quality->reason : "")

/* clang-format off */
static const struct column columns[] = {
    {"scenario", TEXT, .text = scenario},
    {"backend", TEXT, .text = backend},
    {"quantization", TEXT, .text = precision},
    {"model", TEXT, .text = model},
    {"status", TEXT, .text = status},
    {"n_samples", COUNT, .count = n_samples},
    {"avg_latency_ms", NUMBER, .number = mean},
    {"median_latency_ms", NUMBER, .number = median},
    {"std_latency_ms", NUMBER, .number = sd},
    {"min_latency_ms", NUMBER, .number = least},
    {"max_latency_ms", NUMBER, .number = most},
    {"p50_latency_ms", NUMBER, .number = median},
    {"p95_latency_ms", NUMBER, .number = p95},
    {"p99_latency_ms", NUMBER, .number = p99},
    {"ttft_ms", NUMBER, .number = ttft},
    {"tokens_per_second", NUMBER, .number = tokens_per_second},
    {"median_ci_low_ms", NUMBER, .number = median_lo},
    {"median_ci_high_ms", NUMBER, .number = median_hi},
    {"n_invocations", COUNT, .count = n_invocations},
    {"n_runs", COUNT, .count = n_runs},
    {"n_not_ok", COUNT, .count = n_not_ok},
    {"prefill_ms", NUMBER, .number = prefill},
    {"decode_ms_per_token", NUMBER, .number = decode},
    {"prompt_tokens", COUNT, .count = prompt_tokens},
    {"generated_tokens", COUNT, .count = generated_tokens},
    {"busy_ms", NUMBER, .number = busy},
    {"early_stops", COUNT, .count = early_stops},
    {"cold_latency_ms", NUMBER, .number = cold},
    {"warmup_latency_ms", NUMBER, .number = warmup},
    {"load_ms", NUMBER, .number = load},
    {"compile_ms", NUMBER, .number = compile},
    {"peak_rss_mb", NUMBER, .number = rss},
    {"cpu_percent", NUMBER, .number = cpu},
    {"accuracy", NUMBER, .number = quality_accuracy},
    {"output_exact_match", NUMBER, .number = quality_exact_match},
    {"output_edit_similarity", NUMBER, .number = quality_edit_similarity},
    {"output_rouge_l", NUMBER, .number = quality_rouge_l},
    {"output_bleu", NUMBER, .number = quality_bleu},
    {"output_chrf", NUMBER, .number = quality_chrf},
    {"output_token_prefix", NUMBER, .number = quality_token_prefix},
    {"output_semantic", NUMBER, .number = quality_semantic},
    {"output_length_ratio", NUMBER, .number = quality_length_ratio},
    {"perplexity", NUMBER, .number = quality_perplexity},
    {"perplexity_rel_increase", NUMBER, .number = quality_perplexity_rel_increase},
    {"quality_status", TEXT, .text = quality_status},
    {"quality_reason", TEXT, .text = quality_reason},
    {"source", TEXT, .text = source},
};
/* clang-format on */

void metrics_reason(const struct cell_stats *c, struct str *out)
{
    uint32_t damaged = 0;
    for (uint32_t i = 0; i < c->cell->n_runs; i++)
        damaged += !c->cell->runs[i].evidence;
    if (c->cell->status != STATUS_OK) {
        str_puts(out, c->cell->reason ? c->cell->reason : "no reason was recorded");
        return;
    }
    if (c->row) {
        str_puts(out, "figures are the source's own; it gives no samples, so there is no interval");
        return;
    }
    if (c->n_rows > 1) {
        str_printf(out, "%zu imported rows of this cell, which have no common figure", c->n_rows);
        return;
    }
    if (c->n == 0) {
        str_puts(out, "no measured sample is ok");
        return;
    }
    if (c->unproven)
        str_printf(out, "samples of an invocation that has not finished do not count: %zu; ",
                   c->unproven);
    if (damaged)
        str_printf(out,
                   "damaged run_<n>.json, of %u: %u, of which load time and memory are unknown; ",
                   c->cell->n_runs, damaged);
    if (c->median_ci.reason)
        str_printf(out, "interval of the median: %s, there are %zu; ", c->median_ci.reason, c->n);
    if (isnan(c->p95))
        str_printf(out, "p95 needs %zu samples, there are %zu; ", quantile_least_n(0.95), c->n);
    if (isnan(c->p99))
        str_printf(out, "p99 needs %zu samples, there are %zu; ", quantile_least_n(0.99), c->n);
    if (out->n >= 2 && memcmp(out->text + out->n - 2, "; ", 2) == 0) {
        out->n -= 2;
        out->text[out->n] = '\0';
    }
}

void metrics_csv(const struct cell_stats *cells, size_t n, struct str *out)
{
    for (size_t k = 0; k < COUNT_OF(columns); k++)
        str_printf(out, "%s,", columns[k].name);
    str_puts(out, "reason\n");
    CLEANUP(str_done) struct str reason = {};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < COUNT_OF(columns); k++) {
            const struct column *const c = &columns[k];
            if (c->kind == TEXT)
                csv_put(out, c->text(&cells[i]));
            else if (c->kind == COUNT && c->count(&cells[i]) >= 0)
                str_printf(out, "%lld", (long long)c->count(&cells[i]));
            else if (c->kind == NUMBER && isfinite(c->number(&cells[i]))) {
                struct jsonw w = {.out = out}; /* the shortest that reads back the same */
                jsonw_f64(&w, c->number(&cells[i]));
            }
            str_putc(out, ',');
        }
        str_clear(&reason);
        metrics_reason(&cells[i], &reason);
        csv_put(out, str_text(&reason));
        str_putc(out, '\n');
    }
}

void metrics_json(const struct cell_stats *cells, size_t n, struct jsonw *w)
{
    CLEANUP(str_done) struct str reason = {};
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_object(w);
        for (size_t k = 0; k < COUNT_OF(columns); k++) {
            const struct column *const c = &columns[k];
            jsonw_key(w, c->name);
            if (c->kind == TEXT)
                jsonw_str(w, c->text(&cells[i]));
            else if (c->kind == NUMBER)
                jsonw_f64(w, c->number(&cells[i]));
            else if (c->count(&cells[i]) >= 0)
                jsonw_i64(w, c->count(&cells[i]));
            else
                jsonw_null(w);
        }
        str_clear(&reason);
        metrics_reason(&cells[i], &reason);
        jsonw_kstr(w, "reason", reason.n ? str_text(&reason) : nullptr);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}
