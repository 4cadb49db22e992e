#include "lab/perplexity_worker.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_failure(struct invocation_failure *f, enum status status, const char *reason)
{
    *f = (struct invocation_failure){.status = status, .stage = "run", .reason = reason};
}

void perplexity_worker_start(struct perplexity_worker *w, const struct invocation_spec *spec,
                             const char *file, double timeout_s, struct stop *stop, struct arena *a,
                             struct invocation_failure *ret)
{
    perplexity_worker_done(w);
    *w = (struct perplexity_worker){
        .spec = spec, .stop = stop, .file = file, .timeout_s = timeout_s};
    invocation_start(&w->invocation, spec, stop, a, ret);
    if (ret->status != STATUS_OK)
        return;
    const struct json *const model = json_get(w->invocation.loaded, "model");
    const int64_t vocab = json_i64(json_get(model, "vocab_size"), 0);
    const int64_t n_ctx = json_i64(json_get(model, "n_ctx"), 0);
    w->vocab = vocab > 0 && vocab <= INT32_MAX ? (uint32_t)vocab : 0;
    w->n_ctx = n_ctx > 0 && n_ctx <= INT32_MAX ? (uint32_t)n_ctx : 0;
    if (!w->invocation.label_ok) {
        *ret = (struct invocation_failure){STATUS_DEGRADED, "load", w->invocation.label_reason,
                                           nullptr};
        perplexity_worker_done(w);
        return;
    }
    /* Compiled code gives the logits of the last position; all positions come from the uncompiled
     * model, and its figure is not this configuration's. */
    const struct json *const evidence = json_get(w->invocation.loaded, "evidence");
    if (json_bool(json_get(json_get(evidence, "compile"), "happened"), false)) {
        set_failure(ret, STATUS_INCOMPATIBLE,
                    "its compiled code gives the logits of the last position only; a text would be "
                    "scored by the uncompiled model");
        perplexity_worker_done(w);
    }
}

void perplexity_worker_done(struct perplexity_worker *w)
{
    invocation_done(&w->invocation);
}

/* ---- one question, one answer ---- */

static void begin(struct perplexity_worker *w, const char *op, struct jsonw *j)
{
    jsonw_object(j);
    jsonw_kstr(j, "op", op);
    jsonw_ki64(j, "id", ++w->id);
}

static void key_ids(struct jsonw *j, const int32_t *ids, uint32_t n)
{
    jsonw_array(j);
    for (uint32_t i = 0; i < n; i++)
        jsonw_i64(j, ids[i]);
    jsonw_end_array(j);
}

/* The reply, nullptr after a failure. */
static const struct json *ask(struct perplexity_worker *w, const struct str *request,
                              const char *want, struct arena *a, struct invocation_failure *ret)
{
    const struct invocation_question q = {"run", want, w->timeout_s, false};
    return invocation_ask(&w->invocation, request, &q, w->stop, a, nullptr, ret);
}

/* ---- tokens ---- */

bool perplexity_worker_tokenize(struct perplexity_worker *w, const char *text, size_t n,
                                struct arena *a, int32_t **ret_ids, uint32_t *ret_n,
                                struct invocation_failure *ret)
{
    CLEANUP(str_done) struct str request = {};
    struct jsonw j = {.out = &request};
    begin(w, "tokenize", &j);
    jsonw_key(&j, "text");
    jsonw_strn(&j, text, n);
    jsonw_end_object(&j);
    const struct json *const reply = ask(w, &request, "tokens", a, ret);
    if (!reply)
        return false;
    const struct json *const list = json_get(reply, "tokens");
    *ret_n = (uint32_t)json_len(list);
    *ret_ids = ARENA_ARRAY(a, int32_t, json_len(list) + 1);
    struct json_iter it = json_iter(list);
    uint32_t i = 0;
    for (const struct json *v; (v = json_next(&it, nullptr)); i++) {
        const int64_t id = json_i64(v, -1);
        if (id < 0 || id > INT32_MAX || (w->vocab && id >= w->vocab)) {
            set_failure(ret, STATUS_ERROR,
                        arena_printf(a,
                                     "token %u of the text is %lld, outside the vocabulary of %u",
                                     i, (long long)id, w->vocab));
            return false;
        }
        (*ret_ids)[i] = (int32_t)id;
    }
    return true;
}

bool perplexity_worker_detokenize(struct perplexity_worker *w, const int32_t *ids, uint32_t n,
                                  struct arena *a, const char **ret_text,
                                  struct invocation_failure *ret)
{
    CLEANUP(str_done) struct str request = {};
    struct jsonw j = {.out = &request};
    begin(w, "detokenize", &j);
    jsonw_key(&j, "tokens");
    key_ids(&j, ids, n);
    jsonw_end_object(&j);
    const struct json *const reply = ask(w, &request, "text", a, ret);
    *ret_text = arena_strdup(a, json_str(json_get(reply, "text"), ""));
    return reply;
}

/* ---- logits ---- */

/* Opened and unlinked: its room is given back when it is closed, whatever happens to us. */
static FILE *take_file(struct perplexity_worker *w, uint64_t rows, struct arena *a,
                       struct invocation_failure *ret)
{
    struct stat st;
    FILE *const f = fopen(w->file, "re");
    (void)unlink(w->file);
    const uint64_t want = rows * w->vocab * sizeof(float);
    if (f && fstat(fileno(f), &st) == 0 && (uint64_t)st.st_size == want)
        return f;
    set_failure(ret, STATUS_ERROR,
                f ? arena_printf(a, "the file of its logits has %lld bytes; want %llu",
                                 (long long)st.st_size, (unsigned long long)want)
                  : "the file of its logits is not there");
    if (f)
        (void)fclose(f);
    return nullptr;
}

bool perplexity_worker_logits(struct perplexity_worker *w,
                              const struct perplexity_worker_span *spans, size_t n, struct arena *a,
                              FILE **ret_file, struct invocation_failure *ret)
{
    CLEANUP(str_done) struct str request = {};
    struct jsonw j = {.out = &request};
    uint64_t rows = 0;
    begin(w, "logits", &j);
    jsonw_karray(&j, "tokens");
    for (size_t i = 0; i < n; i++) {
        key_ids(&j, spans[i].ids, spans[i].n);
        rows += spans[i].n;
    }
    jsonw_end_array(&j);
    jsonw_kstr(&j, "path", "prefill");
    jsonw_kstr(&j, "file", w->file);
    jsonw_end_object(&j);
    const struct json *const reply = ask(w, &request, "logits", a, ret);
    if (!reply)
        return false;
    const int64_t vocab = json_i64(json_get(reply, "vocab"), -1);
    const int64_t positions = json_i64(json_get(reply, "positions"), -1);
    if (positions != (int64_t)rows || vocab <= 0 || (w->vocab && vocab != w->vocab)) {
        set_failure(ret, STATUS_ERROR,
                    arena_printf(a, "it gave %lld x %lld logits; want %llu x %u",
                                 (long long)positions, (long long)vocab, (unsigned long long)rows,
                                 w->vocab));
        (void)unlink(w->file);
        return false;
    }
    w->vocab = (uint32_t)vocab;
    *ret_file = take_file(w, rows, a, ret);
    return *ret_file;
}
