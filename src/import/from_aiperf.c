#include "import/from_aiperf.h"

#include "base/arena.h"
#include "base/defs.h"
#include "import/session.h"
#include "io/csv.h"
#include "io/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct session *s;
    struct arena *a;
    const char *scenario, *model;
    uint64_t
        counts_differ; /* records whose server counted other tokens than the tool's tokenizer */
};

/* A metric's value in ms, by the unit that stands beside it; the name of the value: "value", "avg".
 */
static double in_ms(const struct json *metric, const char *name)
{
    static const struct {
        const char *unit;
        double times;
    } units[] = {{"ms", 1}, {"sec", 1e3}, {"s", 1e3}, {"seconds", 1e3}, {"us", 1e-3}, {"ns", 1e-6}};
    const double x = json_f64(json_get(metric, name), NOT_MEASURED);
    const char *const unit = json_str(json_get(metric, "unit"), "");
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (strcmp(units[i].unit, unit) == 0)
            return x * units[i].times;
    return NOT_MEASURED;
}

static double value_of(const struct json *metrics, const char *key)
{
    return json_f64(json_get(json_get(metrics, key), "value"), NOT_MEASURED);
}

static void name_cell(const struct reading *z, struct record *r)
{
    record_clear(r);
    record_set_text(r, FIELD_SCENARIO, z->scenario);
    record_set_text(r, FIELD_MODEL, z->model);
    record_set_text(r, FIELD_BACKEND, "openai");
    record_set_text(r, FIELD_TIMED_REGION, session_timed_at_client);
}

/* ---- records ---- */

/* Stamps of the tokens, where each chunk of the answer is one. */
static void take_chunks(const struct json *metrics, double ttft_ms, double generated,
                        struct record *r, struct arena *a)
{
    const struct json *const gaps = json_get(json_get(metrics, "inter_chunk_latency"), "value");
    const size_t n = json_len(gaps) + 1;
    if (!json_is_array(gaps) || !(ttft_ms > 0) || (double)n != generated)
        return;
    int64_t *const stamps = ARENA_ARRAY(a, int64_t, n);
    struct json_iter it = json_iter(gaps);
    double at = ttft_ms;
    stamps[0] = (int64_t)(at * 1e6);
    for (size_t i = 1; i < n; i++) {
        at += json_f64(json_next(&it, nullptr), NOT_MEASURED);
        if (isnan(at))
            return;
        stamps[i] = (int64_t)(at * 1e6);
    }
    r->token_ns = stamps;
    r->n_tokens = n;
}

static void take_status(const struct json *v, const struct json *metadata, struct record *r)
{
    const struct json *const error = json_get(v, "error");
    if (json_is_object(error)) {
        r->status = STATUS_ERROR;
        r->reason =
            json_str(json_get(error, "message"), json_str(json_get(error, "type"), nullptr));
    } else if (json_bool(json_get(metadata, "was_cancelled"), false)) {
        r->status = STATUS_ERROR;
        r->reason = "AIPerf: cancelled";
    }
    const char *const phase = json_str(json_get(metadata, "benchmark_phase"), "");
    r->phase = strcmp(phase, "warmup") == 0 ? PHASE_WARMUP : PHASE_MEASURED;
}

static enum err_code take_record(struct reading *z, const struct json *v, uint64_t place,
                                 struct err *e)
{
    const struct json *const metadata = json_get(v, "metadata"), *const m = json_get(v, "metrics");
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct record r;
    name_cell(z, &r);
    r.place = place;
    if (!json_is_object(m))
        return session_bad(z->s, place, "no record of AIPerf: it has 'metadata' and 'metrics'", e);
    take_status(v, metadata, &r);
    const double by_server = value_of(m, "usage_completion_tokens"),
                 by_tool = value_of(m, "output_sequence_length"),
                 generated = isnan(by_server) ? by_tool : by_server,
                 of_prompt = value_of(m, "usage_prompt_tokens"),
                 prompt = isnan(of_prompt) ? value_of(m, "input_sequence_length") : of_prompt,
                 ttft = in_ms(json_get(m, "time_to_first_token"), "value"),
                 latency = in_ms(json_get(m, "request_latency"), "value");
    z->counts_differ += !isnan(by_server) && !isnan(by_tool) && by_server != by_tool;
    record_set_number(&r, FIELD_LATENCY_MS, latency);
    record_set_number(&r, FIELD_TTFT_MS, ttft);
    record_set_number(&r, FIELD_PROMPT_TOKENS, prompt);
    record_set_number(&r, FIELD_GENERATED_TOKENS, generated);
    r.submitted_ns = json_i64(json_get(metadata, "request_start_ns"), INT64_MIN);
    take_chunks(m, ttft, generated, &r, a);
    if (r.n_tokens > 1 && latency >= ttft)
        record_set_number(&r, FIELD_DECODE_MS, latency - ttft);
    return session_emit(z->s, &r, false, e);
}

static enum err_code take_records(struct reading *z, const struct json *all, struct err *e)
{
    struct session *const s = z->s;
    struct json_iter it = json_iter(json_is_array(all) ? all : nullptr);
    uint64_t place = 0;
    s->phases_known = true;
    s->source.tool = "aiperf";
    if (session_fixed(s, e))
        return e->code;
    if (json_is_object(all) && take_record(z, all, ++place, e)) /* a run of one request */
        return e->code;
    for (const struct json *v; (v = json_next(&it, nullptr));)
        if (take_record(z, v, ++place, e))
            return e->code;
    if (z->counts_differ)
        session_note(s,
                     "%" PRIu64
                     " records have another count of generated tokens by AIPerf's tokenizer "
                     "than by the server; the server's is taken",
                     z->counts_differ);
    return ERR_OK;
}

/* ---- aggregates ---- */

static void note_row(struct session *s)
{
    session_note(s, "one row, whose deviation is of n, not n - 1: profile_export.jsonl beside this "
                    "file has the requests");
}

static const char *load_name(const struct json *input, struct arena *a)
{
    const struct json *const phase = json_at(json_get(input, "phases"), 0);
    const double concurrency = json_f64(
                     json_get(phase, "concurrency"),
                     json_f64(json_get(json_get(input, "loadgen"), "concurrency"), NOT_MEASURED)),
                 rate = json_f64(
                     json_get(phase, "rate"),
                     json_f64(json_get(json_get(input, "loadgen"), "request_rate"), NOT_MEASURED));
    if (!isnan(rate))
        return arena_printf(a, "rate-%.6g", rate);
    return isnan(concurrency) ? nullptr : arena_printf(a, "concurrency-%.0f", concurrency);
}

static const char *model_name(const struct json *input)
{
    const struct json *const named = json_at(json_get(json_get(input, "models"), "items"), 0),
                             *const listed =
                                 json_at(json_get(json_get(input, "endpoint"), "model_names"), 0);
    return json_str(json_get(named, "name"), json_str(listed, nullptr));
}

static enum err_code take_aggregate(struct reading *z, const struct json *v, struct err *e)
{
    struct session *const s = z->s;
    const struct json *const latency = json_get(v, "request_latency"),
                             *const ttft = json_get(v, "time_to_first_token"),
                             *const input = json_get(v, "input_config");
    if (!json_is_object(latency))
        return err_set(e, ERR_PARSE, "'%s' is no export of AIPerf: it has no request_latency",
                       s->source.file);
    z->model = model_name(input);
    z->scenario = load_name(input, z->a);
    s->source.tool = arena_printf(s->a, "aiperf %s",
                                  json_str(json_get(v, "aiperf_version"), "of unknown version"));
    if (session_fixed(s, e))
        return e->code;
    struct record r;
    name_cell(z, &r);
    r.place = 1;
    record_set_number(&r, FIELD_N_SAMPLES, json_f64(json_get(latency, "count"), NOT_MEASURED));
    record_set_number(&r, FIELD_MEAN_MS, in_ms(latency, "avg"));
    record_set_number(&r, FIELD_MEDIAN_MS, in_ms(latency, "p50"));
    record_set_number(&r, FIELD_STD_MS, in_ms(latency, "std"));
    record_set_number(&r, FIELD_MIN_MS, in_ms(latency, "min"));
    record_set_number(&r, FIELD_Q25_MS, in_ms(latency, "p25"));
    record_set_number(&r, FIELD_Q75_MS, in_ms(latency, "p75"));
    record_set_number(&r, FIELD_P90_MS, in_ms(latency, "p90"));
    record_set_number(&r, FIELD_P95_MS, in_ms(latency, "p95"));
    record_set_number(&r, FIELD_P99_MS, in_ms(latency, "p99"));
    record_set_number(&r, FIELD_MAX_MS, in_ms(latency, "max"));
    record_set_number(&r, FIELD_TTFT_MS, in_ms(ttft, "p50"));
    record_set_number(
        &r, FIELD_TOKENS_PER_S,
        json_f64(json_get(json_get(v, "output_token_throughput"), "avg"), NOT_MEASURED));
    note_row(s);
    const double failed =
        json_f64(json_get(json_get(v, "error_request_count"), "avg"), NOT_MEASURED);
    if (failed > 0)
        session_note(s, "%.0f requests failed and are in no figure of this file", failed);
    return session_emit(s, &r, true, e);
}

/* ---- the table ---- */

struct line { /* of the csv: a metric and what its columns mean */
    const char *metric, *column;
    enum field field;
};

static const struct line lines[] = {
    {"Request Latency (ms)", "avg", FIELD_MEAN_MS},
    {"Request Latency (ms)", "p50", FIELD_MEDIAN_MS},
    {"Request Latency (ms)", "std", FIELD_STD_MS},
    {"Request Latency (ms)", "min", FIELD_MIN_MS},
    {"Request Latency (ms)", "p25", FIELD_Q25_MS},
    {"Request Latency (ms)", "p75", FIELD_Q75_MS},
    {"Request Latency (ms)", "p90", FIELD_P90_MS},
    {"Request Latency (ms)", "p95", FIELD_P95_MS},
    {"Request Latency (ms)", "p99", FIELD_P99_MS},
    {"Request Latency (ms)", "max", FIELD_MAX_MS},
    {"Time to First Token (ms)", "p50", FIELD_TTFT_MS},
};
/* Below the table of distributions, in a second one: Metric,Value. */
static const struct line totals[] = {
    {"Output Token Throughput (tokens/sec)", "", FIELD_TOKENS_PER_S},
    {"Request Count", "", FIELD_N_SAMPLES},
};

static void take_line(const struct csv_row *row, const char *const *names, size_t n_names,
                      struct record *r)
{
    for (size_t i = 0; i < COUNT_OF(lines) && row->n == n_names; i++)
        for (size_t k = 1; k < n_names; k++)
            if (strcmp(row->fields[0].text, lines[i].metric) == 0 &&
                strcmp(names[k], lines[i].column) == 0 && row->fields[k].n)
                record_set_number(r, lines[i].field, strtod(row->fields[k].text, nullptr));
    for (size_t i = 0; i < COUNT_OF(totals); i++)
        if (row->n > 1 && strcmp(row->fields[0].text, totals[i].metric) == 0 && row->fields[1].n)
            record_set_number(r, totals[i].field, strtod(row->fields[1].text, nullptr));
}

static enum err_code read_csv(struct reading *z, struct err *e)
{
    struct session *const s = z->s;
    CLEANUP(csv_closep) struct csv *table = nullptr;
    struct csv_row row;
    struct record r;
    size_t n_names;
    if (csv_open(s->q->source, ',', z->a, &table, e))
        return e->code;
    const char *const *const names = csv_names(table, &n_names);
    name_cell(z, &r);
    r.place = 1;
    for (;;) {
        const enum csv_result result = csv_next(table, &row, e);
        if (result == CSV_FAILED)
            return e->code;
        if (result == CSV_END)
            break;
        take_line(&row, names, n_names, &r); /* the second table has fewer columns: CSV_BAD */
    }
    *e = (struct err){};
    csv_digest(table, s->source.sha256);
    s->source_bytes = csv_bytes(table);
    if (!record_has(&r, FIELD_MEAN_MS))
        return err_set(e, ERR_PARSE,
                       "'%s' is no table of AIPerf: it has no line 'Request Latency (ms)'",
                       s->source.file);
    s->source.tool = "aiperf";
    note_row(s);
    return session_fixed(s, e) || session_emit(s, &r, true, e) ? e->code : ERR_OK;
}

enum err_code from_aiperf_read(struct session *s, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)32 << 30);
    struct reading z = {.s = s, .a = a};
    const struct json *all;
    bool json;
    if (session_is_json(s, &json, e))
        return e->code;
    if (!json)
        return read_csv(&z, e);
    if (session_document(s, a, &all, e))
        return e->code;
    if (json_is_array(all))
        return take_records(&z, all, e);
    if (json_is_object(json_get(all, "metrics")) && json_is_object(json_get(all, "metadata")))
        return take_records(&z, all, e);
    return take_aggregate(&z, all, e);
}
