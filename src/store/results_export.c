#include "store/results_export.h"

#include "base/defs.h"
#include "base/digit.h"
#include "base/str.h"
#include "io/csv.h"
#include "io/jsonw.h"
#include "io/sink.h"
#include "store/duck.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t PIECE = (size_t)1 << 20;      /* of text that is handed on at once */
constexpr size_t MOST_HELD = (size_t)32 << 20; /* of a cell whose turn it is not, in memory */

/* ---- one row ---- */

enum kind : uint8_t { KEY, WORD, TEXT, I32, I64, U64, F64 };

struct column {
    const char *name;
    const char *sql; /* its type */
    enum kind kind;
    uint16_t at; /* in struct folder_key for a KEY, else in struct results_samples */
};

#define OF(field) offsetof(struct results_samples, field)

static const struct column columns[] = {
    {"replicate", "INTEGER", I32, OF(replicate)},
    {"scenario", "VARCHAR", KEY, offsetof(struct folder_key, scenario)},
    {"backend", "VARCHAR", KEY, offsetof(struct folder_key, backend)},
    {"quantization", "VARCHAR", KEY, offsetof(struct folder_key, precision)},
    {"model", "VARCHAR", KEY, offsetof(struct folder_key, model)},
    {"invocation", "INTEGER", I32, OF(invocation)},
    {"segment", "INTEGER", I32, OF(segment)},
    {"phase", "VARCHAR", WORD, OF(phase)},
    {"repetition", "INTEGER", I32, OF(repetition)},
    {"prompt_index", "INTEGER", I32, OF(prompt_index)},
    {"agent", "INTEGER", I32, OF(agent)},
    {"seq", "INTEGER", I32, OF(seq)},
    {"status", "VARCHAR", WORD, OF(status)},
    {"reason", "VARCHAR", TEXT, OF(reason)},
    {"latency_ms", "DOUBLE", F64, OF(latency_ms)},
    {"ttft_ms", "DOUBLE", F64, OF(ttft_ms)},
    {"prefill_ms", "DOUBLE", F64, OF(prefill_ms)},
    {"decode_ms", "DOUBLE", F64, OF(decode_ms)},
    {"batch_size", "INTEGER", I32, OF(batch_size)},
    {"prompt_tokens", "BIGINT", I64, OF(prompt_tokens)},
    {"generated_tokens", "BIGINT", I64, OF(generated_tokens)},
    {"padding_tokens", "BIGINT", I64, OF(padding_tokens)},
    {"stop", "VARCHAR", TEXT, OF(stop)},
    {"early_stops", "INTEGER", I32, OF(n_early)},
    {"cpu_ms", "DOUBLE", F64, OF(cpu_ms)},
    {"peak_rss_mb", "DOUBLE", F64, OF(peak_rss_mb)},
    {"overlap_ms", "DOUBLE", F64, OF(overlap_ms)},
    {"seed", "UBIGINT", U64, OF(seed)},
    {"submitted_ns", "BIGINT", I64, OF(submitted_ns)},
    {"first_token_ns", "BIGINT", I64, OF(first_token_ns)},
    {"finished_ns", "BIGINT", I64, OF(finished_ns)},
    {"started_at", "VARCHAR", TEXT, OF(started_at)},
};

/* RFC 4180. Empty text has its quotes, since an empty field is what nobody recorded. */
static void add_text(struct str *out, const char *text)
{
    if (!text)
        return;
    if (*text)
        csv_put(out, text);
    else
        str_puts(out, "\"\"");
}

/* The column's pointer, whatever it points to. */
static const void *data(const struct results_samples *s, const struct column *c)
{
    const void *p;
    memcpy(&p, (const char *)s + c->at, sizeof p);
    return p;
}

constexpr size_t WIDEST = 48; /* of what put_value() writes; copied at once */
static_assert(WIDEST >= JSONW_NUMBER);

/* A number or one of the contract's words; where it ends. */
static char *put_value(const void *p, const struct column *c, size_t row, char *to)
{
    switch (c->kind) {
    case KEY:
    case TEXT:
        return to;
    case WORD:
        return stpcpy(to, c->at == OF(phase)
                              ? status_phase_name((enum phase)((const int32_t *)p)[row])
                              : status_name((enum status)((const int32_t *)p)[row]));
    case I32: {
        const int32_t x = ((const int32_t *)p)[row];
        return x == INT32_MIN ? to : digit_put_i64(to, x);
    }
    case I64: {
        const int64_t x = ((const int64_t *)p)[row];
        return x == INT64_MIN ? to : digit_put_i64(to, x);
    }
    case U64: {
        const uint64_t x = ((const uint64_t *)p)[row];
        return x == UINT64_MAX ? to : digit_put_u64(to, x);
    }
    case F64: {
        const double x = ((const double *)p)[row];
        return isnan(x) ? to : to + jsonw_number(x, to);
    }
    }
    unreachable();
}

static void add_header(struct str *out)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        str_printf(out, "%s%s", i ? "," : "", columns[i].name);
    str_putc(out, '\n');
}

/* The four words of the cell, which stand together. */
static void add_keys(const struct folder_key *k, struct str *out)
{
    const char *const words[] = {k->scenario, k->backend, k->precision, k->model};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        str_putc(out, ',');
        add_text(out, words[i]);
    }
}

struct shown {     /* of a column in the row before */
    uint64_t bits; /* its value, or where its text lies */
    size_t at;     /* where it stands in the text; n bytes */
    size_t n;      /* SIZE_MAX: it is no longer there */
};

static uint64_t bits(const struct column *c, const void *p, size_t row)
{
    uint64_t wide;
    if (c->kind == TEXT)
        return (uintptr_t)((const char *const *)p)[row];
    if (c->kind == I32 || c->kind == WORD)
        return (uint32_t)((const int32_t *)p)[row];
    memcpy(&wide, (const char *)p + row * sizeof wide, sizeof wide);
    return wide;
}

/* Most columns say what they said in the row before, which stands in the text already. Room for
 * numbers is made once, for text when it comes. */
static void add_row(const struct results_samples *s, size_t row, const struct str *keys,
                    struct shown *shown, struct str *out)
{
    const size_t most = COUNT_OF(columns) * (WIDEST + 1);
    str_reserve(out, most + keys->n);
    char *at = put_value(data(s, &columns[0]), &columns[0], row, out->text + out->n);
    memcpy(at, keys->text, keys->n);
    at += keys->n;
    for (size_t i = 5; i < COUNT_OF(columns); i++) {
        const struct column *const c = &columns[i];
        const void *const p = data(s, c);
        const uint64_t now = bits(c, p, row);
        *at++ = ',';
        if (now == shown[i].bits && shown[i].n <= WIDEST) {
            char same[WIDEST];
            memcpy(same, out->text + shown[i].at, WIDEST);
            memcpy(at, same, WIDEST);
            at += shown[i].n;
            continue;
        }
        const size_t from = out->n = (size_t)(at - out->text);
        if (c->kind == TEXT) {
            add_text(out, ((const char *const *)p)[row]);
            str_reserve(out, most);
            at = out->text + out->n;
        } else {
            at = put_value(p, c, row, at);
        }
        shown[i] = (struct shown){now, from, (size_t)(at - out->text) - from};
    }
    *at++ = '\n';
    *at = '\0';
    out->n = (size_t)(at - out->text);
}

/* ---- the cells in their order ---- */

struct held { /* of a cell that came before its turn */
    struct str text;
    int fd; /* of what did not stay in memory, before text; -1: none */
    bool whole;
};

struct queue {
    pthread_mutex_t lock; /* of all of it, and of the sink */
    size_t turn;
    struct held *held;
    struct err failed;
};

struct results_export {
    const struct results *r;
    enum results_export_format format;
    struct duck *duck;
    char *path;
    struct sink sink;
    struct queue queue;
};

static enum err_code spill(struct results_export *x, struct held *h, struct err *e)
{
    if (h->fd < 0) {
        char name[4096];
        if (snprintf(name, sizeof name, "%s.XXXXXX", x->path) >= (int)sizeof name)
            return err_set(e, ERR_LIMIT, "'%s': the path is too long", x->path);
        h->fd = mkostemp(name, O_CLOEXEC);
        if (h->fd < 0)
            return err_sys(e, "cannot write beside '%s'", x->path);
        (void)unlink(name);
    }
    for (size_t at = 0; at < h->text.n;) {
        const ssize_t n = write(h->fd, h->text.text + at, h->text.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_sys(e, "cannot write beside '%s'", x->path);
        at += (size_t)n;
    }
    str_clear(&h->text);
    return ERR_OK;
}

/* What was held of the cell whose turn it is. */
static enum err_code release(struct results_export *x, struct held *h, struct err *e)
{
    char part[1 << 14];
    off_t at = 0;
    while (h->fd >= 0) {
        const ssize_t n = pread(h->fd, part, sizeof part, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, "cannot read beside '%s'", x->path);
        if (n == 0) {
            (void)close(h->fd);
            h->fd = -1;
            break;
        }
        at += n;
        if (sink_write(&x->sink, part, (size_t)n, e))
            return e->code;
    }
    if (sink_write(&x->sink, str_text(&h->text), h->text.n, e))
        return e->code;
    str_done(&h->text);
    return ERR_OK;
}

/* A piece of a cell; the last one is whole. */
static enum err_code hand_on(struct results_export *x, size_t cell, const struct str *piece,
                             bool whole, struct err *e)
{
    struct held *const own = &x->queue.held[cell];
    own->whole = whole;
    if (cell != x->queue.turn) {
        str_add(&own->text, str_text(piece), piece->n);
        return own->text.n > MOST_HELD ? spill(x, own, e) : ERR_OK;
    }
    if (release(x, own, e) || sink_write(&x->sink, str_text(piece), piece->n, e))
        return e->code;
    while (x->queue.turn < x->r->n_cells && x->queue.held[x->queue.turn].whole) {
        if (release(x, &x->queue.held[x->queue.turn], e))
            return e->code;
        x->queue.turn++;
    }
    return ERR_OK;
}

static bool pass(struct results_export *x, size_t cell, struct str *piece, bool whole)
{
    pthread_mutex_lock(&x->queue.lock);
    const bool ok = !x->queue.failed.code && !hand_on(x, cell, piece, whole, &x->queue.failed);
    pthread_mutex_unlock(&x->queue.lock);
    str_clear(piece);
    return ok;
}

static void forget(struct shown *shown)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        shown[i].n = SIZE_MAX;
}

void results_export_cell(struct results_export *x, size_t cell, const struct results_samples *s)
{
    CLEANUP(str_done) struct str text = {}, keys = {};
    struct shown shown[COUNT_OF(columns)];
    add_keys(&x->r->cells[cell].key, &keys);
    forget(shown);
    for (size_t i = 0; i < s->n; i++) {
        add_row(s, i, &keys, shown, &text);
        if (text.n < PIECE)
            continue;
        if (!pass(x, cell, &text, false))
            return;
        forget(shown);
    }
    (void)pass(x, cell, &text, true);
}

/* ---- the file ---- */

enum err_code results_export_open(const struct results *r, enum results_export_format format,
                                  const char *path, struct results_export **ret, struct err *e)
{
    CLEANUP(results_export_freep) struct results_export *x = calloc(1, sizeof *x);
    CLEANUP(str_done) struct str header = {};
    if (!x)
        return err_set(e, ERR_LIMIT, "out of memory");
    *x = (struct results_export){.r = r,
                                 .format = format,
                                 .sink = {.fd = -1},
                                 .path = strdup(path),
                                 .queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                           .held = calloc(r->n_cells + 1, sizeof *x->queue.held)}};
    if (!x->path || !x->queue.held)
        return err_set(e, ERR_LIMIT, "out of memory");
    for (size_t i = 0; i < r->n_cells; i++)
        x->queue.held[i].fd = -1;
    if (format == RESULTS_EXPORT_PARQUET && duck_open(&x->duck, e))
        return e->code;
    add_header(&header);
    if (sink_open(&x->sink, path, e) || sink_write(&x->sink, header.text, header.n, e))
        return e->code;
    x->sink.derived = true;
    x->sink.unread = format == RESULTS_EXPORT_CSV;
    *ret = x;
    x = nullptr;
    return ERR_OK;
}

static void add_quoted(struct str *s, const char *text)
{
    str_putc(s, '\'');
    for (; *text; text++)
        str_printf(s, *text == '\'' ? "''" : "%c", *text);
    str_putc(s, '\'');
}

/* The rows as they are, with types: DuckDB reads the text file, which has no name but this. */
static enum err_code to_parquet(struct results_export *x, struct err *e)
{
    CLEANUP(str_done) struct str sql = {}, part = {};
    if (sink_flush(&x->sink, e))
        return e->code;
    str_printf(&part, "%s.part", x->path);
    str_printf(&sql,
               "COPY (SELECT * FROM read_csv('/proc/self/fd/%d', header = true, delim = ',', "
               "quote = '\"', escape = '\"', auto_detect = false, allow_quoted_nulls = false, "
               "columns = {",
               x->sink.fd);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        str_printf(&sql, "%s'%s': '%s'", i ? ", " : "", columns[i].name, columns[i].sql);
    str_puts(&sql, "})) TO ");
    add_quoted(&sql, str_text(&part));
    str_puts(&sql, " (FORMAT parquet, COMPRESSION zstd)");
    if (duck_run(x->duck, str_text(&sql), e)) {
        (void)unlink(str_text(&part));
        return err_wrap(e, "'%s'", x->path);
    }
    if (rename(str_text(&part), x->path) != 0) {
        const enum err_code code = err_sys(e, "'%s'", x->path);
        (void)unlink(str_text(&part));
        return code;
    }
    return ERR_OK;
}

enum err_code results_export_close(struct results_export *x, struct err *e)
{
    if (x->queue.failed.code) {
        *e = x->queue.failed;
        return e->code;
    }
    return x->format == RESULTS_EXPORT_CSV ? sink_close(&x->sink, e) : to_parquet(x, e);
}

void results_export_freep(struct results_export **p)
{
    struct results_export *const x = *p;
    if (!x)
        return;
    sink_done(&x->sink);
    duck_closep(&x->duck);
    for (size_t i = 0; x->queue.held && i < x->r->n_cells; i++) {
        str_done(&x->queue.held[i].text);
        if (x->queue.held[i].fd >= 0)
            (void)close(x->queue.held[i].fd);
    }
    free(x->queue.held);
    free(x->path);
    free(x);
    *p = nullptr;
}
