#include "lab/semantic.h"

#include "backend/backend.h"
#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/str.h"
#include "io/file.h"
#include "lab/embed_server.h"

#include <string.h>

static const char *const native[] = {"/proc/self/exe", "worker", nullptr};

static bool fail(struct invocation_failure *f, enum status status, const char *reason)
{
    *f = (struct invocation_failure){.status = status, .stage = "load", .reason = reason};
    return false;
}

/* The worker's program; nullptr where it cannot run here: *f. */
static const char *const *program_of(const struct backend *b, struct arena *a,
                                     struct invocation_failure *f)
{
    struct err e = {};
    struct backend_found found = {};
    struct python_worker python = {};
    const bool is_native = b->worker == BACKEND_WORKER_NATIVE;
    if (b->available(&found, &e) || (!is_native && python_worker_place(a, &python, &e))) {
        (void)fail(f, STATUS_UNAVAILABLE, arena_strdup(a, e.msg));
        return nullptr;
    }
    if (is_native)
        return native;
    const char **const argv = arena_alloc(a, 3, sizeof *argv);
    argv[0] = python.python;
    argv[1] = python.script;
    return argv;
}

static bool embed_by_worker(const struct semantic_model *m, const struct embed_text *texts,
                            size_t n, struct stop *stop, struct arena *a, struct embed_result *ret,
                            struct invocation_failure *f)
{
    const size_t length = strlen(m->path);
    const bool gguf = length > 5 && strcmp(m->path + length - 5, ".gguf") == 0;
    if (!gguf && !file_is_folder(m->path))
        return fail(f, STATUS_ERROR,
                    arena_printf(a,
                                 "'%s' is no embedding model: want a folder of "
                                 "sentence-transformers' kind or a .gguf file",
                                 m->path));
    const struct backend *const b =
        backend_find(gguf ? "llamacpp-cpu" : "transformers-cpu", nullptr);
    const struct invocation_spec spec = {
        .argv = program_of(b, a, f),
        .task = "embed",
        .backend = b->name,
        .precision = "fp32",
        .model = m->path,
        .model_path = m->path,
        .device = b->device,
        .threads = m->threads,
        .max_batch = 1,
        .load_timeout_s = m->timeout_s,
    };
    return spec.argv && embed_texts(&spec, texts, n, m->timeout_s, stop, a, ret, f);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool semantic_embed(const struct semantic_model *m, const struct embed_text *texts, size_t n,
                    struct stop *stop, struct arena *a, struct embed_result *ret,
                    struct invocation_failure *ret_failure)
{
    struct embed_text *const bare = ARENA_ARRAY(a, struct embed_text, n + 1);
    for (size_t i = 0; i < n; i++) {
        bare[i] = texts[i];
        for (; bare[i].n && is_blank(bare[i].text[bare[i].n - 1]); bare[i].n--) {
        }
        for (; bare[i].n && is_blank(bare[i].text[0]); bare[i].n--)
            bare[i].text++;
    }
    const struct embed_server_spec server = {m->url, m->name, m->timeout_s};
    return m->path ? embed_by_worker(m, bare, n, stop, a, ret, ret_failure)
                   : embed_server_texts(&server, bare, n, stop, a, ret, ret_failure);
}

const char *semantic_about(const struct semantic_model *m, const struct embed_result *r,
                           struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    str_printf(&out, "cosine of embeddings; %s, %zu dimensions", m->path ? m->path : m->url,
               r->dimension);
    if (r->architecture)
        str_printf(&out, ", %s", r->architecture);
    if (r->pooling)
        str_printf(&out, ", pooling %s%s", r->pooling,
                   r->pooling_assumed ? " (the file names none)" : "");
    if (r->engine)
        str_printf(&out, ", %s%s%s", r->engine, r->version ? " " : "",
                   r->version ? r->version : "");
    if (r->cut)
        str_printf(&out, "; %zu text%s cut at %lld tokens", r->cut, r->cut == 1 ? " was" : "s were",
                   (long long)r->longest);
    return arena_strdup(a, str_text(&out));
}
