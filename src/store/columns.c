#include "store/columns.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/magic.h"
#include "store/duck.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

constexpr size_t MOST_WANTED = 16;
constexpr size_t FIRST_ROOM = 1024;

static const char *kind_of(const char *path)
{
    char bytes[32];
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    return f ? magic_of(bytes, fread(bytes, 1, sizeof bytes, f)) : nullptr;
}

static enum err_code find_format(const char *path, enum columns_format *format, struct err *e)
{
    static const struct {
        const char *ending;
        enum columns_format format;
    } endings[] = {{".csv", COLUMNS_CSV},         {".tsv", COLUMNS_CSV},
                   {".txt", COLUMNS_CSV},         {".jsonl", COLUMNS_JSON},
                   {".json", COLUMNS_JSON},       {".ndjson", COLUMNS_JSON},
                   {".parquet", COLUMNS_PARQUET}, {".pq", COLUMNS_PARQUET}};
    const size_t n = strlen(path);
    if (*format != COLUMNS_AUTO)
        return ERR_OK;
    if (strcmp(path, "-") == 0)
        *format = COLUMNS_CSV;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        const size_t k = strlen(endings[i].ending);
        if (n > k && strcasecmp(path + n - k, endings[i].ending) == 0)
            *format = endings[i].format;
    }
    if (file_is_folder(path))
        return err_set(e, ERR_USAGE, "'%s' is a folder", path);
    if (*format != COLUMNS_AUTO)
        return ERR_OK;
    const char *const other = kind_of(path);
    return other ? err_set(e, ERR_PARSE, "'%s' is no text: it is %s", path, other)
                 : err_set(
                       e, ERR_USAGE,
                       "the name '%s' does not tell its format (.csv .tsv .jsonl .json .parquet); "
                       "give --format",
                       path);
}

/* "timing.total" is the key `total` inside the column `timing`. */
static bool is_inside(const char *wanted, const char *name)
{
    const size_t n = strlen(name);
    return strncmp(wanted, name, n) == 0 && wanted[n] == '.' && wanted[n + 1];
}

/* Places of the wanted columns among the names; SIZE_MAX where nothing is wanted. nested: of
 * objects, whose keys may be wanted. */
static enum err_code find_columns(const char *path, const struct columns *c,
                                  const char *const *wanted, size_t n, bool nested, size_t *ret_at,
                                  struct err *e)
{
    for (size_t k = 0; k < n; k++) {
        ret_at[k] = SIZE_MAX;
        for (size_t i = 0; wanted[k] && i < c->n_names && ret_at[k] == SIZE_MAX; i++)
            if (strcmp(c->names[i], wanted[k]) == 0)
                ret_at[k] = i;
        for (size_t i = 0; nested && wanted[k] && i < c->n_names && ret_at[k] == SIZE_MAX; i++)
            if (is_inside(wanted[k], c->names[i]))
                ret_at[k] = i;
        if (!wanted[k] || ret_at[k] != SIZE_MAX)
            continue;
        const char *const near = nearest_word(wanted[k], c->names, c->n_names);
        if (near)
            return err_set(e, ERR_USAGE, "'%s' has no column '%s'; did you mean '%s'?", path,
                           wanted[k], near);
        CLEANUP(str_done) struct str all = {};
        for (size_t i = 0; i < c->n_names && all.n < 600; i++)
            str_printf(&all, "%s%s", i ? " " : "", c->names[i]);
        return err_set(e, ERR_USAGE, "'%s' has no column '%s'; it has: %s", path, wanted[k],
                       str_text(&all));
    }
    return ERR_OK;
}

/* ---- CSV ---- */

struct growing {
    const char **text[MOST_WANTED];
    size_t n, room;
};

static void grow(struct growing *g, const size_t *at, size_t n, struct arena *a)
{
    const size_t room = g->room ? 2 * g->room : FIRST_ROOM;
    for (size_t k = 0; k < n; k++) {
        if (at[k] == SIZE_MAX)
            continue;
        const char **const more = ARENA_ARRAY(a, const char *, room);
        if (g->n)
            memcpy((void *)more, (const void *)g->text[k], g->n * sizeof *more);
        g->text[k] = more;
    }
    g->room = room;
}

static enum err_code read_csv(const char *path, const char *const *wanted, size_t n,
                              struct arena *a, struct columns *ret, struct err *e)
{
    CLEANUP(csv_closep) struct csv *csv = nullptr;
    struct growing g = {};
    struct csv_row row;
    size_t at[MOST_WANTED];
    if (csv_open(path, '\0', a, &csv, e))
        return e->code;
    ret->names = csv_names(csv, &ret->n_names);
    if (find_columns(path, ret, wanted, n, false, at, e))
        return e->code;
    for (enum csv_result r; (r = csv_next(csv, &row, e)) != CSV_END;) {
        if (r != CSV_ROW)
            return e->code;
        if (g.n == g.room)
            grow(&g, at, n, a);
        for (size_t k = 0; k < n; k++)
            if (at[k] != SIZE_MAX && row.fields[at[k]].n)
                g.text[k][g.n] = arena_strndup(a, row.fields[at[k]].text, row.fields[at[k]].n);
        g.n++;
    }
    ret->n_rows = g.n;
    for (size_t k = 0; k < n; k++)
        ret->text[k] = g.text[k];
    return ERR_OK;
}

/* ---- JSON, Parquet ---- */

static void quote(struct str *out, const char *text, char with)
{
    str_putc(out, with);
    for (; *text; text++) {
        if (*text == with)
            str_putc(out, with);
        str_putc(out, *text);
    }
    str_putc(out, with);
}

static void source(struct str *out, const char *path, enum columns_format format)
{
    str_puts(out, format == COLUMNS_PARQUET ? " FROM read_parquet(" : " FROM read_json(");
    quote(out, path, '\'');
    str_puts(out, format == COLUMNS_PARQUET ? ")" : ", format = 'auto', sample_size = -1)");
}

static enum err_code read_names(struct duck *d, const char *path, enum columns_format format,
                                struct arena *a, struct columns *ret, const char *const **ret_types,
                                struct err *e)
{
    CLEANUP(str_done) struct str sql = {};
    struct duck_column c[] = {{.type = DUCK_STR}, {.type = DUCK_STR}};
    str_puts(&sql, "SELECT column_name, column_type FROM (DESCRIBE SELECT *");
    source(&sql, path, format);
    str_puts(&sql, ")");
    if (duck_query(d, str_text(&sql), c, COUNT_OF(c), a, &ret->n_names, e))
        return err_wrap(e, "'%s'", path);
    ret->names = c[0].data;
    *ret_types = c[1].data;
    return ERR_OK;
}

/* A column of numbers and words is of type JSON, whose words would come with their quotes. A wanted
 * key inside a column is the way to it. */
static void as_text(struct str *sql, const char *name, const char *wanted, const char *type,
                    struct arena *a)
{
    const bool whole = strcmp(name, wanted) == 0;
    const bool json = !whole || (type && strcmp(type, "JSON") == 0);
    str_puts(sql, whole && json ? "(" : json ? "(to_json(" : "CAST(");
    quote(sql, name, '"');
    if (whole) {
        str_puts(sql, json ? " ->> '$')" : " AS VARCHAR)");
        return;
    }
    CLEANUP(str_done) struct str way = {};
    str_putc(&way, '$');
    for (const char *p = wanted + strlen(name); *p;) {
        const size_t n = strcspn(p + 1, ".");
        str_putc(&way, '.');
        quote(&way, arena_strndup(a, p + 1, n), '"');
        p += n + 1;
    }
    str_puts(sql, ") ->> ");
    quote(sql, str_text(&way), '\'');
    str_putc(sql, ')');
}

static enum err_code read_by_duck(const char *path, enum columns_format format,
                                  const char *const *wanted, size_t n, struct arena *a,
                                  struct columns *ret, struct err *e)
{
    CLEANUP(duck_closep) struct duck *d = nullptr;
    CLEANUP(str_done) struct str sql = {};
    struct duck_column c[MOST_WANTED] = {};
    size_t at[MOST_WANTED], n_columns = 0;
    const char *const *types = nullptr;
    if (!file_exists(path) || file_is_folder(path))
        return err_set(e, ERR_IO, "'%s': %s", path,
                       file_exists(path) ? "it is a folder" : "there is no such file");
    if (duck_open(&d, e) || read_names(d, path, format, a, ret, &types, e) ||
        find_columns(path, ret, wanted, n, true, at, e))
        return e->code;
    str_puts(&sql, "SELECT ");
    for (size_t k = 0; k < n; k++) {
        if (at[k] == SIZE_MAX)
            continue;
        str_puts(&sql, n_columns ? ", " : "");
        as_text(&sql, ret->names[at[k]], wanted[k], types[at[k]], a);
        c[n_columns++].type = DUCK_STR;
    }
    source(&sql, path, format);
    if (duck_query(d, str_text(&sql), c, n_columns, a, &ret->n_rows, e))
        return err_wrap(e, "'%s'", path);
    for (size_t k = 0, i = 0; k < n; k++)
        if (at[k] != SIZE_MAX)
            ret->text[k] = c[i++].data;
    return ERR_OK;
}

enum err_code columns_read(const char *path, enum columns_format format, const char *const *wanted,
                           size_t n, struct arena *a, struct columns *ret, struct err *e)
{
    struct columns c = {.text = (const char *const **)arena_alloc(a, n + 1, sizeof *c.text)};
    if (n > MOST_WANTED)
        return err_set(e, ERR_LIMIT, "more than %zu columns", MOST_WANTED);
    if (find_format(path, &format, e) ||
        (format == COLUMNS_CSV ? read_csv(path, wanted, n, a, &c, e)
                               : read_by_duck(path, format, wanted, n, a, &c, e)))
        return e->code;
    *ret = c;
    return ERR_OK;
}
