#include "backend/worker.h"

#include "backend/backend.h"
#include "backend/engine.h"
#include "backend/generate.h"
#include "backend/worker_embed.h"
#include "backend/worker_reply.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/artefact.h"
#include "model/resolve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

constexpr size_t LONGEST_LINE = 64U << 20;
constexpr size_t MEMORY_LIMIT = (size_t)8 << 30;
constexpr uint32_t MOST_TOKENS = 1U << 20; /* that one request may ask for */

struct worker {
    int in, out;
    struct str line; /* what was read and not yet answered */
    size_t scanned;  /* of it, known to hold no newline */
    struct str reply;
    struct arena *life, *request;
    const struct engine *engine; /* nullptr: nothing is loaded */
    struct session *session;
    struct engine_about about;
    bool embeds; /* loaded with task "embed": it does nothing else */
    bool ended;  /* nothing more will be read */
    int status;
};

/* ---- lines ---- */

/* *ret_line is valid until the next call. ERR_INTERRUPTED: the input ended. */
static enum err_code read_line(struct worker *w, size_t *ret_bytes, struct err *e)
{
    for (;;) {
        const char *const end =
            w->line.n > w->scanned ? memchr(w->line.text + w->scanned, '\n', w->line.n - w->scanned)
                                   : nullptr;
        if (end) {
            *ret_bytes = (size_t)(end - w->line.text);
            return ERR_OK;
        }
        w->scanned = w->line.n;
        if (w->line.n > LONGEST_LINE)
            return err_set(e, ERR_LIMIT, "a request of more than %zu bytes", LONGEST_LINE);
        str_reserve(&w->line, 1U << 16);
        const ssize_t n = read(w->in, w->line.text + w->line.n, 1U << 16);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "reading requests");
        if (n == 0)
            return err_set(e, ERR_INTERRUPTED, "end of input");
        w->line.n += (size_t)n;
    }
}

static void drop_line(struct worker *w, size_t bytes)
{
    w->line.n -= bytes + 1;
    memmove(w->line.text, w->line.text + bytes + 1, w->line.n);
    w->scanned = 0;
}

static void send_reply(struct worker *w)
{
    str_putc(&w->reply, '\n');
    for (size_t at = 0; at < w->reply.n;) {
        const ssize_t n = write(w->out, w->reply.text + at, w->reply.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) { /* nobody listens any more */
            w->ended = true;
            w->status = 2;
            break;
        }
        at += (size_t)n;
    }
    str_clear(&w->reply);
}

static struct jsonw begin(struct worker *w, const char *event)
{
    str_clear(&w->reply);
    struct jsonw j = {.out = &w->reply};
    jsonw_object(&j);
    jsonw_kstr(&j, "event", event);
    return j;
}

static void finish(struct worker *w, struct jsonw *j)
{
    jsonw_end_object(j);
    send_reply(w);
}

static const char *status_of(const struct err *e)
{
    if (e->sys == ENOMEM)
        return "oom";
    if (e->code == ERR_UNSUPPORTED)
        return "incompatible";
    return e->code == ERR_UNAVAILABLE ? "unavailable" : "error";
}

static void send_error(struct worker *w, const struct json *q, const struct err *e)
{
    struct jsonw j = begin(w, "error");
    jsonw_key(&j, "id");
    if (json_is_num(json_get(q, "id")))
        jsonw_i64(&j, json_i64(json_get(q, "id"), 0));
    else
        jsonw_null(&j);
    jsonw_kstr(&j, "status", status_of(e));
    jsonw_kstr(&j, "reason", e->msg);
    finish(w, &j);
}

/* ---- prepare, load ---- */

/* An artefact can be made here for a backend that another worker serves; loading it cannot. */
static enum err_code find_backend(const struct json *q, bool to_load, const struct backend **ret,
                                  struct err *e)
{
    const char *const name = json_str(json_get(q, "backend"), "");
    const struct backend *const b = backend_find(name, nullptr);
    if (!b) {
        const char *const near = backend_nearest(name);
        return near ? err_set(e, ERR_USAGE, "no such backend: '%s'; did you mean '%s'?", name, near)
                    : err_set(e, ERR_USAGE, "no such backend: '%s'", name);
    }
    const bool engine_is_here = b->worker == BACKEND_WORKER_NATIVE && b->engine;
    if (to_load ? !engine_is_here : b->worker == BACKEND_WORKER_NONE)
        return err_set(e, ERR_UNAVAILABLE, "%s does not run in this worker", b->name);
    *ret = b;
    return ERR_OK;
}

struct loadable { /* what load and prepare are asked for, found */
    const struct backend *backend;
    const char *precision;
    struct model_facts facts; /* of nothing, where the backend reads no model */
    struct artefact artefact;
};

/* A name that chimera makes itself is resolved as a name, anything else where the lab found it. */
static enum err_code find_model(const struct json *q, struct arena *a, struct model_facts *ret,
                                struct err *e)
{
    const char *const name = json_str(json_get(q, "model"), "");
    const char *const path = json_str(json_get(q, "model_path"), "");
    const bool synth = strncmp(name, "synth:", 6) == 0;
    if (resolve_model(synth || !*path ? name : path, nullptr, synth, a, ret, e))
        return e->code;
    ret->name = *name ? name : path;
    return ERR_OK;
}

static enum err_code find_loadable(const struct json *q, bool to_load, struct arena *a,
                                   struct loadable *ret, struct err *e)
{
    *ret = (struct loadable){.precision = json_str(json_get(q, "precision"), "fp32"),
                             .artefact = {.bytes = -1, .cached = true}};
    if (find_backend(q, to_load, &ret->backend, e))
        return e->code;
    if (strcmp(ret->backend->artefact, "none") == 0)
        return ERR_OK;
    if (find_model(q, a, &ret->facts, e) ||
        backend_accepts(ret->backend, &ret->facts, ret->precision, e))
        return e->code;
    return artefact_prepare(ret->backend->artefact, ret->precision, &ret->facts, a, &ret->artefact,
                            e);
}

/* An embedding model is loaded as it lies there, and no label is claimed of it. */
static enum err_code find_embedder(const struct json *q, struct arena *a, struct loadable *ret,
                                   struct err *e)
{
    *ret = (struct loadable){.precision = "fp32", .artefact = {.bytes = -1, .cached = true}};
    if (find_backend(q, true, &ret->backend, e))
        return e->code;
    if (!ret->backend->engine->embed)
        return err_set(e, ERR_UNSUPPORTED, "%s cannot embed; llamacpp and transformers can",
                       ret->backend->name);
    return find_model(q, a, &ret->facts, e)
               ? e->code
               : worker_embed_artefact(&ret->facts, a, &ret->artefact, e);
}

static enum err_code prepare(struct worker *w, const struct json *q, struct err *e)
{
    struct loadable l = {};
    const nsec_t from = clock_now();
    if (find_loadable(q, false, w->request, &l, e))
        return e->code;
    struct jsonw j = begin(w, "prepared");
    jsonw_kstr(&j, "artefact", l.artefact.path ? l.artefact.path : "");
    jsonw_ki64(&j, "bytes", l.artefact.bytes > 0 ? l.artefact.bytes : 0);
    jsonw_kstr(&j, "sha256", l.artefact.sha256);
    jsonw_kbool(&j, "cached", l.artefact.cached);
    jsonw_kf64(&j, "ms", clock_ms(clock_now() - from));
    finish(w, &j);
    return ERR_OK;
}

static uint32_t count(const struct json *q, const char *key, uint32_t otherwise)
{
    const int64_t n = json_i64(json_get(q, key), 0);
    return n > 0 && n <= INT32_MAX ? (uint32_t)n : otherwise;
}

static enum err_code load(struct worker *w, const struct json *q, struct err *e)
{
    struct loadable l = {};
    if (w->engine)
        return err_set(e, ERR_USAGE, "a worker loads once");
    const bool embed = strcmp(json_str(json_get(q, "task"), ""), "embed") == 0;
    if (embed ? find_embedder(q, w->life, &l, e) : find_loadable(q, true, w->life, &l, e))
        return e->code;
    const struct engine *const engine = l.backend->engine;
    struct engine_load load = {
        .precision = l.precision,
        .facts = &l.facts,
        .artefact = l.artefact.path ? l.artefact.path : "",
        .options = json_get(q, "options"),
        .seed = (uint64_t)json_i64(json_get(q, "seed"), 0),
        .threads = count(q, "threads", (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)),
        .max_context = count(q, "max_context", 0),
        .max_batch = count(q, "max_batch", 1),
        .gpu = strcmp(l.backend->device, "cuda") == 0,
        .embed = embed,
    };
    if (engine->prove && !embed)
        engine->prove(&load, w->life, &load.proof);
    const nsec_t from = clock_now();
    if (engine->open(&load, w->life, &w->session, &w->about, e))
        return e->code;
    w->engine = engine;
    w->embeds = embed;
    const double load_ms = clock_ms(clock_now() - from);
    struct jsonw j = begin(w, "loaded");
    worker_reply_loaded(&j, engine, w->session, &w->about, &l.artefact, load_ms);
    finish(w, &j);
    return ERR_OK;
}

/* ---- run ---- */

static enum err_code read_prompts(const struct json *q, struct arena *a,
                                  struct generate_request *ret, struct err *e)
{
    const struct json *const list = json_get(q, "prompts");
    if (!json_is_array(list))
        return err_set(e, ERR_USAGE, "run: prompts is missing: want a list of texts");
    struct generate_prompt *const prompts =
        ARENA_ARRAY(a, struct generate_prompt, json_len(list) + 1);
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        if (!json_is_str(v))
            return err_set(e, ERR_USAGE, "run: prompt %u is no text", ret->n);
        prompts[ret->n++] = (struct generate_prompt){json_str(v, ""), json_len(v)};
    }
    ret->prompts = prompts;
    return ERR_OK;
}

static enum err_code run(struct worker *w, const struct json *q, struct err *e)
{
    struct generate_request request = {
        .temperature = json_f64(json_get(q, "temperature"), 0),
        .top_p = json_f64(json_get(q, "top_p"), 1),
        .seed = (uint64_t)json_i64(json_get(q, "seed"), 0),
        .stop_on_eos = json_bool(json_get(q, "stop_on_eos"), true),
    };
    const int64_t max_tokens = json_i64(json_get(q, "max_tokens"), 0);
    if (max_tokens < 0 || max_tokens > MOST_TOKENS)
        return err_set(e, ERR_USAGE, "run: max_tokens %lld is outside 1..%u", (long long)max_tokens,
                       MOST_TOKENS);
    request.max_tokens = (uint32_t)max_tokens;
    if (read_prompts(q, w->request, &request, e))
        return e->code;
    CLEANUP(generate_done) struct generate_result r = {};
    if (generate_run(w->engine, w->session, &w->about, &request, w->request, &r, e))
        return e->code;
    struct jsonw j = begin(w, "sample");
    jsonw_ki64(&j, "id", json_i64(json_get(q, "id"), 0));
    worker_reply_sample(&j, &r);
    finish(w, &j);
    return ERR_OK;
}

/* ---- tokenize, detokenize ---- */

static enum err_code tokenize(struct worker *w, const struct json *q, struct err *e)
{
    const struct json *const text = json_get(q, "text");
    if (!json_is_str(text))
        return err_set(e, ERR_USAGE, "tokenize: text is missing");
    const uint32_t room = engine_ids_room(json_len(text));
    int32_t *const ids = ARENA_ARRAY(w->request, int32_t, room);
    uint32_t n = 0;
    if (w->engine->tokenize(w->session, json_str(text, ""), json_len(text), ids, room, &n, e))
        return e->code;
    struct jsonw j = begin(w, "tokens");
    jsonw_ki64(&j, "id", json_i64(json_get(q, "id"), 0));
    jsonw_karray(&j, "tokens");
    for (uint32_t i = 0; i < n; i++)
        jsonw_i64(&j, ids[i]);
    jsonw_end_array(&j);
    finish(w, &j);
    return ERR_OK;
}

/* The ids of a list, each inside the vocabulary. */
static enum err_code read_ids(const struct worker *w, const struct json *list, int32_t **ret,
                              uint32_t *ret_n, struct err *e)
{
    if (!json_is_array(list))
        return err_set(e, ERR_USAGE, "tokens is missing: want a list of ids");
    *ret = ARENA_ARRAY(w->request, int32_t, json_len(list) + 1);
    *ret_n = 0;
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        const int64_t id = json_i64(v, -1);
        if (id < 0 || id >= w->about.vocab_size)
            return err_set(e, ERR_USAGE, "token %u is outside the vocabulary of %u", *ret_n,
                           w->about.vocab_size);
        (*ret)[(*ret_n)++] = (int32_t)id;
    }
    return ERR_OK;
}

static enum err_code detokenize(struct worker *w, const struct json *q, struct err *e)
{
    int32_t *ids = nullptr;
    uint32_t n = 0;
    CLEANUP(str_done) struct str text = {};
    if (read_ids(w, json_get(q, "tokens"), &ids, &n, e) ||
        w->engine->detokenize(w->session, ids, n, &text, e))
        return e->code;
    struct jsonw j = begin(w, "text");
    jsonw_ki64(&j, "id", json_i64(json_get(q, "id"), 0));
    jsonw_key(&j, "text");
    jsonw_strn(&j, str_text(&text), text.n);
    finish(w, &j);
    return ERR_OK;
}

/* ---- logits ---- */

struct tokens { /* of every sequence */
    const int32_t **ids;
    uint32_t *n_ids;
    uint32_t n, total;
};

static enum err_code read_tokens(const struct worker *w, const struct json *q, struct tokens *ret,
                                 struct err *e)
{
    const struct json *const list = json_get(q, "tokens");
    *ret = (struct tokens){.ids = ARENA_ARRAY(w->request, const int32_t *, json_len(list) + 1),
                           .n_ids = ARENA_ARRAY(w->request, uint32_t, json_len(list) + 1)};
    struct json_iter it = json_iter(list);
    for (const struct json *v; json_is_array(list) && (v = json_next(&it, nullptr)); ret->n++) {
        int32_t *ids = nullptr;
        if (read_ids(w, v, &ids, &ret->n_ids[ret->n], e))
            return err_wrap(e, "logits: sequence %u", ret->n);
        if (ret->n_ids[ret->n] == 0)
            return err_set(e, ERR_USAGE, "logits: sequence %u is empty", ret->n);
        if (w->about.n_ctx && ret->n_ids[ret->n] > w->about.n_ctx)
            return err_set(e, ERR_USAGE,
                           "logits: sequence %u of %u tokens exceeds the context of %u", ret->n,
                           ret->n_ids[ret->n], w->about.n_ctx);
        ret->ids[ret->n] = ids;
        ret->total += ret->n_ids[ret->n];
    }
    return ret->n ? ERR_OK : err_set(e, ERR_USAGE, "logits: tokens is missing: want lists of ids");
}

/* Token by token, through the cache. */
static enum err_code decode_logits(struct worker *w, const int32_t *ids, uint32_t n, float *rows,
                                   struct err *e)
{
    const uint32_t one = 1, vocab = w->about.vocab_size;
    uint32_t padding;
    if (w->engine->reserve && w->engine->reserve(w->session, 1, n, e))
        return e->code;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0
                ? w->engine->prefill(w->session, &(struct engine_batch){&ids, &one, 1}, &padding, e)
                : w->engine->step(w->session, ids + i, e))
            return e->code;
        memcpy(rows + (size_t)i * vocab, w->engine->logits(w->session, 0), vocab * sizeof *rows);
    }
    return ERR_OK;
}

static enum err_code fill_logits(struct worker *w, const struct tokens *t, const char *path,
                                 float *rows, struct err *e)
{
    if (strcmp(path, "batch") == 0)
        return w->engine->all_logits(w->session, &(struct engine_batch){t->ids, t->n_ids, t->n},
                                     rows, e);
    const bool decode = strcmp(path, "decode") == 0;
    if (!decode && strcmp(path, "prefill") != 0)
        return err_set(e, ERR_USAGE, "logits: path '%s': want prefill, decode or batch", path);
    for (uint32_t k = 0; k < t->n; k++) {
        if (decode ? decode_logits(w, t->ids[k], t->n_ids[k], rows, e)
                   : w->engine->all_logits(
                         w->session, &(struct engine_batch){t->ids + k, t->n_ids + k, 1}, rows, e))
            return e->code;
        rows += (size_t)t->n_ids[k] * w->about.vocab_size;
    }
    return ERR_OK;
}

static enum err_code logits(struct worker *w, const struct json *q, struct err *e)
{
    struct tokens t;
    const char *const file = json_str(json_get(q, "file"), "");
    if (!w->engine->all_logits)
        return err_set(e, ERR_UNSUPPORTED, "%s has no logits", w->engine->name);
    if (!*file)
        return err_set(e, ERR_USAGE, "logits: file is missing");
    if (read_tokens(w, q, &t, e))
        return e->code;
    const size_t n = (size_t)t.total * w->about.vocab_size;
    float *const rows = arena_try_alloc(w->request, n, sizeof *rows);
    if (!rows)
        return engine_no_memory(e, err_set(e, ERR_LIMIT, "logits: out of memory: %zu floats", n));
    if (fill_logits(w, &t, json_str(json_get(q, "path"), "prefill"), rows, e) ||
        file_write(file, (const char *)rows, n * sizeof *rows, e))
        return e->code;
    struct jsonw j = begin(w, "logits");
    jsonw_ki64(&j, "id", json_i64(json_get(q, "id"), 0));
    jsonw_ki64(&j, "positions", t.total);
    jsonw_ki64(&j, "vocab", w->about.vocab_size);
    finish(w, &j);
    return ERR_OK;
}

static enum err_code embed(struct worker *w, const struct json *q, struct err *e)
{
    struct worker_embed_result r;
    if (worker_embed(w->engine, w->session, &w->about, q, w->request, &r, e))
        return e->code;
    struct jsonw j = begin(w, "embeddings");
    jsonw_ki64(&j, "id", json_i64(json_get(q, "id"), 0));
    jsonw_ki64(&j, "texts", (int64_t)r.texts);
    jsonw_ki64(&j, "dimension", w->about.dimension);
    jsonw_ki64(&j, "cut", (int64_t)r.cut);
    finish(w, &j);
    return ERR_OK;
}

/* ---- the loop ---- */

static enum err_code quit(struct worker *w, const struct json *, struct err *)
{
    w->ended = true;
    return ERR_OK;
}

static const struct operation {
    const char *name;
    enum err_code (*run)(struct worker *w, const struct json *q, struct err *e);
    enum { ALWAYS, GENERATES, EMBEDS } when; /* which task a load has to have named */
} operations[] = {
    {"prepare", prepare, ALWAYS},
    {"load", load, ALWAYS},
    {"run", run, GENERATES},
    {"tokenize", tokenize, GENERATES},
    {"detokenize", detokenize, GENERATES},
    {"logits", logits, GENERATES},
    {"embed", embed, EMBEDS},
    {"quit", quit, ALWAYS},
};

static enum err_code answer(struct worker *w, const struct json *q, struct err *e)
{
    const char *const op = json_str(json_get(q, "op"), "");
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        if (strcmp(operations[i].name, op) != 0)
            continue;
        if (operations[i].when != ALWAYS && !w->engine)
            return err_set(e, ERR_USAGE, "%s: nothing is loaded", op);
        if (operations[i].when != ALWAYS && w->embeds != (operations[i].when == EMBEDS))
            return err_set(e, ERR_USAGE, "%s: the model was loaded with task %s", op,
                           w->embeds ? "embed" : "generate");
        const enum err_code code = operations[i].run(w, q, e);
        if (code && operations[i].run == load && !w->engine) {
            w->ended = true;
            w->status = 1;
        }
        return code;
    }
    return err_set(e, ERR_USAGE, "no such op: '%s'", op);
}

static void serve(struct worker *w)
{
    struct err e = {};
    size_t bytes = 0;
    if (read_line(w, &bytes, &e)) {
        w->ended = true;
        if (e.code != ERR_INTERRUPTED) {
            send_error(w, nullptr, &e);
            w->status = 2;
        }
        return;
    }
    w->request = arena_new(MEMORY_LIMIT);
    const struct json *q = nullptr;
    /* What load is asked for lives as long as the engine: its options are borrowed. */
    if (json_parse(w->line.text, bytes, "request", w->engine ? w->request : w->life, &q, &e) ||
        answer(w, q, &e))
        send_error(w, q, &e);
    w->request = arena_free(w->request);
    drop_line(w, bytes);
}

int worker_run(int in, int out)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    struct worker w = {.in = in, .out = out, .life = arena_new(MEMORY_LIMIT)};
    while (!w.ended)
        serve(&w);
    if (w.engine)
        w.engine->close(w.session);
    str_done(&w.line);
    str_done(&w.reply);
    w.life = arena_free(w.life);
    return w.status;
}
