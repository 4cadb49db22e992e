#include "io/csv.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/magic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t PIECE = (size_t)1 << 20;

struct csv {
    const char *name;
    int fd;
    bool ended; /* nothing is left behind buffer[filled) */
    char delimiter;
    bool special[256]; /* ends an unquoted field, or may not be in it */
    char *buffer;
    size_t room, filled, at;
    uint64_t line, bytes;
    struct digest *digest;
    struct csv_field *fields;
    size_t n_names;
    const char **names;
};

void csv_closep(struct csv **c)
{
    if (!*c)
        return;
    if ((*c)->fd > 0)
        file_fd_closep(&(*c)->fd);
    digest_freep(&(*c)->digest);
    free((*c)->buffer);
    *c = nullptr;
}

const char *const *csv_names(const struct csv *c, size_t *ret_n)
{
    *ret_n = c->n_names;
    return c->names;
}

char csv_delimiter(const struct csv *c)
{
    return c->delimiter;
}

uint64_t csv_bytes(const struct csv *c)
{
    return c->bytes;
}

void csv_digest(struct csv *c, char hex[static DIGEST_HEX])
{
    digest_end(c->digest, hex);
}

/* ---- bytes ---- */

/* More of the file behind what is there; what was parsed goes. One byte stays free for a NUL. */
static enum err_code fill(struct csv *c, struct err *e)
{
    if (c->at > 0) {
        memmove(c->buffer, c->buffer + c->at, c->filled - c->at);
        c->filled -= c->at;
        c->at = 0;
    }
    if (c->filled + PIECE / 2 > c->room) {
        if (c->room > 2 * CSV_MOST_ROW)
            return err_set(e, ERR_PARSE,
                           "%s:%" PRIu64
                           ": a row of over %zu MiB begins here: is a quote not closed?",
                           c->name, c->line, CSV_MOST_ROW >> 20);
        char *const more = realloc(c->buffer, 2 * c->room + 1);
        if (!more)
            return err_set(e, ERR_LIMIT, "%s: no memory for a row", c->name);
        c->buffer = more;
        c->room *= 2;
    }
    ssize_t n;
    do
        n = read(c->fd, c->buffer + c->filled, c->room - c->filled);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "'%s'", c->name);
    c->ended = n == 0;
    digest_add(c->digest, c->buffer + c->filled, (size_t)n);
    const bool binary = memchr(c->buffer + c->filled, '\0', (size_t)n);
    c->filled += (size_t)n;
    c->bytes += (uint64_t)n;
    return binary ? err_set(e, ERR_PARSE, "'%s' holds a NUL byte: this is no UTF-8 text", c->name)
                  : ERR_OK;
}

/* ---- one row ---- */

enum scan : uint8_t {
    SCAN_ROW,
    SCAN_MORE,
    SCAN_QUOTE,
    SCAN_OPEN,
    SCAN_BEHIND,
    SCAN_RETURN,
    SCAN_WIDE
};

struct span { /* a row in the making */
    const char *at, *end;
    size_t n;       /* fields */
    uint64_t lines; /* ended inside quotes */
};

static enum scan plain_field(const struct csv *c, struct span *s)
{
    const char *p = s->at;
    while (p < s->end && !c->special[(unsigned char)*p])
        p++;
    if (p == s->end && !c->ended)
        return SCAN_MORE;
    c->fields[s->n++] = (struct csv_field){(char *)(uintptr_t)s->at, (size_t)(p - s->at), false};
    s->at = p;
    return p < s->end && *p == '"' ? SCAN_QUOTE : SCAN_ROW;
}

static enum scan quoted_field(const struct csv *c, struct span *s)
{
    const char *const from = s->at + 1, *p = from;
    for (;; p += 2) { /* over a doubled quote */
        const char *const quote = memchr(p, '"', (size_t)(s->end - p));
        const char *const upto = quote ? quote : s->end;
        for (const char *q = p; (q = memchr(q, '\n', (size_t)(upto - q))); q++)
            s->lines++;
        if (!quote || (quote + 1 == s->end && !c->ended))
            return c->ended ? SCAN_OPEN : SCAN_MORE;
        p = quote;
        if (quote + 1 == s->end || quote[1] != '"')
            break;
    }
    c->fields[s->n++] = (struct csv_field){(char *)(uintptr_t)from, (size_t)(p - from), true};
    s->at = p + 1;
    return s->at < s->end && *s->at != c->delimiter && *s->at != '\n' && *s->at != '\r'
               ? SCAN_BEHIND
               : SCAN_ROW;
}

/* From s->at to behind the row's line end. Nothing is written to the buffer: where the row is not
 * whole yet it is scanned again. */
static enum scan scan_row(const struct csv *c, struct span *s)
{
    for (;;) {
        if (s->n == CSV_MOST_COLUMNS)
            return SCAN_WIDE;
        const enum scan result =
            s->at < s->end && *s->at == '"' ? quoted_field(c, s) : plain_field(c, s);
        if (result != SCAN_ROW)
            return result;
        if (s->at == s->end)
            return c->ended ? SCAN_ROW : SCAN_MORE;
        if (*s->at == c->delimiter) {
            s->at++;
            continue;
        }
        if (*s->at == '\r') {
            if (s->at + 1 == s->end && !c->ended)
                return SCAN_MORE;
            if (s->at + 1 == s->end || s->at[1] != '\n')
                return SCAN_RETURN;
            s->at++;
        }
        s->at++;
        s->lines++;
        return SCAN_ROW;
    }
}

/* NULs behind the fields, and one quote for two. */
static void finish_fields(const struct csv *c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct csv_field *const f = &c->fields[i];
        if (f->quoted && memchr(f->text, '"', f->n)) {
            size_t to = 0;
            for (size_t from = 0; from < f->n; from++) {
                f->text[to++] = f->text[from];
                from += f->text[from] == '"';
            }
            f->n = to;
        }
        f->text[f->n] = '\0';
    }
}

/* Behind a malformed row: the next line. */
static enum err_code skip_line(struct csv *c, struct err *e)
{
    for (;;) {
        const char *const end = memchr(c->buffer + c->at, '\n', c->filled - c->at);
        if (end) {
            c->at = (size_t)(end - c->buffer) + 1;
            c->line++;
            return ERR_OK;
        }
        c->at = c->filled;
        if (c->ended)
            return ERR_OK;
        if (fill(c, e))
            return e->code;
    }
}

static enum csv_result malformed(struct csv *c, enum scan how, struct err *e)
{
    static const char *const why[] = {
        [SCAN_QUOTE] = ("a quote inside a field that does not begin with one; such a field is "
                        "written in quotes, and the quote twice"),
        [SCAN_OPEN] = "a quote that opens in this row is never closed",
        [SCAN_BEHIND] = "text behind a closing quote, where a delimiter or the line's end belongs",
        [SCAN_RETURN] = "a carriage return without a line feed behind it",
        [SCAN_WIDE] = "more fields than any table has columns",
    };
    const uint64_t line = c->line;
    if (how != SCAN_OPEN && skip_line(c, e))
        return CSV_FAILED;
    (void)err_set(e, ERR_PARSE, "%s:%" PRIu64 ": %s", c->name, line, why[how]);
    return how == SCAN_OPEN ? CSV_FAILED : CSV_BAD;
}

static enum csv_result next(struct csv *c, struct csv_row *ret, struct err *e)
{
    for (;;) {
        if (c->at == c->filled && c->ended)
            return CSV_END;
        struct span s = {.at = c->buffer + c->at, .end = c->buffer + c->filled};
        const enum scan result = c->at == c->filled ? SCAN_MORE : scan_row(c, &s);
        if (result == SCAN_MORE) {
            if (fill(c, e))
                return CSV_FAILED;
            continue;
        }
        if (result != SCAN_ROW)
            return malformed(c, result, e);
        *ret = (struct csv_row){c->line, c->fields, s.n};
        c->at = (size_t)(s.at - c->buffer);
        c->line += s.lines;
        finish_fields(c, s.n);
        return CSV_ROW;
    }
}

static bool is_empty_line(const struct csv_row *row)
{
    return row->n == 1 && row->fields[0].n == 0 && !row->fields[0].quoted;
}

enum csv_result csv_next(struct csv *c, struct csv_row *ret, struct err *e)
{
    for (;;) {
        const enum csv_result result = next(c, ret, e);
        if (result != CSV_ROW || ret->n == c->n_names)
            return result;
        if (is_empty_line(ret))
            continue;
        (void)err_set(e, ERR_PARSE,
                      "%s:%" PRIu64 ": %zu field%s, but the first line names %zu columns", c->name,
                      ret->line, ret->n, ret->n == 1 ? "" : "s", c->n_names);
        return CSV_BAD;
    }
}

/* ---- the first line ---- */

static enum err_code check_kind(struct csv *c, struct err *e)
{ /* before a NUL in the first piece is complained of */
    enum err_code code = ERR_OK;
    while (!code && !c->ended && !memchr(c->buffer, '\n', c->filled))
        code = fill(c, e); /* a pipe gives what it has */
    const char *const other = magic_of(c->buffer, c->filled);
    if (other)
        return err_set(e, ERR_PARSE, "'%s' is no CSV: it is %s", c->name, other);
    if (code)
        return code;
    if (c->filled >= 3 && memcmp(c->buffer, "\xef\xbb\xbf", 3) == 0)
        c->at = 3;
    return ERR_OK;
}

static enum err_code find_delimiter(struct csv *c, struct err *e)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[COUNT_OF(candidates)] = {}, best = 0, second = 0;
    bool in_quotes = false;
    for (size_t i = c->at; i < c->filled; i++) {
        if (c->buffer[i] == '\n' && !in_quotes)
            break;
        in_quotes ^= c->buffer[i] == '"';
        for (size_t k = 0; k < COUNT_OF(candidates) && !in_quotes; k++)
            counts[k] += c->buffer[i] == candidates[k];
    }
    for (size_t k = 0; k < COUNT_OF(candidates); k++) {
        if (counts[k] > counts[best])
            best = k;
    }
    for (size_t k = 0; k < COUNT_OF(candidates); k++)
        if (k != best && counts[k] > second)
            second = counts[k];
    if (second > 0 && second == counts[best])
        return err_set(e, ERR_PARSE,
                       "%s:%" PRIu64
                       ": two delimiters are equally frequent in the first line; give "
                       "--delimiter",
                       c->name, c->line);
    c->delimiter = candidates[best];
    return ERR_OK;
}

static enum err_code read_names(struct csv *c, struct arena *a, struct err *e)
{
    struct csv_row row;
    do {
        const enum csv_result result = next(c, &row, e);
        if (result == CSV_END)
            return err_set(e, ERR_PARSE, "'%s' is empty: its first line names the columns",
                           c->name);
        if (result != CSV_ROW)
            return e->code;
    } while (is_empty_line(&row));
    c->n_names = row.n;
    c->names = ARENA_ARRAY(a, const char *, row.n);
    for (size_t i = 0; i < row.n; i++)
        c->names[i] = arena_strndup(a, row.fields[i].text, row.fields[i].n);
    return ERR_OK;
}

enum err_code csv_open(const char *path, char delimiter, struct arena *a, struct csv **ret,
                       struct err *e)
{
    CLEANUP(csv_closep) struct csv *c = ARENA_ARRAY(a, struct csv, 1);
    *c = (struct csv){.name = path, .fd = -1, .delimiter = delimiter, .room = 2 * PIECE, .line = 1};
    c->digest = digest_new();
    c->buffer = malloc(c->room + 1);
    c->fields = ARENA_ARRAY(a, struct csv_field, CSV_MOST_COLUMNS);
    if (!c->buffer)
        return err_set(e, ERR_LIMIT, "'%s': no memory", path);
    if (strcmp(path, "-") == 0) {
        c->name = "standard input";
        c->fd = STDIN_FILENO;
    } else {
        c->fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (c->fd < 0)
        return err_sys(e, "'%s'", path);
    if (check_kind(c, e) || (delimiter == 0 && find_delimiter(c, e)))
        return e->code;
    c->special[(unsigned char)c->delimiter] = c->special['"'] = true;
    c->special['\n'] = c->special['\r'] = true;
    if (read_names(c, a, e))
        return e->code;
    *ret = c;
    c = nullptr;
    return ERR_OK;
}

void csv_put(struct str *out, const char *text)
{
    const size_t n = strcspn(text, ",\"\r\n");
    if (!text[n]) {
        str_add(out, text, n);
        return;
    }
    str_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            str_putc(out, '"');
        str_putc(out, *text);
    }
    str_putc(out, '"');
}
