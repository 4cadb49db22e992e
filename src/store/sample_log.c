#include "store/sample_log.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t SCRATCH = (size_t)4 << 30;

/* ---- one line ---- */

static void key_time(struct jsonw *w, const char *key, nsec_t t)
{
    jsonw_key(w, key);
    if (t >= 0)
        jsonw_i64(w, t);
    else
        jsonw_null(w);
}

static void key_span(struct jsonw *w, const char *key, nsec_t from, nsec_t to)
{
    jsonw_kf64(w, key, from >= 0 && to >= 0 ? clock_ms(to - from) : NOT_MEASURED);
}

/* The stamps as offsets from submitted. */
static void key_offsets(struct jsonw *w, const char *key, const struct json *stamps, nsec_t from)
{
    jsonw_key(w, key);
    if (!stamps || from < 0) {
        jsonw_null(w);
        return;
    }
    jsonw_array(w);
    struct json_iter it = json_iter(stamps);
    for (const struct json *v; (v = json_next(&it, nullptr));)
        jsonw_i64(w, json_i64(v, from) - from);
    jsonw_end_array(w);
}

static void copy_value(struct jsonw *w, const struct json *v)
{
    if (json_is_str(v)) {
        jsonw_strn(w, json_str(v, ""), json_len(v));
    } else if (json_is_num(v)) {
        jsonw_i64(w, json_i64(v, 0));
    } else if (json_is_array(v)) {
        jsonw_array(w);
        struct json_iter it = json_iter(v);
        for (const struct json *x; (x = json_next(&it, nullptr));)
            copy_value(w, x);
        jsonw_end_array(w);
    } else {
        jsonw_null(w);
    }
}

static void key_copy(struct jsonw *w, const char *key, const struct json *v)
{
    jsonw_key(w, key);
    copy_value(w, v);
}

void sample_log_format(const struct sample_log_record *r, struct str *out)
{
    struct jsonw w = {.out = out};
    jsonw_object(&w);
    jsonw_kstr(&w, "scenario", r->scenario);
    jsonw_kstr(&w, "backend", r->backend);
    jsonw_kstr(&w, "precision", r->precision);
    jsonw_kstr(&w, "model", r->model);
    jsonw_ki64(&w, "invocation", r->invocation);
    jsonw_ki64(&w, "segment", r->segment);
    jsonw_kstr(&w, "phase", status_phase_name(r->phase));
    jsonw_ki64(&w, "repetition", r->repetition);
    jsonw_ki64(&w, "prompt_index", r->prompt_index);
    jsonw_ki64(&w, "agent", r->agent);
    jsonw_ki64(&w, "agents", r->agents);
    jsonw_ki64(&w, "seq", r->seq);
    jsonw_kstr(&w, "status", status_name(r->status));
    jsonw_kstr(&w, "reason", r->reason);
    key_time(&w, "submitted_ns", r->submitted);
    key_time(&w, "tokenized_ns", r->tokenized);
    key_time(&w, "first_token_ns", r->first_token);
    key_time(&w, "finished_ns", r->finished);
    key_time(&w, "detokenized_ns", r->detokenized);
    key_offsets(&w, "token_ns", r->token_ns, r->submitted);
    key_span(&w, "latency_ms", r->submitted, r->finished);
    key_span(&w, "ttft_ms", r->submitted, r->first_token);
    key_span(&w, "prefill_ms", r->prefill_begin, r->prefill_end);
    /* One token is the first token: nothing was decoded after it. */
    key_span(&w, "decode_ms", json_len(r->token_ns) > 1 ? r->first_token : -1, r->finished);
    jsonw_ki64(&w, "batch_size", r->n_prompts);
    key_time(&w, "prompt_tokens", r->prompt_tokens);
    key_time(&w, "generated_tokens", r->generated_tokens);
    key_time(&w, "padding_tokens", r->padding_tokens);
    key_copy(&w, "stop", r->stop);
    key_copy(&w, "outputs", r->outputs);
    key_copy(&w, "output_ids", r->output_ids);
    jsonw_kf64(&w, "cpu_ms", r->cpu >= 0 ? clock_ms(r->cpu) : NOT_MEASURED);
    jsonw_kf64(&w, "peak_rss_mb",
               r->peak_rss_bytes > 0 ? (double)r->peak_rss_bytes / 1e6 : NOT_MEASURED);
    jsonw_key(&w, "seed");
    jsonw_u64(&w, r->seed);
    jsonw_kf64(&w, "overlap_ms", r->overlap_ms);
    jsonw_kstr(&w, "started_at", r->started_at);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

/* ---- appending ---- */

static bool is_half_of_a_pair(const char *line, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct json *v;
    struct err e;
    return json_parse(line, n, "", a, &v, &e) == ERR_OK && json_i64(json_get(v, "agents"), 1) > 1 &&
           json_i64(json_get(v, "agent"), 0) == 0;
}

/* How many of text[0..n) to keep. */
static size_t whole_part(const char *text, size_t n)
{
    while (n > 0 && text[n - 1] != '\n')
        n--;
    size_t last = n > 0 ? n - 1 : 0;
    while (last > 0 && text[last - 1] != '\n')
        last--;
    return n > 0 && is_half_of_a_pair(text + last, n - last) ? last : n;
}

static enum err_code repair(struct sample_log *log, int64_t *ret_dropped, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    char *text;
    size_t n;
    if (file_read(log->path, a, &text, &n, e))
        return e->code;
    const size_t keep = whole_part(text, n);
    if (keep != n && ftruncate(log->fd, (off_t)keep) != 0)
        return err_sys(e, "'%s': cannot cut off the torn line at its end", log->path);
    log->bytes = (int64_t)keep;
    if (ret_dropped)
        *ret_dropped = (int64_t)(n - keep);
    return ERR_OK;
}

enum err_code sample_log_open(struct sample_log *log, const char *path, int64_t *ret_dropped,
                              struct err *e)
{
    struct sample_log fresh = {.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666),
                               .path = path};
    if (fresh.fd < 0)
        return err_sys(e, "cannot write '%s'", path);
    if (repair(&fresh, ret_dropped, e)) {
        sample_log_done(&fresh);
        return e->code;
    }
    *log = fresh;
    return ERR_OK;
}

enum err_code sample_log_append(struct sample_log *log, const char *text, size_t n, struct err *e)
{
    ssize_t done;
    do
        done = write(log->fd, text, n);
    while (done < 0 && errno == EINTR);
    if (done == (ssize_t)n) {
        log->bytes += done;
        return ERR_OK;
    }
    if (done >= 0)
        errno = ENOSPC; /* a write cut short: the next one would say why */
    const enum err_code code = err_sys(e, "cannot write a sample to '%s'", log->path);
    if (done > 0 && ftruncate(log->fd, log->bytes) != 0)
        return err_wrap(e, "a torn line was left"); /* the next opening drops it */
    return code;
}

enum err_code sample_log_sync(struct sample_log *log, struct err *e)
{
    return fsync(log->fd) == 0 ? ERR_OK : err_sys(e, "cannot write '%s' to the disk", log->path);
}

void sample_log_done(struct sample_log *log)
{
    file_fd_closep(&log->fd);
    log->fd = -1;
}

/* ---- reading back ---- */

static bool entry_of(const struct json *v, struct sample_log_entry *ret)
{
    struct sample_log_entry x = {
        .submitted = json_i64(json_get(v, "submitted_ns"), -1),
        .finished = json_i64(json_get(v, "finished_ns"), -1),
    };
    const struct {
        const char *key;
        uint32_t *to;
    } numbers[] = {{"invocation", &x.invocation}, {"segment", &x.segment},
                   {"repetition", &x.repetition}, {"prompt_index", &x.prompt_index},
                   {"agent", &x.agent},           {"seq", &x.seq}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const int64_t n = json_i64(json_get(v, numbers[i].key), -1);
        if (n < 0 || n > UINT32_MAX)
            return false;
        *numbers[i].to = (uint32_t)n;
    }
    if (!status_phase_parse(json_str(json_get(v, "phase"), ""), &x.phase) ||
        !status_parse(json_str(json_get(v, "status"), ""), &x.status))
        return false;
    *ret = x;
    return true;
}

enum err_code sample_log_read(const char *path, struct arena *a, struct sample_log_entry **ret,
                              size_t *ret_n, struct err *e)
{
    *ret = nullptr;
    *ret_n = 0;
    if (!file_exists(path))
        return ERR_OK;
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    char *text;
    size_t n, lines = 0;
    if (file_read(path, scratch, &text, &n, e))
        return e->code;
    n = whole_part(text, n);
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    struct sample_log_entry *const entries = ARENA_ARRAY(a, struct sample_log_entry, lines + 1);
    size_t at = 0;
    for (size_t i = 0; i < lines; i++) {
        const size_t length = (size_t)((char *)memchr(text + at, '\n', n - at) - (text + at));
        CLEANUP(arena_freep) struct arena *line = arena_new(SCRATCH);
        const struct json *v;
        if (json_parse(text + at, length, path, line, &v, e))
            return err_wrap(e, "line %zu", i + 1);
        if (!entry_of(v, &entries[i]))
            return err_set(e, ERR_PARSE, "%s:%zu: this line is no sample of chimera", path, i + 1);
        at += length + 1;
    }
    *ret = entries;
    *ret_n = lines;
    return ERR_OK;
}
