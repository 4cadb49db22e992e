#include "lab/embed.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t TEXTS_IN_REQUEST = 256;
constexpr int64_t MOST_DIMENSIONS = 1 << 16;

struct session { /* do not copy: struct invocation */
    struct invocation invocation;
    struct stop *stop;
    struct arena *arena;
    double timeout_s;
    char file[300]; /* where the worker puts its vectors; "": none yet */
    struct invocation_failure *failure;
};

static void session_done(struct session *s)
{
    invocation_done(&s->invocation);
    if (*s->file)
        (void)unlink(s->file);
}

static bool fail(struct session *s, const char *reason)
{
    *s->failure =
        (struct invocation_failure){.status = STATUS_ERROR, .stage = "run", .reason = reason};
    return false;
}

static bool make_file(struct session *s)
{
    const char *const folder = getenv("TMPDIR");
    const int n = snprintf(s->file, sizeof s->file, "%s/chimera-embed-XXXXXX",
                           folder && *folder ? folder : "/tmp");
    const int fd = n > 0 && (size_t)n < sizeof s->file ? mkstemp(s->file) : -1;
    if (fd < 0) {
        s->file[0] = '\0';
        return fail(s,
                    "no temporary file for the vectors; is $TMPDIR a folder that can be written?");
    }
    (void)close(fd);
    return true;
}

/* ---- one request ---- */

static void build(const struct session *s, const struct embed_text *texts, size_t n,
                  struct str *out)
{
    struct jsonw j = {.out = out};
    jsonw_object(&j);
    jsonw_kstr(&j, "op", "embed");
    jsonw_ki64(&j, "id", 0);
    jsonw_karray(&j, "texts");
    for (size_t i = 0; i < n; i++)
        jsonw_strn(&j, texts[i].text, texts[i].n);
    jsonw_end_array(&j);
    jsonw_kstr(&j, "file", s->file);
    jsonw_end_object(&j);
}

static bool read_rows(struct session *s, float *rows, size_t n)
{
    CLEANUP(file_closep) FILE *f = fopen(s->file, "re");
    if (!f || fread(rows, sizeof *rows, n, f) != n || fgetc(f) != EOF)
        return fail(s, "the file of its vectors has another size than it said");
    for (size_t i = 0; i < n; i++)
        if (!isfinite(rows[i]))
            return fail(s, "it gave vectors with elements that are no numbers");
    return true;
}

static bool embed_some(struct session *s, const struct embed_text *texts, size_t first, size_t n,
                       struct embed_result *r)
{
    CLEANUP(str_done) struct str request = {};
    build(s, texts + first, n, &request);
    const struct invocation_question q = {"run", "embeddings", s->timeout_s, true};
    const struct json *const reply =
        invocation_ask(&s->invocation, &request, &q, s->stop, s->arena, nullptr, s->failure);
    if (!reply)
        return false;
    const int64_t got = json_i64(json_get(reply, "texts"), -1);
    const int64_t dimension = json_i64(json_get(reply, "dimension"), -1);
    if (got != (int64_t)n || dimension < 1 || dimension > MOST_DIMENSIONS ||
        (r->rows && dimension != (int64_t)r->dimension))
        return fail(s, arena_printf(s->arena, "it gave %lld vectors of %lld; want %zu",
                                    (long long)got, (long long)dimension, n));
    if (!r->rows) {
        r->dimension = (size_t)dimension;
        r->rows = arena_try_alloc(s->arena, r->n * r->dimension, sizeof *r->rows);
    }
    if (!r->rows)
        return fail(s,
                    arena_printf(s->arena, "no memory for %zu vectors of %zu", r->n, r->dimension));
    r->cut += (size_t)json_i64(json_get(reply, "cut"), 0);
    return read_rows(s, r->rows + first * r->dimension, n * r->dimension);
}

/* ---- all of it ---- */

static void describe(const struct session *s, struct embed_result *r)
{
    const struct json *const loaded = s->invocation.loaded;
    const struct json *const engine = json_get(loaded, "engine");
    const struct json *const evidence = json_get(loaded, "evidence");
    r->engine = json_str(json_get(engine, "name"), nullptr);
    r->version = json_str(json_get(engine, "version"), nullptr);
    r->architecture = json_str(json_get(json_get(loaded, "model"), "architecture"), nullptr);
    r->pooling = json_str(json_get(evidence, "pooling"), nullptr);
    r->pooling_assumed = json_bool(json_get(evidence, "pooling_assumed"), false);
    r->sha256 = json_str(json_get(json_get(loaded, "artefact"), "sha256"), nullptr);
    r->longest = json_i64(json_get(evidence, "longest_tokens"), 0);
}

bool embed_texts(const struct invocation_spec *spec, const struct embed_text *texts, size_t n,
                 double timeout_s, struct stop *stop, struct arena *a, struct embed_result *ret,
                 struct invocation_failure *ret_failure)
{
    *ret_failure = (struct invocation_failure){};
    CLEANUP(session_done)
    struct session s = {.stop = stop, .arena = a, .timeout_s = timeout_s, .failure = ret_failure};
    struct embed_result r = {.n = n};
    if (!make_file(&s))
        return false;
    invocation_start(&s.invocation, spec, stop, a, ret_failure);
    if (ret_failure->status != STATUS_OK)
        return false;
    describe(&s, &r);
    for (size_t first = 0; first < n; first += TEXTS_IN_REQUEST)
        if (!embed_some(&s, texts, first,
                        n - first < TEXTS_IN_REQUEST ? n - first : TEXTS_IN_REQUEST, &r))
            return false;
    *ret = r;
    return true;
}

double embed_cosine(const float *x, const float *y, size_t dimension)
{
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < dimension; i++) {
        xy += (double)x[i] * (double)y[i];
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}
