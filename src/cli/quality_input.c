#include "cli/quality_input.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "io/file.h"
#include "text/code_points.h"

#include <stdio.h>
#include <string.h>

static size_t next_end(const char *text, size_t n, size_t from, const char *delimiter, size_t dn)
{
    const char *const at = memmem(text + from, n - from, delimiter, dn);
    return at ? (size_t)(at - text) : n;
}

static size_t count_lines(const char *text, size_t n, const char *delimiter, size_t dn)
{
    size_t count = 0;
    for (size_t i = 0; i < n; count++)
        i = next_end(text, n, i, delimiter, dn) + dn;
    return count;
}

static enum err_code check_bytes(const struct quality_file *f, struct err *e)
{
    CLEANUP(code_points_done) struct code_points c = {};
    size_t bad = 0;
    for (size_t i = 0; i < f->n; i++)
        if (!code_points_decode(f->lines[i].text, f->lines[i].n, &c, &bad))
            return err_set(e, ERR_USAGE, "'%s' line %zu, byte %zu: not UTF-8 (byte 0x%02x)",
                           f->path, i + 1, bad + 1, (unsigned)(unsigned char)f->lines[i].text[bad]);
    return ERR_OK;
}

enum err_code quality_input_read(const char *path, const char *delimiter, size_t delimiter_n,
                                 struct arena *a, struct quality_file *ret, struct err *e)
{
    char *text = nullptr;
    size_t n = 0;
    const bool piped = strcmp(path, "-") == 0;
    if (file_read(piped ? "/dev/stdin" : path, a, &text, &n, e))
        return e->code;
    *ret = (struct quality_file){.path = piped ? "standard input" : path};
    digest_of(text, n, ret->digest);
    if (n == 0)
        return err_set(e, ERR_USAGE, "'%s': the file is empty; a text on each line was expected",
                       ret->path);
    ret->lines = ARENA_ARRAY(a, struct line, count_lines(text, n, delimiter, delimiter_n));
    const bool by_line = delimiter_n == 1 && delimiter[0] == '\n';
    for (size_t i = 0; i < n;) {
        const size_t end = next_end(text, n, i, delimiter, delimiter_n);
        const bool cr = by_line && end > i && text[end - 1] == '\r';
        ret->lines[ret->n++] = (struct line){text + i, end - i - cr};
        i = end + delimiter_n;
    }
    return check_bytes(ret, e);
}

enum err_code quality_input_check(const struct quality_file *const *files, size_t n, struct err *e)
{
    for (size_t i = 1; i < n; i++)
        if (files[i]->n != files[0]->n)
            return err_set(e, ERR_USAGE,
                           "'%s' has %zu line%s, '%s' has %zu: line i of one belongs to line i of "
                           "the other",
                           files[0]->path, files[0]->n, files[0]->n == 1 ? "" : "s", files[i]->path,
                           files[i]->n);
    return ERR_OK;
}

enum err_code quality_input_delimiter(const char *typed, struct arena *a, const char **ret,
                                      size_t *ret_n, struct err *e)
{
    char *const out = ARENA_ARRAY(a, char, strlen(typed) + 1);
    size_t n = 0;
    for (const char *c = typed; *c; c++) {
        if (*c != '\\') {
            out[n++] = *c;
            continue;
        }
        static const char from[] = "ntr0\\", to[] = "\n\t\r\0\\";
        c++;
        const char *const which = *c ? strchr(from, *c) : nullptr;
        if (!which)
            return err_set(e, ERR_USAGE, "--delimiter: '\\%s' is none of \\n \\t \\r \\0 \\\\", c);
        out[n++] = to[which - from];
    }
    if (n == 0)
        return err_set(e, ERR_USAGE, "--delimiter: it is empty");
    *ret = out;
    *ret_n = n;
    return ERR_OK;
}
