#include "store/perplexity_log.h"

#include "base/arena.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "store/results_folder.h"

#include <stdio.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)4 << 30;
constexpr uint32_t MOST_WINDOWS = 16U << 20; /* a text has no more bytes */

/* ---- writing ---- */

void perplexity_log_format_header(const struct perplexity_log_header *h, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "kind", "header");
    jsonw_kstr(&w, "schema", "chimera.perplexity/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "backend", h->backend);
    jsonw_kstr(&w, "precision", h->precision);
    jsonw_kstr(&w, "model", h->model);
    jsonw_kstr(&w, "engine", h->engine);
    jsonw_kstr(&w, "engine_version", h->engine_version);
    jsonw_kstr(&w, "baseline", h->baseline);
    jsonw_kstr(&w, "baseline_version", h->baseline_version);
    jsonw_kstr(&w, "baseline_reason", h->baseline_reason);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "text", h->text);
    jsonw_kstr(&w, "text_sha256", h->text_sha256);
    jsonw_kstr(&w, "tokens_sha256", h->tokens_sha256);
    jsonw_end_object(&w);
    jsonw_ki64(&w, "text_bytes", h->text_bytes);
    jsonw_ki64(&w, "text_tokens", h->text_tokens);
    jsonw_ki64(&w, "tokens", h->tokens);
    jsonw_ki64(&w, "window", h->window);
    jsonw_ki64(&w, "stride", h->stride);
    jsonw_ki64(&w, "windows", h->windows);
    jsonw_ki64(&w, "clusters", h->clusters);
    jsonw_ki64(&w, "vocab", h->vocab);
    jsonw_kstr(&w, "bytes_reason", h->bytes_reason);
    jsonw_kstr(&w, "started_at", h->started_at);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

static void key_count(struct jsonw *w, const char *key, int64_t n)
{
    jsonw_key(w, key);
    n >= 0 ? jsonw_i64(w, n) : jsonw_null(w);
}

static void key_each(struct jsonw *w, const double *x, uint32_t n)
{
    jsonw_key(w, "kl_each");
    if (!x) {
        jsonw_null(w);
        return;
    }
    jsonw_array(w);
    for (uint32_t i = 0; i < n; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "%.4g", x[i]);
        jsonw_raw(w, text);
    }
    jsonw_end_array(w);
}

void perplexity_log_format_window(const struct perplexity_log_window *x, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "kind", "window");
    jsonw_ki64(&w, "window", x->window);
    jsonw_ki64(&w, "cluster", x->cluster);
    jsonw_ki64(&w, "first", x->first);
    jsonw_ki64(&w, "tokens", x->tokens);
    key_count(&w, "bytes", x->bytes);
    jsonw_kf64(&w, "nll", x->nll);
    jsonw_kf64(&w, "baseline_nll", x->baseline_nll);
    jsonw_kf64(&w, "kl", x->kl);
    key_count(&w, "same_top", x->same_top);
    key_each(&w, x->kl_each, x->tokens);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

void perplexity_log_format_end(const struct perplexity_log_end *x, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "kind", "end");
    jsonw_kstr(&w, "status", status_name(x->status));
    jsonw_kstr(&w, "reason", x->reason);
    jsonw_kstr(&w, "baseline_reason", x->baseline_reason);
    jsonw_kstr(&w, "ended_at", x->ended_at);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

char *perplexity_log_path(struct arena *a, const char *dir, const char *backend,
                          const char *precision, const char *model)
{
    return arena_printf(a, "%s/quality/%s/%s/%s/perplexity.jsonl", dir,
                        results_folder_part(a, backend), results_folder_part(a, precision),
                        results_folder_part(a, model));
}

/* ---- reading ---- */

static const char *text_of(const struct json *v, const char *key, struct arena *a)
{
    const char *const text = json_str(json_get(v, key), nullptr);
    return text ? arena_strdup(a, text) : nullptr;
}

static bool count_of(const struct json *v, const char *key, uint32_t *ret)
{
    const int64_t n = json_i64(json_get(v, key), -1);
    *ret = (uint32_t)n;
    return n >= 0 && n <= UINT32_MAX;
}

static bool header_of(const struct json *v, struct arena *a, struct perplexity_log_header *ret)
{
    const struct json *const from = json_get(v, "generated_from");
    struct perplexity_log_header h = {
        .backend = text_of(v, "backend", a),
        .precision = text_of(v, "precision", a),
        .model = text_of(v, "model", a),
        .baseline = text_of(v, "baseline", a),
        .baseline_reason = text_of(v, "baseline_reason", a),
        .baseline_version = text_of(v, "baseline_version", a),
        .text = text_of(from, "text", a),
        .text_sha256 = text_of(from, "text_sha256", a),
        .tokens_sha256 = text_of(from, "tokens_sha256", a),
        .engine = text_of(v, "engine", a),
        .engine_version = text_of(v, "engine_version", a),
        .bytes_reason = text_of(v, "bytes_reason", a),
        .text_bytes = json_i64(json_get(v, "text_bytes"), -1),
        .text_tokens = json_i64(json_get(v, "text_tokens"), -1),
        .started_at = text_of(v, "started_at", a),
    };
    *ret = h;
    return strcmp(json_str(json_get(v, "schema"), ""), "chimera.perplexity/1") == 0 &&
           count_of(v, "tokens", &ret->tokens) && count_of(v, "window", &ret->window) &&
           count_of(v, "stride", &ret->stride) && count_of(v, "windows", &ret->windows) &&
           count_of(v, "clusters", &ret->clusters) && count_of(v, "vocab", &ret->vocab) &&
           ret->windows >= 1 && ret->windows <= MOST_WINDOWS && ret->windows <= ret->tokens &&
           ret->clusters >= 1 && ret->clusters <= ret->windows;
}

static const double *each_of(const struct json *list, uint32_t n, struct arena *a)
{
    if (json_len(list) != n || !json_is_array(list))
        return nullptr;
    double *const x = ARENA_ARRAY(a, double, n);
    struct json_iter it = json_iter(list);
    for (uint32_t i = 0; i < n; i++)
        x[i] = json_f64(json_next(&it, nullptr), NOT_MEASURED);
    return x;
}

static bool window_of(const struct json *v, const struct perplexity_log_header *h, struct arena *a,
                      struct perplexity_log_window *ret)
{
    struct perplexity_log_window w = {
        .bytes = json_i64(json_get(v, "bytes"), -1),
        .nll = json_f64(json_get(v, "nll"), NOT_MEASURED),
        .baseline_nll = json_f64(json_get(v, "baseline_nll"), NOT_MEASURED),
        .kl = json_f64(json_get(v, "kl"), NOT_MEASURED),
        .same_top = json_i64(json_get(v, "same_top"), -1),
    };
    if (!count_of(v, "window", &w.window) || !count_of(v, "cluster", &w.cluster) ||
        !count_of(v, "first", &w.first) || !count_of(v, "tokens", &w.tokens))
        return false;
    w.kl_each = each_of(json_get(v, "kl_each"), w.tokens, a);
    *ret = w;
    return w.window < h->windows && w.cluster < h->clusters && w.tokens > 0 &&
           w.tokens <= h->window;
}

static void end_of(const struct json *v, struct arena *a, struct perplexity_log *log)
{
    log->end = (struct perplexity_log_end){.status = STATUS_ERROR,
                                           .reason = text_of(v, "reason", a),
                                           .baseline_reason = text_of(v, "baseline_reason", a),
                                           .ended_at = text_of(v, "ended_at", a)};
    log->ended = status_parse(json_str(json_get(v, "status"), ""), &log->end.status);
}

static bool take_header(const struct json *v, struct arena *a, struct perplexity_log *log)
{
    struct perplexity_log_header h;
    if (!header_of(v, a, &h) || (log->begun && perplexity_log_differs(&log->header, &h)))
        return false;
    log->ended = false; /* tried again */
    if (log->begun)
        return true;
    log->begun = true;
    log->header = h;
    log->windows = ARENA_ARRAY(a, struct perplexity_log_window, h.windows + 1);
    return true;
}

static bool take_line(const struct json *v, struct arena *a, struct perplexity_log *log)
{
    const char *const kind = json_str(json_get(v, "kind"), "");
    if (strcmp(kind, "header") == 0)
        return take_header(v, a, log);
    if (strcmp(kind, "end") == 0) {
        end_of(v, a, log);
        return log->ended;
    }
    struct perplexity_log_window w;
    if (strcmp(kind, "window") != 0 || !log->begun || !window_of(v, &log->header, a, &w))
        return false;
    if (log->windows[w.window].tokens == 0) {
        log->windows[w.window] = w;
        log->n_windows++;
    }
    return true;
}

enum err_code perplexity_log_read(const char *path, struct arena *a, struct perplexity_log *ret,
                                  struct err *e)
{
    struct perplexity_log log = {};
    *ret = log;
    if (!file_exists(path))
        return ERR_OK;
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    char *text;
    size_t n, number = 0;
    if (file_read(path, scratch, &text, &n, e))
        return e->code;
    const char *line = text;
    for (const char *end; (end = memchr(line, '\n', n - (size_t)(line - text))); line = end + 1) {
        CLEANUP(arena_freep) struct arena *parsed = arena_new(SCRATCH);
        const struct json *v;
        number++;
        if (json_parse(line, (size_t)(end - line), path, parsed, &v, e))
            return err_wrap(e, "line %zu", number);
        if (!take_line(v, a, &log))
            return err_set(e, ERR_PARSE, "%s:%zu: this line is no part of a perplexity log", path,
                           number);
    }
    *ret = log;
    return ERR_OK;
}

static bool same(const char *x, const char *y)
{
    return x == y || (x && y && strcmp(x, y) == 0);
}

const char *perplexity_log_differs(const struct perplexity_log_header *there,
                                   const struct perplexity_log_header *here)
{
    return !same(there->text_sha256, here->text_sha256)         ? "text"
           : !same(there->tokens_sha256, here->tokens_sha256)   ? "tokens"
           : there->window != here->window                      ? "window"
           : there->stride != here->stride                      ? "stride"
           : !same(there->baseline, here->baseline)             ? "baseline_backend"
           : !same(there->engine_version, here->engine_version) ? "version of the engine"
                                                                : nullptr;
}
