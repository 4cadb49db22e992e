#include "import/from_guidellm.h"

#include "base/arena.h"
#include "base/defs.h"
#include "import/session.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct benchmark {
    const struct json *json, *config; /* config: where the strategy and the backend stand */
    const char *scenario, *model, *backend;
    double measured_from, measured_to; /* s since 1970, where warm-up or cool-down was asked for;
                                          else NOT_MEASURED */
    uint32_t invocation;
};

/* The first of these keys that holds a number. */
static double any_number(const struct json *v, const char *const *keys, size_t n)
{
    double x = NOT_MEASURED;
    for (size_t i = 0; i < n && isnan(x); i++)
        x = json_f64(json_get(v, keys[i]), NOT_MEASURED);
    return x;
}
#define ANY(v, ...)                                                                                \
    any_number((v), (const char *const[]){__VA_ARGS__},                                            \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const struct json *path(const struct json *v, const char *a, const char *b, const char *c)
{
    v = json_get(v, a);
    v = b ? json_get(v, b) : v;
    return c ? json_get(v, c) : v;
}

/* ---- what a benchmark is ---- */

static const char *strategy_name(const struct json *strategy, struct arena *a)
{
    const char *const type = json_str(json_get(strategy, "type_"), nullptr);
    const double streams = ANY(strategy, "streams", "rate");
    if (!type)
        return "imported";
    return isnan(streams) ? arena_strdup(a, type) : arena_printf(a, "%s-%.6g", type, streams);
}

static bool asks_for(const struct json *config, const char *phase)
{
    const struct json *const v = json_get(config, phase);
    return json_is_num(v) || json_is_num(json_get(v, "value")) ||
           json_is_num(json_get(v, "percent"));
}

static struct benchmark describe(const struct json *v, const struct json *report, struct session *s)
{
    struct benchmark b = {.json = v};
    b.config = json_get(v, "config");
    if (!b.config)
        b.config = json_get(v, "args");
    b.scenario = strategy_name(json_get(b.config, "strategy"), s->a);
    const struct json *const of_report = path(report, "config", "backend", nullptr);
    b.model = json_str(path(b.config, "backend", "model", nullptr), nullptr);
    if (!b.model)
        b.model = json_str(json_get(of_report, "model"),
                           json_str(path(v, "worker", "backend_model", nullptr),
                                    json_str(path(report, "args", "model", nullptr), nullptr)));
    const char *const kind = json_str(path(b.config, "backend", "kind", nullptr),
                                      json_str(json_get(of_report, "kind"), "openai"));
    b.backend = strncmp(kind, "vllm", 4) == 0 ? "vllm" : "openai";
    const struct json *const times = json_get(v, "scheduler_metrics");
    b.measured_from = asks_for(b.config, "warmup")
                          ? json_f64(json_get(times, "measure_start_time"), NOT_MEASURED)
                          : NOT_MEASURED;
    b.measured_to = asks_for(b.config, "cooldown")
                        ? json_f64(json_get(times, "measure_end_time"), NOT_MEASURED)
                        : NOT_MEASURED;
    const char *const label =
        arena_printf(s->a, "%s|%s", b.scenario, b.model ? b.model : "unknown");
    b.invocation = session_times_before(s, label);
    return b;
}

static void name_cell(const struct benchmark *b, struct record *r)
{
    record_clear(r);
    record_set_text(r, FIELD_SCENARIO, b->scenario);
    record_set_text(r, FIELD_MODEL, b->model);
    record_set_text(r, FIELD_BACKEND, b->backend);
    record_set_text(r, FIELD_TIMED_REGION, session_timed_at_client);
    record_set_number(r, FIELD_INVOCATION, b->invocation);
}

/* ---- samples ---- */

static void take_times(const struct json *v, const struct benchmark *b, struct record *r)
{
    const struct json *const timings = path(v, "info", "timings", nullptr);
    double start = ANY(v, "request_start_time", "start_time"),
           end = ANY(v, "request_end_time", "end_time"), first = ANY(v, "first_token_time"),
           latency = ANY(v, "request_latency");
    start = isnan(start) ? ANY(timings, "request_start") : start;
    end = isnan(end) ? ANY(timings, "request_end") : end;
    latency = isnan(latency) ? end - start : latency;
    if (latency >= 0)
        record_set_number(r, FIELD_LATENCY_MS, latency * 1e3);
    double ttft = ANY(v, "time_to_first_token_ms");
    ttft = isnan(ttft) && first >= start ? (first - start) * 1e3 : ttft;
    if (ttft >= 0)
        record_set_number(r, FIELD_TTFT_MS, ttft);
    if (start > 0 && start < 9e9)
        r->submitted_ns = (int64_t)(start * 1e9);
    if (start < b->measured_from)
        r->phase = PHASE_WARMUP;
}

static enum err_code take_request(struct session *s, const struct json *v,
                                  const struct benchmark *b, enum status status,
                                  const char *otherwise, uint64_t place, struct err *e)
{
    struct record r;
    name_cell(b, &r);
    r.place = place;
    r.status = status;
    if (status != STATUS_OK)
        r.reason =
            json_str(path(v, "info", "error", nullptr), json_str(json_get(v, "error"), otherwise));
    take_times(v, b, &r);
    const double prompt = ANY(v, "prompt_tokens", "input_tokens"),
                 generated = ANY(v, "output_tokens", "generated_tokens");
    if (prompt >= 0)
        record_set_number(&r, FIELD_PROMPT_TOKENS, floor(prompt));
    if (generated >= 0)
        record_set_number(&r, FIELD_GENERATED_TOKENS, floor(generated));
    const double rate = ANY(v, "output_tokens_per_second");
    if (rate >= 0)
        record_set_number(&r, FIELD_TOKENS_PER_S, rate);
    return session_emit(s, &r, false, e);
}

static enum err_code take_requests(struct session *s, const struct benchmark *b, uint64_t *place,
                                   struct err *e)
{
    static const struct {
        const char *key;
        enum status status;
        const char *reason;
    } kinds[] = {{"successful", STATUS_OK, nullptr},
                 {"errored", STATUS_ERROR, "GuideLLM: errored"},
                 {"incomplete", STATUS_ERROR, "GuideLLM: incomplete when the benchmark ended"}};
    const struct json *const requests = json_get(b->json, "requests");
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *const list = json_get(requests, kinds[i].key);
        struct json_iter it = json_iter(json_is_array(list) ? list : nullptr);
        for (const struct json *v; (v = json_next(&it, nullptr));)
            if (take_request(s, v, b, kinds[i].status, kinds[i].reason, ++*place, e))
                return e->code;
    }
    return ERR_OK;
}

/* ---- a benchmark without its requests ---- */

static const struct {
    const char *key;
    enum field field;
} percentiles[] = {{"p25", FIELD_Q25_MS},
                   {"p75", FIELD_Q75_MS},
                   {"p90", FIELD_P90_MS},
                   {"p95", FIELD_P95_MS},
                   {"p99", FIELD_P99_MS}};

static enum err_code take_summary(struct session *s, const struct benchmark *b, uint64_t place,
                                  struct err *e)
{
    const struct json *const metrics = json_get(b->json, "metrics"),
                             *const latency =
                                 path(metrics, "request_latency", "successful", nullptr),
                             *const ttft =
                                 path(metrics, "time_to_first_token_ms", "successful", nullptr);
    struct record r;
    name_cell(b, &r);
    r.place = place;
    if (!json_is_object(latency))
        return session_bad(s, place, "a benchmark without requests and without request_latency", e);
    record_set_number(&r, FIELD_N_SAMPLES, json_f64(json_get(latency, "count"), NOT_MEASURED));
    record_set_number(&r, FIELD_MEAN_MS, 1e3 * json_f64(json_get(latency, "mean"), NOT_MEASURED));
    record_set_number(&r, FIELD_MEDIAN_MS,
                      1e3 * json_f64(json_get(latency, "median"), NOT_MEASURED));
    record_set_number(&r, FIELD_STD_MS, 1e3 * json_f64(json_get(latency, "std_dev"), NOT_MEASURED));
    record_set_number(&r, FIELD_MAX_MS, 1e3 * json_f64(json_get(latency, "max"), NOT_MEASURED));
    record_set_number(&r, FIELD_MIN_MS, 1e3 * json_f64(json_get(latency, "min"), NOT_MEASURED));
    for (size_t i = 0; i < COUNT_OF(percentiles); i++)
        record_set_number(&r, percentiles[i].field,
                          1e3 * json_f64(path(latency, "percentiles", percentiles[i].key, nullptr),
                                         NOT_MEASURED));
    record_set_number(&r, FIELD_TTFT_MS, json_f64(json_get(ttft, "median"), NOT_MEASURED));
    record_set_number(
        &r, FIELD_TOKENS_PER_S,
        json_f64(json_get(path(metrics, "output_tokens_per_second", "successful", nullptr), "mean"),
                 NOT_MEASURED));
    return session_emit(s, &r, true, e);
}

static size_t n_requests(const struct json *benchmark)
{
    const struct json *const r = json_get(benchmark, "requests");
    return json_len(json_get(r, "successful")) + json_len(json_get(r, "errored")) +
           json_len(json_get(r, "incomplete"));
}

static void note_phases(struct session *s, const struct benchmark *b)
{
    if (!isnan(b->measured_from))
        s->phases_known = true;
    const struct json *const totals = json_get(b->json, "request_totals"); /* before 0.4 */
    const double all = json_f64(json_get(totals, "successful"), 0) +
                       json_f64(json_get(totals, "errored"), 0) +
                       json_f64(json_get(totals, "incomplete"), 0);
    const double kept = (double)n_requests(b->json);
    if (kept > 0 && all > kept)
        session_note(s, "%s: the report keeps %.0f of its %.0f requests, drawn at random",
                     b->scenario, kept, all);
    if (!isnan(b->measured_to))
        session_note(s, "%s: a cool-down was asked for; its requests count as measured here",
                     b->scenario);
}

enum err_code from_guidellm_read(struct session *s, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)32 << 30);
    const struct json *report;
    if (session_document(s, a, &report, e))
        return e->code;
    const struct json *const list = json_get(report, "benchmarks"), *const metadata = json_get(
                                                                        report, "metadata");
    if (!json_is_array(list) || json_len(list) == 0)
        return err_set(e, ERR_PARSE, "'%s' is no report of GuideLLM: it has no list 'benchmarks'",
                       s->source.file);
    const char *const version = json_str(json_get(metadata, "guidellm_version"), nullptr);
    s->source.tool = arena_printf(s->a, "guidellm %s", version ? version : "of unknown version");
    if (session_fixed(s, e))
        return e->code;
    struct json_iter it = json_iter(list);
    uint64_t place = 0, with = 0, without = 0;
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        const struct benchmark b = describe(v, report, s);
        note_phases(s, &b);
        const bool samples = n_requests(v) > 0;
        with += samples;
        without += !samples;
        if (!samples)
            session_note(s, "%s: no requests in the report; its deviation is of n, not n - 1",
                         b.scenario);
        if (json_is_num(json_get(b.config, "sample_size")))
            session_note(s, "%s: the report keeps only a sample of the requests", b.scenario);
        if (samples ? take_requests(s, &b, &place, e) : take_summary(s, &b, ++place, e))
            return e->code;
    }
    if (with && without)
        session_note(s,
                     "%zu of %zu benchmarks have no requests in the report and are rows of cells",
                     (size_t)without, (size_t)(with + without));
    return ERR_OK;
}
