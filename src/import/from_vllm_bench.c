#include "import/from_vllm_bench.h"

#include "base/arena.h"
#include "base/defs.h"
#include "import/session.h"
#include "io/json.h"

#include <math.h>
#include <string.h>

struct run {
    const struct json *json;
    const char *scenario, *model, *backend;
    uint32_t invocation;
    bool derived_latency;
};

static const char *scenario_of(const struct json *v, struct arena *a)
{
    const struct json *const rate = json_get(v, "request_rate");
    const double concurrency = json_f64(json_get(v, "max_concurrency"), NOT_MEASURED);
    const char *const name =
        json_is_num(rate) && isfinite(json_f64(rate, NOT_MEASURED))
            ? arena_printf(a, "rate-%.6g", json_f64(rate, NOT_MEASURED))
            : arena_printf(a, "rate-%s", json_is_num(rate) ? "inf" : json_str(rate, "unknown"));
    return isnan(concurrency) ? name : arena_printf(a, "%s-concurrency-%.0f", name, concurrency);
}

static void name_cell(const struct run *run, struct record *r)
{
    record_clear(r);
    record_set_text(r, FIELD_SCENARIO, run->scenario);
    record_set_text(r, FIELD_MODEL, run->model);
    record_set_text(r, FIELD_BACKEND, run->backend);
    record_set_text(r, FIELD_TIMED_REGION, session_timed_at_client);
    record_set_number(r, FIELD_INVOCATION, run->invocation);
}

/* ---- samples ---- */

struct columns { /* one walk along all arrays: json_at() is linear */
    struct json_iter input, output, ttft, itl, latency, start, error;
};

static struct json_iter walk(const struct json *v, const char *key)
{
    const struct json *const list = json_get(v, key);
    return json_iter(json_is_array(list) ? list : nullptr);
}

/* Stamps of the tokens, where there is one for each: a chunk may hold several. */
static void take_tokens(const struct json *gaps, double ttft, double generated, struct record *r,
                        struct arena *a)
{
    const size_t n = json_len(gaps) + 1;
    if (!(ttft > 0) || (double)n != generated)
        return;
    int64_t *const stamps = ARENA_ARRAY(a, int64_t, n);
    struct json_iter it = json_iter(gaps);
    double at = ttft;
    stamps[0] = (int64_t)(at * 1e9);
    for (size_t i = 1; i < n; i++) {
        at += json_f64(json_next(&it, nullptr), NOT_MEASURED);
        if (isnan(at))
            return;
        stamps[i] = (int64_t)(at * 1e9);
    }
    r->token_ns = stamps;
    r->n_tokens = n;
}

static double sum_of(const struct json *gaps)
{
    double sum = 0;
    struct json_iter it = json_iter(gaps);
    for (const struct json *x; (x = json_next(&it, nullptr));)
        sum += json_f64(x, NOT_MEASURED);
    return sum;
}

/* A traceback says what happened in its last line. */
static const char *last_line(const char *text, struct arena *a)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        n--;
    size_t from = n;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    return arena_strndup(a, text + from, n - from);
}

static enum err_code take_request(struct session *s, struct run *run, struct columns *c, size_t i,
                                  uint64_t place, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct record r;
    name_cell(run, &r);
    r.place = place;
    const struct json *const gaps = json_next(&c->itl, nullptr);
    const char *const error = json_str(json_next(&c->error, nullptr), "");
    const double prompt = json_f64(json_next(&c->input, nullptr), NOT_MEASURED),
                 generated = json_f64(json_next(&c->output, nullptr), NOT_MEASURED),
                 ttft = json_f64(json_next(&c->ttft, nullptr), NOT_MEASURED),
                 start = json_f64(json_next(&c->start, nullptr), NOT_MEASURED);
    double latency = json_f64(json_next(&c->latency, nullptr), NOT_MEASURED);
    if (isnan(latency) && ttft > 0) {
        latency = ttft + sum_of(gaps);
        run->derived_latency = true;
    }
    if (*error) {
        r.status = STATUS_ERROR;
        r.reason = last_line(error, a);
    }
    record_set_number(&r, FIELD_PROMPT_INDEX, (double)i);
    if (prompt >= 0)
        record_set_number(&r, FIELD_PROMPT_TOKENS, floor(prompt));
    if (generated >= 0)
        record_set_number(&r, FIELD_GENERATED_TOKENS, floor(generated));
    if (latency > 0)
        record_set_number(&r, FIELD_LATENCY_MS, latency * 1e3);
    if (ttft > 0) /* 0 stands for "no first token was seen" */
        record_set_number(&r, FIELD_TTFT_MS, ttft * 1e3);
    if (start > 0 && start < 9e9) { /* time.perf_counter() */
        r.submitted_ns = (int64_t)(start * 1e9);
        r.own_clock = true;
    }
    take_tokens(gaps, ttft, generated, &r, a);
    if (r.n_tokens > 1 && latency >= ttft)
        record_set_number(&r, FIELD_DECODE_MS, (latency - ttft) * 1e3);
    return session_emit(s, &r, false, e);
}

/* Newer versions keep the latencies even without --save-detailed. */
static size_t n_requests(const struct json *v)
{
    const size_t n = json_len(json_get(v, "ttfts"));
    return n ? n : json_len(json_get(v, "latencies"));
}

static enum err_code take_requests(struct session *s, struct run *run, uint64_t *place,
                                   struct err *e)
{
    const struct json *const v = run->json;
    static const char *const lists[] = {"input_lens", "output_lens", "ttfts", "itls",
                                        "latencies",  "start_times", "errors"};
    const size_t n = n_requests(v);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct json *const list = json_get(v, lists[i]);
        if (json_is_array(list) && json_len(list) != n)
            return err_set(e, ERR_PARSE, "'%s': %s has %zu entries, and there are %zu requests",
                           s->source.file, lists[i], json_len(list), n);
    }
    struct columns c = {walk(v, "input_lens"), walk(v, "output_lens"), walk(v, "ttfts"),
                        walk(v, "itls"),       walk(v, "latencies"),   walk(v, "start_times"),
                        walk(v, "errors")};
    for (size_t i = 0; i < n; i++)
        if (take_request(s, run, &c, i, ++*place, e))
            return e->code;
    return ERR_OK;
}

/* ---- a run without its requests ---- */

static enum err_code take_summary(struct session *s, const struct run *run, uint64_t place,
                                  struct err *e)
{
    static const struct {
        const char *key;
        enum field field;
    } figures[] = {{"completed", FIELD_N_SAMPLES},
                   {"mean_e2el_ms", FIELD_MEAN_MS},
                   {"median_e2el_ms", FIELD_MEDIAN_MS},
                   {"std_e2el_ms", FIELD_STD_MS},
                   {"p25_e2el_ms", FIELD_Q25_MS},
                   {"p75_e2el_ms", FIELD_Q75_MS},
                   {"p90_e2el_ms", FIELD_P90_MS},
                   {"p95_e2el_ms", FIELD_P95_MS},
                   {"p99_e2el_ms", FIELD_P99_MS},
                   {"median_ttft_ms", FIELD_TTFT_MS},
                   {"output_throughput", FIELD_TOKENS_PER_S}};
    struct record r;
    name_cell(run, &r);
    r.place = place;
    for (size_t i = 0; i < COUNT_OF(figures); i++) {
        const double x = json_f64(json_get(run->json, figures[i].key), NOT_MEASURED);
        if (x >= 0 && isfinite(x))
            record_set_number(&r, figures[i].field, x);
    }
    if (!record_has(&r, FIELD_N_SAMPLES))
        return session_bad(s, place, "no result of vllm bench serve: it has 'completed'", e);
    return session_emit(s, &r, true, e);
}

/* Requests that failed and are in no list of the file. */
static void note_failed(struct session *s, const struct run *run)
{
    const double completed = json_f64(json_get(run->json, "completed"), NOT_MEASURED),
                 asked = json_f64(json_get(run->json, "num_prompts"), NOT_MEASURED),
                 failed = json_f64(json_get(run->json, "failed"), asked - completed);
    if (failed > 0)
        session_note(s,
                     "%s: %.0f requests failed; the file says no more of them, and they are not "
                     "among the samples",
                     run->scenario, failed);
}

static enum err_code take_run(struct session *s, const struct json *v, uint64_t *place,
                              struct err *e)
{
    struct run run = {.json = v};
    run.scenario = scenario_of(v, s->a);
    run.model = json_str(json_get(v, "model_id"), nullptr);
    run.backend =
        json_str(json_get(v, "backend"), json_str(json_get(v, "endpoint_type"), "openai"));
    run.invocation = session_times_before(
        s, arena_printf(s->a, "%s|%s|%s", run.scenario, run.model ? run.model : "", run.backend));
    if (n_requests(v) == 0) {
        session_note(s,
                     "%s: no requests in the file (it was saved without --save-detailed); its "
                     "deviations are of n, not n - 1",
                     run.scenario);
        note_failed(s, &run);
        return take_summary(s, &run, ++*place, e);
    }
    if (take_requests(s, &run, place, e))
        return e->code;
    if (json_len(json_get(v, "errors")) == 0)
        note_failed(s, &run);
    if (json_len(json_get(v, "ttfts")) == 0)
        session_note(s,
                     "%s: the file has the latencies of its requests and nothing else of them (it "
                     "was saved without --save-detailed)",
                     run.scenario);
    if (run.derived_latency)
        session_note(
            s, "%s: latency_ms is ttft plus the gaps between tokens: the file has no latencies",
            run.scenario);
    return ERR_OK;
}

enum err_code from_vllm_bench_read(struct session *s, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)32 << 30);
    const struct json *all;
    uint64_t place = 0;
    if (session_document(s, a, &all, e) || session_fixed(s, e))
        return e->code;
    s->source.tool = "vllm bench serve";
    if (json_is_object(all))
        return take_run(s, all, &place, e);
    struct json_iter it = json_iter(json_is_array(all) ? all : nullptr);
    for (const struct json *v; (v = json_next(&it, nullptr));)
        if (take_run(s, v, &place, e))
            return e->code;
    return ERR_OK;
}
