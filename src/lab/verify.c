#include "lab/verify.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "lab/worker_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr nsec_t SECOND = 1'000'000'000;
constexpr nsec_t PATIENCE = 30 * SECOND; /* for a worker to read, and to end */

enum : size_t { N_RANDOM = 6, N_TEXTS = 3, MOST_SEQUENCES = N_RANDOM + N_TEXTS };

/* Shorter and longer than what engines treat as one block, one token included. */
static const uint32_t random_lengths[N_RANDOM] = {1, 2, 7, 16, 33, 64};
static const char *const texts[N_TEXTS] = {
    "The quick brown fox jumps over the lazy dog.",
    "  tabs\tand \n\n newlines, and don't split we'll  ",
    ("na\u00efve caf\u00e9 \u2014 \u6f22\u5b57 "
     "\U0001f680\U0001f468\u200d\U0001f469\u200d\U0001f467 "
     "12345"),
};

struct sequence {
    int32_t *ids;
    uint32_t n;
};

struct session {
    const struct verify_spec *spec;
    struct verify_result *result;
    struct arena *arena;
    struct sequence sequences[MOST_SEQUENCES];
    const char *file;           /* where workers put their logits */
    float *reference, *current; /* [n_positions][vocab] */
    struct worker_process *worker;
};

const char *verify_path_name(enum verify_path p)
{
    static const char *const names[VERIFY_PATHS] = {"prefill", "decode", "batch"};
    return names[p];
}

/* ---- one question, one answer ---- */

struct failure {
    enum status status;
    const char *reason;
};

static void fail(struct failure *f, enum status status, const char *reason)
{
    *f = (struct failure){status, reason};
}

static void explain_silence(struct session *s, enum worker_event event, struct failure *f)
{
    struct worker_end end = {};
    const enum status why = event == WORKER_LATE          ? STATUS_TIMEOUT
                            : event == WORKER_OVER_MEMORY ? STATUS_OOM
                                                          : STATUS_OK;
    worker_process_end(s->worker, why, why == STATUS_OK ? PATIENCE : SECOND, &end);
    if (why == STATUS_TIMEOUT)
        fail(f, why, arena_printf(s->arena, "no answer within %g s", s->spec->timeout_s));
    else
        fail(f, end.status == STATUS_OK ? STATUS_CRASHED : end.status,
             arena_strdup(s->arena, end.reason));
    s->worker = worker_process_free(s->worker);
}

/* The reply to a request, nullptr after a failure. */
static const struct json *ask(struct session *s, const struct str *request, const char *want,
                              struct failure *f)
{
    const char *line = nullptr;
    size_t n = 0;
    worker_process_send(s->worker, request->text, request->n, clock_now() + PATIENCE);
    const enum worker_event event = worker_process_receive(
        s->worker, clock_now() + (nsec_t)(s->spec->timeout_s * 1e9), -1, &line, &n);
    if (event != WORKER_LINE) {
        explain_silence(s, event, f);
        return nullptr;
    }
    const struct json *reply = nullptr;
    struct err e = {};
    if (json_parse(line, n, "the worker's reply", s->arena, &reply, &e)) {
        fail(f, STATUS_ERROR, arena_strdup(s->arena, e.msg));
        return nullptr;
    }
    const char *const event_name = json_str(json_get(reply, "event"), "");
    if (strcmp(event_name, want) == 0)
        return reply;
    enum status status = STATUS_ERROR;
    if (!status_parse(json_str(json_get(reply, "status"), "error"), &status))
        status = STATUS_ERROR;
    fail(f, status,
         arena_strdup(s->arena, json_str(json_get(reply, "reason"), "it gave no reason")));
    return nullptr;
}

/* ---- sequences ---- */

static void make_random(struct session *s)
{
    struct rng r;
    for (size_t i = 0; i < N_RANDOM; i++) {
        struct sequence *const q = &s->sequences[s->result->n_sequences++];
        rng_init(&r, rng_derive(s->spec->seed, i));
        q->n = s->spec->n_ctx && random_lengths[i] > s->spec->n_ctx ? s->spec->n_ctx
                                                                    : random_lengths[i];
        q->ids = ARENA_ARRAY(s->arena, int32_t, q->n);
        for (uint32_t k = 0; k < q->n; k++)
            q->ids[k] = (int32_t)rng_below(&r, s->spec->vocab_size);
        s->result->n_positions += q->n;
    }
}

static bool tokenize(struct session *s, const char *text, struct sequence *ret, struct failure *f)
{
    CLEANUP(str_done) struct str request = {};
    struct jsonw w = {.out = &request};
    jsonw_object(&w);
    jsonw_kstr(&w, "op", "tokenize");
    jsonw_ki64(&w, "id", 0);
    jsonw_kstr(&w, "text", text);
    jsonw_end_object(&w);
    const struct json *const reply = ask(s, &request, "tokens", f);
    if (!reply)
        return false;
    const struct json *const list = json_get(reply, "tokens");
    const size_t n = json_len(list);
    ret->n = s->spec->n_ctx && n > s->spec->n_ctx ? s->spec->n_ctx : (uint32_t)n;
    ret->ids = ARENA_ARRAY(s->arena, int32_t, n + 1);
    struct json_iter it = json_iter(list);
    size_t i = 0;
    for (const struct json *v; (v = json_next(&it, nullptr)); i++)
        ret->ids[i] = (int32_t)json_i64(v, -1);
    return true;
}

/* The reference's tokens of the texts become sequences; another engine's are compared with them. */
static void compare_tokens(struct session *s, struct verify_engine_result *r)
{
    r->same_tokens = true;
    for (size_t i = 0; i < N_TEXTS && s->worker; i++) {
        struct sequence got = {};
        struct failure f = {};
        const bool done = tokenize(s, texts[i], &got, &f);
        struct sequence *const want = &s->sequences[N_RANDOM + i];
        if (r->reference && done && got.n > 0) {
            *want = got;
            s->result->n_sequences++;
            s->result->n_positions += got.n;
        }
        r->same_tokens = r->same_tokens && done && got.n == want->n &&
                         memcmp(got.ids, want->ids, got.n * sizeof *got.ids) == 0;
    }
}

/* ---- logits ---- */

static void build_logits(const struct session *s, enum verify_path p, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "op", "logits");
    jsonw_ki64(&w, "id", p);
    jsonw_karray(&w, "tokens");
    for (size_t i = 0; i < MOST_SEQUENCES; i++) {
        if (s->sequences[i].n == 0)
            continue;
        jsonw_array(&w);
        for (uint32_t k = 0; k < s->sequences[i].n; k++)
            jsonw_i64(&w, s->sequences[i].ids[k]);
        jsonw_end_array(&w);
    }
    jsonw_end_array(&w);
    jsonw_kstr(&w, "path", verify_path_name(p));
    jsonw_kstr(&w, "file", s->file);
    jsonw_end_object(&w);
}

static bool read_floats(const char *path, float *ret, size_t n)
{
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    return f && fread(ret, sizeof *ret, n, f) == n && fgetc(f) == EOF;
}

static bool get_logits(struct session *s, enum verify_path p, float *ret, struct failure *f)
{
    CLEANUP(str_done) struct str request = {};
    build_logits(s, p, &request);
    const struct json *const reply = ask(s, &request, "logits", f);
    if (!reply)
        return false;
    const int64_t vocab = json_i64(json_get(reply, "vocab"), -1);
    const int64_t positions = json_i64(json_get(reply, "positions"), -1);
    const size_t want = s->result->n_positions;
    bool whole = false;
    if (vocab != s->spec->vocab_size || positions != (int64_t)want)
        fail(f, STATUS_ERROR,
             arena_printf(s->arena, "it gave %lld x %lld logits; want %zu x %u",
                          (long long)positions, (long long)vocab, want, s->spec->vocab_size));
    else if (!(whole = read_floats(s->file, ret, want * s->spec->vocab_size)))
        fail(f, STATUS_ERROR, "the file of its logits has another size than it said");
    (void)unlink(s->file);
    return whole;
}

static void judge(const struct session *s, double bound, struct verify_path_result *r)
{
    logit_diff_add(s->reference, s->current, s->result->n_positions, s->spec->vocab_size,
                   s->result->deviation, bound, &r->diff);
    if (!(r->diff.worst <= bound)) {
        r->status = STATUS_FAIL_ACCURACY;
        r->reason = arena_printf(s->arena, "differs by %.2e of the deviation; the bound is %.0e",
                                 r->diff.worst, bound);
    } else if (r->diff.agreed < r->diff.checked) {
        r->status = STATUS_FAIL_ACCURACY;
        r->reason =
            arena_printf(s->arena, "another greedy choice at %lld of %lld positions",
                         (long long)(r->diff.checked - r->diff.agreed), (long long)r->diff.checked);
    }
}

static void tell(const struct session *s, const char *backend, const char *what)
{
    if (s->spec->progress)
        s->spec->progress(backend, what, s->spec->context);
}

static enum err_code make_room(struct session *s, struct err *e)
{
    const size_t n = s->result->n_positions * s->spec->vocab_size;
    free(s->reference);
    free(s->current);
    s->reference = malloc(n * sizeof *s->reference);
    s->current = malloc(n * sizeof *s->current);
    if (!s->reference || !s->current)
        return err_set(e, ERR_LIMIT, "no memory for %zu logits, twice", n);
    return ERR_OK;
}

static void try_path(struct session *s, struct verify_engine_result *r, enum verify_path p)
{
    struct verify_path_result *const q = &r->paths[p];
    struct failure f = {};
    const bool first = r->reference && p == VERIFY_PREFILL;
    if (!s->worker) {
        q->status = STATUS_SKIPPED;
        q->reason = "its worker had ended";
        return;
    }
    tell(s, r->backend, verify_path_name(p));
    if (!get_logits(s, p, first ? s->reference : s->current, &f)) {
        q->status = f.status;
        q->reason = f.reason;
        return;
    }
    const size_t n = s->result->n_positions * s->spec->vocab_size;
    if (first) {
        s->result->deviation = logit_diff_deviation(s->reference, n);
        memcpy(s->current, s->reference, n * sizeof *s->current);
    }
    judge(s, r->bound, q);
}

/* ---- one engine ---- */

static void build_load(const struct session *s, const struct verify_engine *g, struct str *out)
{
    uint32_t longest = s->spec->n_ctx && s->spec->n_ctx < 256 ? s->spec->n_ctx : 256;
    for (size_t i = 0; i < MOST_SEQUENCES; i++)
        longest = s->sequences[i].n > longest ? s->sequences[i].n : longest;
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "op", "load");
    jsonw_kstr(&w, "backend", g->backend);
    jsonw_kstr(&w, "precision", "fp32");
    jsonw_kstr(&w, "model", s->spec->model);
    jsonw_kstr(&w, "model_path", s->spec->model_path);
    jsonw_kstr(&w, "device", g->device);
    jsonw_ki64(&w, "threads", s->spec->threads);
    jsonw_ki64(&w, "max_context", longest);
    jsonw_ki64(&w, "max_batch", MOST_SEQUENCES);
    jsonw_ki64(&w, "seed", (int64_t)s->spec->seed);
    jsonw_kobject(&w, "options");
    jsonw_end_object(&w);
    jsonw_end_object(&w);
}

static bool load(struct session *s, const struct verify_engine *g, struct verify_engine_result *r)
{
    struct failure f = {};
    struct err e = {};
    CLEANUP(str_done) struct str request = {};
    const struct worker_options o = {.argv = g->argv};
    if (!g->argv) {
        r->status = STATUS_UNAVAILABLE;
        r->reason = g->unavailable;
        return false;
    }
    tell(s, g->backend, "load");
    if (worker_process_start(&o, &s->worker, &e)) {
        r->status = e.code == ERR_UNAVAILABLE ? STATUS_UNAVAILABLE : STATUS_ERROR;
        r->reason = arena_strdup(s->arena, e.msg);
        return false;
    }
    build_load(s, g, &request);
    const struct json *const reply = ask(s, &request, "loaded", &f);
    if (!reply) {
        r->status = f.status;
        r->reason = f.reason;
        return false;
    }
    r->version = json_str(json_get(json_get(reply, "engine"), "version"), nullptr);
    if (!json_bool(json_get(reply, "label_ok"), true)) {
        r->status = STATUS_DEGRADED;
        r->reason = json_str(json_get(reply, "label_reason"), "it is not what its label says");
        return false;
    }
    return true;
}

static void end_worker(struct session *s)
{
    struct worker_end end = {};
    if (!s->worker)
        return;
    worker_process_end(s->worker, STATUS_OK, PATIENCE, &end);
    s->worker = worker_process_free(s->worker);
}

static enum err_code try_engine(struct session *s, const struct verify_engine *g,
                                struct verify_engine_result *r, struct err *e)
{
    *r = (struct verify_engine_result){.backend = g->backend, .bound = g->bound};
    for (size_t p = 0; p < VERIFY_PATHS; p++)
        r->paths[p].status = STATUS_SKIPPED;
    if (!load(s, g, r)) {
        end_worker(s);
        return ERR_OK;
    }
    r->reference = s->result->n_compared == 0;
    compare_tokens(s, r);
    if (r->reference && make_room(s, e)) {
        end_worker(s);
        return e->code;
    }
    for (size_t p = 0; p < VERIFY_PATHS; p++) {
        r->paths[p].status = STATUS_OK;
        try_path(s, r, (enum verify_path)p);
    }
    end_worker(s);
    const enum status prefill = r->paths[VERIFY_PREFILL].status;
    if (r->reference && prefill != STATUS_OK && prefill != STATUS_FAIL_ACCURACY) {
        r->reference = false; /* it gave nothing to compare with: the next one is the reference */
        r->status = prefill;
        r->reason = r->paths[VERIFY_PREFILL].reason;
        s->result->n_sequences = s->result->n_positions = 0;
        memset(s->sequences, 0, sizeof s->sequences);
        make_random(s);
    } else {
        s->result->n_compared++;
    }
    return ERR_OK;
}

static bool is_fine(const struct verify_engine_result *r)
{
    if (r->status == STATUS_UNAVAILABLE || r->status == STATUS_INCOMPATIBLE)
        return true; /* told, and no fault of the others */
    if (r->status != STATUS_OK || !r->same_tokens)
        return false;
    for (size_t p = 0; p < VERIFY_PATHS; p++)
        if (r->paths[p].status != STATUS_OK && r->paths[p].status != STATUS_INCOMPATIBLE)
            return false;
    return true;
}

static void session_done(struct session *s)
{
    s->worker = worker_process_free(s->worker);
    free(s->reference);
    free(s->current);
    if (s->file) {
        (void)unlink(s->file);
        (void)rmdir(file_folder_of(s->arena, s->file));
    }
}

enum err_code verify_run(const struct verify_spec *spec, struct arena *a, struct verify_result *ret,
                         struct err *e)
{
    struct verify_result result = {.n_engines = spec->n_engines, .ok = true};
    result.engines = arena_alloc(a, spec->n_engines, sizeof *result.engines);
    CLEANUP(session_done) struct session s = {.spec = spec, .result = &result, .arena = a};
    const char *const place = getenv("TMPDIR");
    char *const folder =
        arena_printf(a, "%s/chimera-verify-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(folder))
        return err_sys(e, "cannot make a folder for the logits, '%s'", folder);
    s.file = file_join(a, folder, "logits");
    make_random(&s);
    for (size_t i = 0; i < spec->n_engines; i++) {
        if (try_engine(&s, &spec->engines[i], &result.engines[i], e))
            return e->code;
        result.ok = result.ok && is_fine(&result.engines[i]);
    }
    *ret = result;
    return ERR_OK;
}
