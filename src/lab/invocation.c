#include "lab/invocation.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <string.h>

constexpr nsec_t SECOND = 1'000'000'000;
constexpr nsec_t END_GRACE = 5 * SECOND;
constexpr nsec_t SEND_PATIENCE = 30 * SECOND;

static void build_request(const struct invocation_spec *s, const char *op, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "op", op);
    if (s->task)
        jsonw_kstr(&w, "task", s->task);
    jsonw_kstr(&w, "backend", s->backend);
    jsonw_kstr(&w, "precision", s->precision);
    jsonw_kstr(&w, "model", s->model);
    jsonw_kstr(&w, "model_path", s->model_path);
    jsonw_kstr(&w, "device", s->device);
    jsonw_ki64(&w, "threads", s->threads);
    jsonw_ki64(&w, "max_context", s->max_context);
    jsonw_ki64(&w, "max_batch", s->max_batch);
    jsonw_ki64(&w, "seed", (int64_t)s->seed);
    jsonw_kstr(&w, "artefact_sha256", s->artefact_sha256);
    jsonw_kobject(&w, "options");
    if (s->synthetic)
        jsonw_kstr(&w, "synthetic", s->synthetic);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
}

static void set_failure(struct invocation_failure *f, enum status status, const char *stage,
                        const char *reason, const char *tail)
{
    *f = (struct invocation_failure){status, stage, reason, tail};
}

void invocation_fail(struct invocation *v, enum worker_event event, const char *stage,
                     double timeout_s, struct arena *a, struct invocation_failure *ret)
{
    struct worker_end end;
    const double mb = (double)worker_process_last_usage(v->worker)->rss_bytes / 1e6;
    const enum status why = event == WORKER_LATE          ? STATUS_TIMEOUT
                            : event == WORKER_OVER_MEMORY ? STATUS_OOM
                            : event == WORKER_STOP        ? STATUS_SKIPPED
                                                          : STATUS_OK;
    worker_process_end(v->worker, why, why == STATUS_OK ? END_GRACE : SECOND, &end);
    const char *reason = arena_strdup(a, end.reason);
    if (why == STATUS_TIMEOUT)
        reason = arena_printf(a, "no answer within %g s", timeout_s);
    else if (why == STATUS_OOM)
        reason = arena_printf(a, "the worker took %.0f MB, more than its limit", mb);
    else if (why == STATUS_SKIPPED)
        reason = "stopped by the person";
    else if (end.status == STATUS_OK)
        reason = "the worker ended without an answer";
    set_failure(ret, end.status == STATUS_OK ? STATUS_CRASHED : end.status, stage, reason,
                arena_strdup(a, worker_process_tail(v->worker)));
    v->worker = worker_process_free(v->worker);
}

void invocation_drop(struct invocation *v)
{
    if (!v->worker)
        return;
    struct worker_end end;
    worker_process_end(v->worker, STATUS_OK, END_GRACE, &end);
    v->worker = worker_process_free(v->worker);
}

void invocation_done(struct invocation *v)
{
    invocation_drop(v);
    telemetry_done(&v->telemetry);
}

int64_t invocation_compilations(const struct json *evidence)
{
    const struct json *const compile = json_get(evidence, "compile");
    return json_i64(json_get(compile, "graphs"), 0) + json_i64(json_get(compile, "recompiles"), 0);
}

static enum status status_of_error(const struct json *reply)
{
    enum status s;
    if (!status_parse(json_str(json_get(reply, "status"), "error"), &s))
        return STATUS_ERROR;
    const bool known = s == STATUS_INCOMPATIBLE || s == STATUS_UNAVAILABLE || s == STATUS_OOM;
    return known ? s : STATUS_ERROR;
}

bool invocation_is_error(const struct json *reply, const char *stage, struct invocation *v,
                         struct arena *a, struct invocation_failure *ret)
{
    if (strcmp(json_str(json_get(reply, "event"), ""), "error") != 0)
        return false;
    set_failure(ret, status_of_error(reply), stage,
                arena_strdup(a, json_str(json_get(reply, "reason"), "the worker gave no reason")),
                arena_strdup(a, worker_process_tail(v->worker)));
    return true;
}

const struct json *invocation_ask(struct invocation *v, const struct str *request,
                                  const struct invocation_question *q, struct stop *stop,
                                  struct arena *a, const char **ret_text,
                                  struct invocation_failure *ret)
{
    struct err e = {};
    const char *line = nullptr;
    size_t which, n = 0;
    worker_process_send(v->worker, request->text, request->n, clock_now() + SEND_PATIENCE);
    const nsec_t deadline = clock_now() + (nsec_t)(q->timeout_s * 1e9);
    const enum worker_event event =
        stop_wait(stop, q->at_once, &v->worker, 1, deadline, &which, &line, &n);
    v->answered = clock_now();
    if (event != WORKER_LINE) {
        invocation_fail(v, event, q->stage, q->timeout_s, a, ret);
        return nullptr;
    }
    if (ret_text)
        *ret_text = arena_strndup(a, line, n);
    const struct json *reply = nullptr;
    if (json_parse(line, n, "the worker's reply", a, &reply, &e)) {
        set_failure(ret, STATUS_ERROR, q->stage, arena_strdup(a, e.msg),
                    arena_strdup(a, worker_process_tail(v->worker)));
        return nullptr;
    }
    if (invocation_is_error(reply, q->stage, v, a, ret))
        return nullptr;
    if (strcmp(json_str(json_get(reply, "event"), ""), q->want) == 0)
        return reply;
    set_failure(ret, STATUS_ERROR, q->stage,
                arena_printf(a, "the worker did not answer '%s' but '%.100s'", q->want, line),
                nullptr);
    return nullptr;
}

/* Start a process and ask it for op. nullptr: *ret says why, and no worker is left. */
static const struct json *start(struct invocation *v, const struct invocation_spec *spec,
                                const char *op, const char *want, struct stop *stop,
                                struct arena *a, struct invocation_failure *ret)
{
    struct err e = {};
    *ret = (struct invocation_failure){};
    clock_wall(v->started_at);
    v->started = clock_now();
    v->telemetry.watch = spec->watch;
    const struct worker_options o = {
        .argv = spec->argv,
        .environment = spec->environment,
        .sample_every = spec->sample_every,
        .memory_limit_bytes = spec->memory_limit_bytes,
        .on_usage = spec->keep_trace ? telemetry_add : nullptr,
        .context = &v->telemetry,
    };
    if (worker_process_start(&o, &v->worker, &e)) {
        set_failure(ret, e.code == ERR_UNAVAILABLE ? STATUS_UNAVAILABLE : STATUS_ERROR, op,
                    arena_strdup(a, e.msg), nullptr);
        return nullptr;
    }
    CLEANUP(str_done) struct str request = {};
    build_request(spec, op, &request);
    const struct invocation_question q = {op, want, spec->load_timeout_s, true};
    const struct json *const reply = invocation_ask(v, &request, &q, stop, a, &v->loaded_text, ret);
    v->ready = v->answered;
    if (!reply)
        invocation_done(v);
    return reply;
}

void invocation_prepare(const struct invocation_spec *spec, struct stop *stop, struct arena *a,
                        const char **ret_sha256, struct invocation_failure *ret)
{
    CLEANUP(invocation_done) struct invocation v = {};
    const struct json *const reply = start(&v, spec, "prepare", "prepared", stop, a, ret);
    *ret_sha256 = json_str(json_get(reply, "sha256"), nullptr);
}

void invocation_start(struct invocation *v, const struct invocation_spec *spec, struct stop *stop,
                      struct arena *a, struct invocation_failure *ret)
{
    *v = (struct invocation){};
    v->loaded = start(v, spec, "load", "loaded", stop, a, ret);
    v->compilations = invocation_compilations(json_get(v->loaded, "evidence"));
    v->label_ok = json_bool(json_get(v->loaded, "label_ok"), true);
    v->label_reason = json_str(json_get(v->loaded, "label_reason"), nullptr);
    if (!v->label_ok && !v->label_reason)
        v->label_reason = "the worker says that what it loaded is not what the label says";
}
