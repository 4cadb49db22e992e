#include "store/semantic_log.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)4 << 30;

/* ---- writing ---- */

static struct jsonw begin(const char *kind, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "kind", kind);
    return w;
}

static void finish(struct jsonw *w)
{
    jsonw_end_object(w);
    str_putc(w->out, '\n');
}

static void key_count(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    n > 0 ? jsonw_i64(w, n) : jsonw_null(w);
}

void semantic_log_format_header(const struct semantic_log_header *h, struct str *out)
{
    struct jsonw w = begin("header", out);
    jsonw_kstr(&w, "schema", "chimera.semantic/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "model", h->model);
    jsonw_kstr(&w, "name", h->name);
    jsonw_kstr(&w, "sha256", h->sha256);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "about", h->about);
    jsonw_kstr(&w, "engine", h->engine);
    jsonw_kstr(&w, "engine_version", h->engine_version);
    jsonw_kstr(&w, "architecture", h->architecture);
    jsonw_kstr(&w, "pooling", h->pooling);
    key_count(&w, "dimension", h->dimension);
    key_count(&w, "longest_tokens", h->longest_tokens);
    jsonw_kstr(&w, "started_at", h->started_at);
    finish(&w);
}

void semantic_log_format_pair(const struct semantic_log_pair *p, struct str *out)
{
    struct jsonw w = begin("pair", out);
    jsonw_kstr(&w, "text_sha256", p->text);
    jsonw_kstr(&w, "baseline_sha256", p->baseline);
    jsonw_kf64(&w, "cosine", p->cosine);
    finish(&w);
}

void semantic_log_format_end(const struct semantic_log_end *x, struct str *out)
{
    struct jsonw w = begin("end", out);
    jsonw_kstr(&w, "status", status_name(x->status));
    jsonw_kstr(&w, "reason", x->reason);
    jsonw_ki64(&w, "texts", x->texts);
    jsonw_ki64(&w, "cut", x->cut);
    jsonw_kstr(&w, "ended_at", x->ended_at);
    finish(&w);
}

char *semantic_log_path(struct arena *a, const char *dir)
{
    return arena_printf(a, "%s/quality/semantic.jsonl", dir);
}

/* ---- reading ---- */

static const char *text_of(const struct json *v, const char *key, struct arena *a)
{
    const char *const text = json_str(json_get(v, key), nullptr);
    return text ? arena_strdup(a, text) : nullptr;
}

static bool take_header(const struct json *v, struct arena *a, struct semantic_log *log)
{
    const struct json *const from = json_get(v, "generated_from");
    const struct semantic_log_header h = {
        .model = text_of(from, "model", a),
        .name = text_of(from, "name", a),
        .sha256 = text_of(from, "sha256", a),
        .about = text_of(v, "about", a),
        .engine = text_of(v, "engine", a),
        .engine_version = text_of(v, "engine_version", a),
        .architecture = text_of(v, "architecture", a),
        .pooling = text_of(v, "pooling", a),
        .dimension = json_i64(json_get(v, "dimension"), 0),
        .longest_tokens = json_i64(json_get(v, "longest_tokens"), 0),
        .started_at = text_of(v, "started_at", a),
    };
    if (strcmp(json_str(json_get(v, "schema"), ""), "chimera.semantic/1") != 0 || !h.model ||
        (log->n && !semantic_log_same(&log->header, &h)))
        return false;
    log->header = h;
    log->begun = true;
    log->ended = false;
    return true;
}

static bool take_digest(const struct json *v, const char *key, char to[static DIGEST_HEX])
{
    const char *const text = json_str(json_get(v, key), "");
    if (strlen(text) != DIGEST_HEX - 1)
        return false;
    memcpy(to, text, DIGEST_HEX);
    return true;
}

static bool take_end(const struct json *v, struct arena *a, struct semantic_log *log)
{
    log->end.reason = text_of(v, "reason", a);
    log->end.ended_at = text_of(v, "ended_at", a);
    log->end.texts += json_i64(json_get(v, "texts"), 0);
    log->end.cut += json_i64(json_get(v, "cut"), 0);
    log->ended = status_parse(json_str(json_get(v, "status"), ""), &log->end.status);
    return log->ended;
}

/* pairs has room for one more. */
static bool take_line(const struct json *v, struct arena *a, struct semantic_log *log)
{
    const char *const kind = json_str(json_get(v, "kind"), "");
    if (strcmp(kind, "header") == 0)
        return take_header(v, a, log);
    if (strcmp(kind, "end") == 0)
        return take_end(v, a, log);
    struct semantic_log_pair *const p = &log->pairs[log->n];
    p->cosine = json_f64(json_get(v, "cosine"), NOT_MEASURED);
    if (strcmp(kind, "pair") != 0 || !log->begun || !(fabs(p->cosine) <= 1.000001) ||
        !take_digest(v, "text_sha256", p->text) || !take_digest(v, "baseline_sha256", p->baseline))
        return false;
    log->n++;
    return true;
}

static int by_texts(const void *x, const void *y)
{
    const struct semantic_log_pair *const a = x, *const b = y;
    const int first = strcmp(a->text, b->text);
    return first ? first : strcmp(a->baseline, b->baseline);
}

static void sort_once(struct semantic_log *log)
{
    size_t n = 0;
    if (log->n)
        qsort(log->pairs, log->n, sizeof *log->pairs, by_texts);
    for (size_t i = 0; i < log->n; i++)
        if (n == 0 || by_texts(&log->pairs[n - 1], &log->pairs[i]) != 0)
            log->pairs[n++] = log->pairs[i];
    log->n = n;
}

enum err_code semantic_log_read(const char *path, struct arena *a, struct semantic_log *ret,
                                struct err *e)
{
    struct semantic_log log = {};
    *ret = log;
    if (!file_exists(path))
        return ERR_OK;
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    char *text;
    size_t n, lines = 0, number = 0;
    if (file_read(path, scratch, &text, &n, e))
        return e->code;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    log.pairs = ARENA_ARRAY(a, struct semantic_log_pair, lines + 1);
    const char *line = text;
    for (const char *end; (end = memchr(line, '\n', n - (size_t)(line - text))); line = end + 1) {
        CLEANUP(arena_freep) struct arena *parsed = arena_new(SCRATCH);
        const struct json *v;
        number++;
        if (json_parse(line, (size_t)(end - line), path, parsed, &v, e))
            return err_wrap(e, "line %zu", number);
        if (!take_line(v, a, &log))
            return err_set(e, ERR_PARSE,
                           "%s:%zu: this line is no part of a log of semantic similarity by one "
                           "model",
                           path, number);
    }
    sort_once(&log);
    *ret = log;
    return ERR_OK;
}

double semantic_log_find(const struct semantic_log *log, const char *text, const char *baseline)
{
    struct semantic_log_pair wanted;
    if (log->n == 0)
        return NOT_MEASURED;
    digest_of(text, strlen(text), wanted.text);
    digest_of(baseline, strlen(baseline), wanted.baseline);
    const struct semantic_log_pair *const found =
        bsearch(&wanted, log->pairs, log->n, sizeof *log->pairs, by_texts);
    return found ? found->cosine : NOT_MEASURED;
}

static bool same(const char *x, const char *y)
{
    return x == y || (x && y && strcmp(x, y) == 0);
}

bool semantic_log_same(const struct semantic_log_header *x, const struct semantic_log_header *y)
{
    return x->sha256 && y->sha256 ? strcmp(x->sha256, y->sha256) == 0
                                  : same(x->model, y->model) && same(x->name, y->name);
}
