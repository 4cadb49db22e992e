#include "lab/embed_server.h"

#include "base/arena.h"
#include "base/plain.h"
#include "base/str.h"
#include "io/http.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t TEXTS_IN_REQUEST = 32;
constexpr int64_t MOST_DIMENSIONS = 1 << 16;
constexpr double CONNECT_S = 10;
constexpr size_t WORDS = 300; /* of a server's, that are shown */

struct server {
    const struct embed_server_spec *spec;
    const char *url;
    struct stop *stop;
    struct arena *arena;
    struct invocation_failure *failure;
};

static bool fail(const struct server *s, enum status status, const char *reason)
{
    *s->failure = (struct invocation_failure){.status = status, .stage = "run", .reason = reason};
    return false;
}

static bool ends_with(const char *text, size_t n, const char *end)
{
    const size_t m = strlen(end);
    return n >= m && strncmp(text + n - m, end, m) == 0;
}

static const char *full_url(const char *url, struct arena *a)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    const char *const rest = ends_with(url, n, "/embeddings") ? ""
                             : ends_with(url, n, "/v1")       ? "/embeddings"
                                                              : "/v1/embeddings";
    return arena_printf(a, "%.*s%s", (int)n, url, rest);
}

static void build(const struct server *s, const struct embed_text *texts, size_t n, struct str *out)
{
    struct jsonw j = {.out = out};
    jsonw_object(&j);
    if (s->spec->name)
        jsonw_kstr(&j, "model", s->spec->name);
    jsonw_karray(&j, "input");
    for (size_t i = 0; i < n; i++)
        jsonw_strn(&j, texts[i].text, texts[i].n);
    jsonw_end_array(&j);
    jsonw_kstr(&j, "encoding_format", "float");
    jsonw_end_object(&j);
}

static bool wants_stop(void *context)
{
    return stop_wanted(context);
}

/* What the server says of a refusal: its error's message, or the beginning of what it sent. */
static const char *words_of(const struct server *s, const struct json *root, const struct str *body)
{
    const struct json *const error = json_get(root, "error");
    const char *text = json_str(json_get(error, "message"), json_str(error, nullptr));
    text = text ? text : json_str(json_get(root, "detail"), str_text(body));
    char *const shown = arena_strndup(s->arena, text, strnlen(text, WORDS));
    plain_line(shown);
    return *shown ? shown : "nothing";
}

/* The whole answer; nullptr: *failure. */
static const struct json *ask(const struct server *s, const struct embed_text *texts, size_t n)
{
    CLEANUP(str_done) struct str body = {};
    CLEANUP(str_done) struct str answer = {};
    struct err e = {};
    long status = 0;
    const char *const key = getenv("CHIMERA_EMBED_KEY");
    build(s, texts, n, &body);
    const struct http_request r = {.url = s->url,
                                   .body = str_text(&body),
                                   .n_body = body.n,
                                   .bearer = key && *key ? key : nullptr,
                                   .connect_timeout_s = CONNECT_S,
                                   .timeout_s = s->spec->timeout_s,
                                   .stop = wants_stop,
                                   .context = s->stop};
    if (http_do(&r, &status, &answer, &e)) {
        (void)fail(s,
                   e.code == ERR_INTERRUPTED ? STATUS_SKIPPED
                   : e.code == ERR_LIMIT     ? STATUS_ERROR
                                             : STATUS_UNAVAILABLE,
                   arena_strdup(s->arena, e.msg));
        return nullptr;
    }
    const struct json *root = nullptr;
    const bool parsed =
        json_parse(str_text(&answer), answer.n, s->url, s->arena, &root, &e) == ERR_OK;
    if (status == 200 && parsed)
        return root;
    if (status == 200)
        (void)fail(s, STATUS_ERROR, arena_printf(s->arena, "the answer is not JSON: %s", e.msg));
    else
        (void)fail(s, STATUS_ERROR,
                   arena_printf(s->arena, "'%s' answers %ld: %s%s", s->url, status,
                                words_of(s, parsed ? root : nullptr, &answer),
                                status == 404   ? " (is it a server with OpenAI's /v1/embeddings?)"
                                : status == 401 ? " (a key is taken from $CHIMERA_EMBED_KEY)"
                                                : ""));
    return nullptr;
}

static bool read_row(const struct server *s, const struct json *vector, size_t dimension,
                     float *row)
{
    double sum = 0;
    size_t i = 0;
    struct json_iter it = json_iter(vector);
    for (const struct json *v; (v = json_next(&it, nullptr)); i++) {
        const double x = json_f64(v, NAN);
        if (!isfinite(x))
            return fail(s, STATUS_ERROR,
                        "the server gave vectors with elements that are no numbers");
        row[i] = (float)x;
        sum += x * x;
    }
    for (i = 0; sum > 0 && i < dimension; i++)
        row[i] = (float)((double)row[i] / sqrt(sum));
    return true;
}

/* Entry of the answer's data: into the row that its index names. */
static bool take(const struct server *s, const struct json *entry, size_t at, size_t first,
                 size_t n, bool *seen, struct embed_result *r)
{
    const struct json *const vector = json_get(entry, "embedding");
    const int64_t index = json_i64(json_get(entry, "index"), (int64_t)at);
    const int64_t dimension = (int64_t)json_len(vector);
    if (!json_is_array(vector) || dimension < 1 || dimension > MOST_DIMENSIONS ||
        !json_is_num(json_at(vector, 0)))
        return fail(s, STATUS_ERROR,
                    "the answer's data has an entry without a list of numbers 'embedding' (pooling "
                    "none gives a list a token; start the server with a pooling)");
    if (index < 0 || index >= (int64_t)n || seen[index])
        return fail(s, STATUS_ERROR,
                    arena_printf(s->arena, "the answer has the index %lld twice, or outside of %zu",
                                 (long long)index, n));
    if (r->rows && dimension != (int64_t)r->dimension)
        return fail(s, STATUS_ERROR,
                    arena_printf(s->arena, "the server gave a vector of %lld after one of %zu",
                                 (long long)dimension, r->dimension));
    seen[index] = true;
    if (!r->rows) {
        r->dimension = (size_t)dimension;
        r->rows = arena_try_alloc(s->arena, r->n * r->dimension, sizeof *r->rows);
    }
    return r->rows
               ? read_row(s, vector, r->dimension, r->rows + (first + (size_t)index) * r->dimension)
               : fail(s, STATUS_ERROR,
                      arena_printf(s->arena, "no memory for %zu vectors of %zu", r->n,
                                   r->dimension));
}

static bool embed_some(const struct server *s, const struct embed_text *texts, size_t first,
                       size_t n, struct embed_result *r)
{
    bool seen[TEXTS_IN_REQUEST] = {};
    size_t at = 0;
    const struct json *const root = ask(s, texts + first, n);
    if (!root)
        return false;
    const struct json *const data = json_get(root, "data");
    if (!json_is_array(data) || json_len(data) != n)
        return fail(s, STATUS_ERROR,
                    json_is_array(data)
                        ? arena_printf(s->arena, "the server gave %zu vectors for %zu texts",
                                       json_len(data), n)
                        : "the answer has no list 'data': no OpenAI-compatible embeddings");
    struct json_iter it = json_iter(data);
    for (const struct json *v; (v = json_next(&it, nullptr)); at++)
        if (!take(s, v, at, first, n, seen, r))
            return false;
    r->architecture = json_str(json_get(root, "model"), r->architecture);
    return true;
}

bool embed_server_texts(const struct embed_server_spec *spec, const struct embed_text *texts,
                        size_t n, struct stop *stop, struct arena *a, struct embed_result *ret,
                        struct invocation_failure *ret_failure)
{
    *ret_failure = (struct invocation_failure){};
    const struct server s = {.spec = spec,
                             .url = full_url(spec->url, a),
                             .stop = stop,
                             .arena = a,
                             .failure = ret_failure};
    struct embed_result r = {.n = n, .engine = "server"};
    for (size_t first = 0; first < n; first += TEXTS_IN_REQUEST)
        if (!embed_some(&s, texts, first,
                        n - first < TEXTS_IN_REQUEST ? n - first : TEXTS_IN_REQUEST, &r))
            return false;
    *ret = r;
    return true;
}
