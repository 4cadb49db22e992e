#include "store/run_record.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/json_copy.h"
#include "io/jsonw.h"

#include <stdio.h>

constexpr size_t SCRATCH = (size_t)256 << 20;

static void key_copy(struct jsonw *w, const char *key, const struct json *v)
{
    jsonw_key(w, key);
    json_copy(v, w);
}

static void cell(const struct run_record *r, struct jsonw *w)
{
    jsonw_kstr(w, "scenario", r->scenario);
    jsonw_kstr(w, "backend", r->backend);
    jsonw_kstr(w, "precision", r->precision);
    jsonw_kstr(w, "model", r->model);
    jsonw_kobject(w, "spec");
    jsonw_kstr(w, "mode", r->mode);
    jsonw_kstr(w, "prompt_set", r->prompt_set);
    jsonw_ki64(w, "n_prompts", r->n_prompts);
    jsonw_ki64(w, "batch_size", r->batch_size);
    jsonw_ki64(w, "max_tokens", r->max_tokens);
    jsonw_ki64(w, "repetitions", r->repetitions);
    jsonw_ki64(w, "warmup_runs", r->warmup_runs);
    jsonw_kf64(w, "duration_s", r->duration_s);
    jsonw_kf64(w, "temperature", r->temperature);
    jsonw_kf64(w, "top_p", r->top_p);
    jsonw_kf64(w, "timeout_s", r->timeout_s);
    jsonw_kbool(w, "stop_on_eos", r->stop_on_eos);
    jsonw_end_object(w);
}

static void invocation(const struct run_record *r, struct jsonw *w)
{
    jsonw_ki64(w, "invocation", r->invocation);
    jsonw_ki64(w, "segment", r->segment);
    jsonw_ki64(w, "block", r->block);
    jsonw_ki64(w, "order_in_block", r->order_in_block);
    jsonw_ki64(w, "order_in_invocation", r->order_in_invocation);
    jsonw_kstr(w, "status", status_name(r->status));
    jsonw_kstr(w, "reason", r->reason);
    jsonw_kstr(w, "stage", r->stage);
    jsonw_key(w, "experiment_seed");
    jsonw_u64(w, r->experiment_seed);
    jsonw_key(w, "seed");
    jsonw_u64(w, r->seed);
    jsonw_kstr(w, "started_at", r->started_at);
    jsonw_kstr(w, "ended_at", r->ended_at);
    jsonw_key(w, "began_ns");
    r->began >= 0 ? jsonw_i64(w, r->began) : jsonw_null(w);
    jsonw_key(w, "ended_ns");
    r->ended >= 0 ? jsonw_i64(w, r->ended) : jsonw_null(w);
}

/* What a worker said when it had loaded; every key is there, null where it did not say. */
static void loaded(const struct run_record_segment *s, struct jsonw *w)
{
    static const char *const keys[] = {"engine",   "device",   "threads",
                                       "artefact", "model",    "timed_region",
                                       "evidence", "label_ok", "label_reason"};
    const struct json *const v = s ? s->loaded : nullptr;
    jsonw_kf64(w, "start_ms", s ? s->start_ms : NOT_MEASURED);
    jsonw_kf64(w, "load_ms", json_f64(json_get(v, "load_ms"), NOT_MEASURED));
    jsonw_kf64(w, "compile_ms", json_f64(json_get(v, "compile_ms"), NOT_MEASURED));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        key_copy(w, keys[i], json_get(v, keys[i]));
}

static void segments(const struct run_record *r, struct jsonw *w)
{
    jsonw_karray(w, "segments");
    for (uint32_t i = 0; i < r->n_segments; i++) {
        jsonw_object(w);
        jsonw_ki64(w, "segment", r->segments[i].segment);
        jsonw_ki64(w, "agent", r->segments[i].agent);
        jsonw_kstr(w, "started_at", r->segments[i].started_at);
        loaded(&r->segments[i], w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void counts(const struct run_record *r, struct jsonw *w)
{
    jsonw_kobject(w, "counts");
    for (int p = 0; p < PHASE_COUNT; p++) {
        jsonw_kobject(w, status_phase_name((enum phase)p));
        for (int s = 0; s < STATUS_COUNT; s++)
            if (s == STATUS_OK || r->counts[p][s] > 0)
                jsonw_ki64(w, status_name((enum status)s), r->counts[p][s]);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
    jsonw_kobject(w, "prompts"); /* by their token ids, in its last segment */
    jsonw_kf64(w, "distinct_least", r->prompts_distinct ? r->prompts_distinct : NOT_MEASURED);
    jsonw_kf64(w, "constant_most", r->prompts_distinct ? r->prompts_constant : NOT_MEASURED);
    jsonw_end_object(w);
    jsonw_key(w, "requests_planned");
    r->requests_planned ? jsonw_u64(w, r->requests_planned) : jsonw_null(w);
}

static void resources(const struct run_record *r, struct jsonw *w)
{
    jsonw_kobject(w, "resources");
    jsonw_kf64(w, "cpu_percent", r->cpu_percent_mean);
    jsonw_kf64(w, "cpu_percent_peak", r->cpu_percent_peak);
    jsonw_kf64(w, "rss_mb", r->rss_mb_mean);
    jsonw_kf64(w, "peak_rss_mb", r->rss_mb_peak);
    jsonw_ki64(w, "n_readings", r->n_readings);
    jsonw_kf64(w, "interval_s", r->sample_interval_s);
    jsonw_kstr(w, "reason", r->why_no_resources);
    jsonw_end_object(w);
}

struct run_record_machine run_record_machine_none(void)
{
    const double x = NOT_MEASURED;
    return (struct run_record_machine){nullptr, x, 0, x, x, x, x, x, x, x, x,
                                       x,       x, x, x, x, x, x, x, x, {}};
}

static void machine_sources(const struct run_record_machine *m, struct jsonw *w)
{
    jsonw_kobject(w, "sources");
    for (size_t i = 0; i < RUN_RECORD_SOURCES; i++)
        if (m->sources[i].source)
            jsonw_kstr(w, m->sources[i].name, m->sources[i].source);
    jsonw_end_object(w);
    jsonw_kobject(w, "unknown");
    for (size_t i = 0; i < RUN_RECORD_SOURCES; i++)
        if (m->sources[i].name && !m->sources[i].source)
            jsonw_kstr(w, m->sources[i].name, m->sources[i].why);
    jsonw_end_object(w);
}

static void machine(const struct run_record_machine *m, struct jsonw *w)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"window_s", m->window_s},
        {"steal_percent", m->steal_percent},
        {"steal_percent_most", m->steal_percent_most},
        {"others_percent", m->others_percent},
        {"busy_percent", m->busy_percent},
        {"pressure_percent", m->pressure_percent},
        {"waited_percent", m->waited_percent},
        {"preempted", m->preempted},
        {"temperature_celsius_mean", m->celsius_mean},
        {"temperature_celsius_most", m->celsius_most},
        {"temperature_celsius_limit", m->celsius_limit},
        {"clock_mhz_least", m->mhz_least},
        {"clock_mhz_mean", m->mhz_mean},
        {"clock_mhz_most", m->mhz_most},
        {"clock_mhz_top", m->mhz_top},
        {"clock_mhz_first", m->mhz_first},
        {"clock_mhz_last", m->mhz_last},
        {"throttle_events", m->throttle_events},
    };
    jsonw_kobject(w, "machine");
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        jsonw_kf64(w, numbers[i].key, numbers[i].value);
    jsonw_ki64(w, "n_readings", m->n_readings);
    machine_sources(m, w);
    jsonw_kstr(w, "reason", m->why);
    jsonw_end_object(w);
}

static double per(nsec_t ns, uint64_t n)
{
    return n ? (double)ns / 1e3 / (double)n : NOT_MEASURED;
}

static void overhead(const struct run_record *r, struct jsonw *w)
{
    const double wall = r->began >= 0 ? (double)(r->ended - r->began) : 0;
    jsonw_kobject(w, "overhead");
    jsonw_ki64(w, "samples", (int64_t)r->recorded_samples);
    jsonw_kf64(w, "record_us_per_sample", per(r->record, r->recorded_samples));
    jsonw_kf64(w, "record_us_most",
               r->recorded_samples ? (double)r->record_most / 1e3 : NOT_MEASURED);
    jsonw_kf64(w, "record_us_per_token", per(r->record, r->recorded_tokens));
    jsonw_kf64(w, "transit_us_per_sample", per(r->transit, r->recorded_samples));
    jsonw_kf64(w, "telemetry_us_per_reading", per(r->telemetry, r->telemetry_readings));
    jsonw_kf64(w, "telemetry_cpu_percent",
               wall > 0 ? 100 * (double)r->telemetry / wall : NOT_MEASURED);
    jsonw_end_object(w);
}

/* Of the keys that may be null where nothing went wrong. */
static void null_because(struct jsonw *w)
{
    static const struct {
        const char *key, *why;
    } keys[] = {
        {"stage", "nothing failed"},
        {"duration_s", "only mode stress has a duration"},
        {"load_ms", "no worker of this invocation came to its loaded engine"},
        {"compile_ms", "this engine does not compile, or none was loaded"},
        {"artefact.sha256",
         "the engine loads no file, or loading ended before its digest was known"},
        {"artefact.made_from", "artefact.made_from_reason says it"},
        {"artefact.made_from.sha256_now", "artefact.made_from.reason says it"},
        {"artefact.made_from.differs", "the source is what it was, or it is not known"},
        {"timed_region", "no worker of this invocation came to its loaded engine"},
        {"evidence.compile", "this engine does not compile, or nothing was compiled again"},
        {"label_reason", "the label is true"},
        {"evidence_after", "the evidence did not change after loading"},
        {"prompts", "no request was answered in its last segment"},
        {"resources", "resources.reason says it"},
        {"machine", "machine.reason or machine.unknown says it; clock_mhz_first and clock_mhz_last "
                    "take 8 readings, temperature_celsius_limit a sensor that has one"},
        {"overhead", "nothing of its kind was recorded"},
    };
    jsonw_kobject(w, "null_because");
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        jsonw_kstr(w, keys[i].key, keys[i].why);
    jsonw_end_object(w);
}

enum err_code run_record_write(const char *path, const struct run_record *r, struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.run/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "experiment_sha256", r->experiment_sha256);
    jsonw_kstr(&w, "plan_sha256", r->plan_sha256);
    jsonw_kstr(&w, "environment_sha256", r->environment_sha256);
    jsonw_end_object(&w);
    cell(r, &w);
    invocation(r, &w);
    const struct run_record_segment *last = nullptr;
    for (uint32_t i = 0; i < r->n_segments; i++)
        if (r->segments[i].agent == 0)
            last = &r->segments[i];
    loaded(last, &w);
    jsonw_key(&w, "evidence_after");
    r->evidence_after ? jsonw_raw(&w, r->evidence_after) : jsonw_null(&w);
    segments(r, &w);
    counts(r, &w);
    resources(r, &w);
    machine(&r->machine, &w);
    overhead(r, &w);
    null_because(&w);
    jsonw_end_object(&w);
    str_putc(&text, '\n');
    return file_write(path, text.text, text.n, e);
}

bool run_record_read(const char *path, struct run_record_outcome *ret)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct json *v;
    struct err e;
    struct run_record_outcome x = {};
    if (!file_exists(path) || json_read_file(path, a, &v, &e) ||
        !status_parse(json_str(json_get(v, "status"), ""), &x.status))
        return false;
    (void)snprintf(x.stage, sizeof x.stage, "%s", json_str(json_get(v, "stage"), ""));
    (void)snprintf(x.reason, sizeof x.reason, "%s", json_str(json_get(v, "reason"), ""));
    *ret = x;
    return true;
}
