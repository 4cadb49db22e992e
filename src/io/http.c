/* Opened when it is needed: libcurl brings some twenty libraries along, and would slow down the
 * start of every command (docs/adr/0006). */
#include "io/http.h"

#include "base/defs.h"
#include "base/dlib.h"

#define CURL_DISABLE_TYPECHECK /* its macros would hide the functions' names */
#include <curl/curl.h>
#include <string.h>

constexpr size_t MOST_BYTES = (size_t)1 << 30;

#define FUNCTIONS(X)                                                                               \
    X(curl_easy_init)                                                                              \
    X(curl_easy_cleanup)                                                                           \
    X(curl_easy_setopt)                                                                            \
    X(curl_easy_perform)                                                                           \
    X(curl_easy_getinfo) X(curl_easy_strerror) X(curl_slist_append) X(curl_slist_free_all)
#define SLOT(fn) typeof(fn) *fn;
#define ROW(fn)  DLIB_SYMBOL(fn, lib.fn),

static struct {
    FUNCTIONS(SLOT)
    const char *path; /* nullptr: not open yet */
} lib;

struct call {
    const struct http_request *request;
    struct str *body;
    bool too_much;
};

static void easy_done(CURL **c)
{
    lib.curl_easy_cleanup(*c);
}

static void list_done(struct curl_slist **l)
{
    lib.curl_slist_free_all(*l);
}

static size_t on_data(char *data, size_t size, size_t n, void *context)
{
    struct call *const c = context;
    if (c->body->n + size * n > MOST_BYTES) {
        c->too_much = true;
        return 0;
    }
    str_add(c->body, data, size * n);
    return size * n;
}

static int on_progress(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    const struct http_request *const r = ((struct call *)context)->request;
    return r->stop && r->stop(r->context);
}

static enum err_code failed(const struct call *c, CURLcode code, const char *words, struct err *e)
{
    const char *const why = *words ? words : lib.curl_easy_strerror(code);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return err_set(e, ERR_INTERRUPTED, "interrupted");
    if (c->too_much)
        return err_set(e, ERR_LIMIT, "'%s' answers with more than %zu bytes", c->request->url,
                       MOST_BYTES);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        return err_set(e, ERR_USAGE, "'%s' is no http:// or https:// address: %s", c->request->url,
                       why);
    return err_set(e, ERR_IO, "no answer from '%s': %s", c->request->url, why);
}

static enum err_code open_library(struct err *e)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so",
                                        nullptr};
    static const struct dlib_symbol symbols[] = {FUNCTIONS(ROW)};
    return lib.path || dlib_open(names, symbols, COUNT_OF(symbols), &lib.path, e) == ERR_OK
               ? ERR_OK
               : err_wrap(e, "requests need libcurl: install libcurl4t64");
}

static void prepare(CURL *curl, struct call *c, struct curl_slist *headers, char *words)
{
    const struct http_request *const r = c->request;
    (void)lib.curl_easy_setopt(curl, CURLOPT_URL, r->url);
    (void)lib.curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)lib.curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)lib.curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)lib.curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    (void)lib.curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(r->connect_timeout_s * 1e3));
    (void)lib.curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(r->timeout_s * 1e3));
    (void)lib.curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    (void)lib.curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
    (void)lib.curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)lib.curl_easy_setopt(curl, CURLOPT_XFERINFODATA, c);
    (void)lib.curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    (void)lib.curl_easy_setopt(curl, CURLOPT_USERAGENT, "chimera/" CHIMERA_VERSION);
    if (r->body) {
        (void)lib.curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
        (void)lib.curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->n_body);
    }
}

enum err_code http_do(const struct http_request *r, long *ret_status, struct str *ret_body,
                      struct err *e)
{
    if (open_library(e))
        return e->code;
    CLEANUP(str_done) struct str bearer = {};
    CLEANUP(list_done)
    struct curl_slist *headers = lib.curl_slist_append(nullptr, "Content-Type: application/json");
    CLEANUP(easy_done) CURL *curl = lib.curl_easy_init();
    if (!curl || !headers)
        return err_set(e, ERR_LIMIT, "no memory for a request");
    if (r->bearer) {
        str_printf(&bearer, "Authorization: Bearer %s", r->bearer);
        struct curl_slist *const longer = lib.curl_slist_append(headers, str_text(&bearer));
        if (!longer)
            return err_set(e, ERR_LIMIT, "no memory for a request");
        headers = longer;
    }
    char words[CURL_ERROR_SIZE] = "";
    struct call c = {.request = r, .body = ret_body};
    prepare(curl, &c, headers, words);
    const CURLcode code = lib.curl_easy_perform(curl);
    if (code != CURLE_OK)
        return failed(&c, code, words, e);
    (void)lib.curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    return ERR_OK;
}
