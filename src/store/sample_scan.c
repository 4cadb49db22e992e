#include "store/sample_scan.h"

#include "base/defs.h"
#include "base/mem.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t PIECE = (size_t)1 << 18; /* stays in the second cache between digest and parser */

struct reading {
    const struct sample_scan *scan;
    struct sample_scan_tally *tally;
    struct sample_line_reader *reader;
    uint64_t n_lines;
    bool stop;
};

static void count(struct reading *r, enum sample_line_fault f)
{
    if (r->tally->left_out[f]++ == 0)
        r->tally->first[f] = r->n_lines;
}

static bool blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void one_line(struct reading *r, const char *text, size_t n, bool ended)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, which some editors begin a file with */
    r->n_lines++;
    if (r->n_lines == 1 && n >= 3 && memcmp(text, mark, 3) == 0) {
        text += 3;
        n -= 3;
    }
    if (n == 0 || (text[0] != '{' && blank(text, n)))
        return;
    struct sample_line l;
    enum sample_line_fault f = sample_line_parse(r->reader, text, n, &l);
    if (f == SAMPLE_LINE_NO_JSON && !ended)
        f = SAMPLE_LINE_TORN;
    if (f == SAMPLE_LINE_GOOD) {
        r->stop = r->scan->only_first;
        f = r->scan->line(r->scan->context, &l);
    }
    r->tally->good += f == SAMPLE_LINE_GOOD;
    if (f != SAMPLE_LINE_GOOD)
        count(r, f);
}

/* The whole lines of text[0..n); how many bytes they are. */
static size_t whole_lines(struct reading *r, const char *text, size_t n)
{
    size_t at = 0;
    for (const char *end; !r->stop && (end = memchr(text + at, '\n', n - at));) {
        one_line(r, text + at, (size_t)(end - text) - at, true);
        at = (size_t)(end - text) + 1;
    }
    return at;
}

static size_t line_length(const char *text, size_t n)
{
    size_t lines = 0;
    for (const char *at = text; (at = memchr(at, '\n', n - (size_t)(at - text))); at++)
        lines++;
    return lines ? n / lines : n;
}

struct buffer {
    char *text;
    size_t n, room;
    bool skipping; /* the rest of a line that is too long */
};

/* Up to n bytes more. */
static enum err_code fill(int fd, const char *path, struct buffer *b, size_t most, size_t *ret_n,
                          struct err *e)
{
    if (b->room - b->n < PIECE) {
        const size_t room = 2 * b->room > b->n + PIECE ? 2 * b->room : b->n + PIECE;
        char *const more = realloc(b->text, room);
        if (!more)
            return err_set(e, ERR_LIMIT, "'%s': no memory for a line of %zu bytes", path, b->n);
        b->text = more;
        b->room = room;
    }
    ssize_t n;
    do
        n = read(fd, b->text + b->n, most < PIECE ? most : PIECE);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(e, "'%s'", path);
    *ret_n = (size_t)n;
    return ERR_OK;
}

/* A line without end would take all memory: its bytes count for the digest alone. */
static void drop_long(struct reading *r, struct buffer *b)
{
    const char *const end = b->skipping ? memchr(b->text, '\n', b->n) : nullptr;
    if (!b->skipping && b->n > SAMPLE_SCAN_MOST_LINE) {
        r->n_lines++;
        count(r, SAMPLE_LINE_TOO_LONG);
        b->skipping = true;
        b->n = 0;
    } else if (b->skipping) {
        const size_t gone = end ? (size_t)(end - b->text) + 1 : b->n;
        memmove(b->text, b->text + gone, b->n - gone);
        b->n -= gone;
        b->skipping = !end;
    }
}

static enum err_code read_all(int fd, const char *path, size_t bytes, struct reading *r,
                              struct digest *d, struct buffer *b, struct err *e)
{
    bool begun = false;
    for (size_t got = 1, at = 0; got > 0 && at < bytes && !r->stop; at += got) {
        if (fill(fd, path, b, bytes - at, &got, e))
            return e->code;
        r->tally->bytes += (int64_t)got;
        if (d)
            digest_add(d, b->text + b->n, got);
        b->n += got;
        if (b->skipping)
            drop_long(r, b);
        if (!begun && r->scan->begin)
            r->scan->begin(r->scan->context, bytes, line_length(b->text, b->n));
        begun = true;
        const size_t done = b->skipping ? 0 : whole_lines(r, b->text, b->n);
        if (done > 0 && done < b->n)
            memmove(b->text, b->text + done, b->n - done);
        b->n -= done;
        if (!b->skipping)
            drop_long(r, b);
    }
    if (!r->stop && b->n > 0 && !b->skipping)
        one_line(r, b->text, b->n, false);
    return ERR_OK;
}

static void free_buffer(struct buffer *b)
{
    free(b->text);
}

enum err_code sample_scan(const char *path, const struct sample_scan *s,
                          struct sample_scan_tally *ret, struct err *e)
{
    *ret = (struct sample_scan_tally){};
    CLEANUP(file_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(e, "'%s'", path);
    CLEANUP(digest_freep) struct digest *d = s->only_first ? nullptr : digest_new();
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *reader = sample_line_reader_new(s->way);
    CLEANUP(free_buffer) struct buffer b = {};
    struct reading r = {.scan = s, .tally = ret, .reader = reader};
    if (read_all(fd, path, (size_t)st.st_size, &r, d, &b, e))
        return e->code;
    if (d)
        digest_end(d, ret->sha256);
    return ERR_OK;
}
