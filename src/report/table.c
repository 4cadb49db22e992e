#include "report/table.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"

#include <string.h>

struct table_row {
    const struct table_cell *cells; /* nullptr: a heading */
    const char *heading;
};

static const char *const escapes[] = {
    [TABLE_PLAIN] = "",        [TABLE_STRONG] = "\033[1m", [TABLE_FAINT] = "\033[2m",
    [TABLE_GOOD] = "\033[32m", [TABLE_BAD] = "\033[31m",   [TABLE_WARN] = "\033[33m",
};

/* One code point; a byte that begins none counts as one letter, as terminals show it. */
static uint32_t next_point(const char **at)
{
    const unsigned char *s = (const unsigned char *)*at;
    const unsigned n = s[0] < 0xc0 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7fU >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            *at += 1;
            return 0xfffd;
        }
        c = c << 6 | (s[i] & 0x3f);
    }
    *at += n;
    return c;
}

struct range {
    uint32_t from, to;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= r[i].from && c <= r[i].to)
            return true;
    return false;
}

/* Unicode 16, EastAsianWidth.txt and general category Mn, reduced to the blocks that occur in
 * names. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
static const struct range zero[] = {
    {0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

size_t table_width(const char *text)
{
    size_t n = 0;
    while (*text) {
        const uint32_t c = next_point(&text);
        n += in_ranges(c, wide, COUNT_OF(wide)) ? 2 : !in_ranges(c, zero, COUNT_OF(zero));
    }
    return n;
}

void table_init(struct table *t, struct arena *a, const struct table_column *columns, size_t n)
{
    *t = (struct table){.arena = a, .columns = columns, .n_columns = n};
}

static struct table_row *push(struct table *t)
{
    if (t->n_rows == t->room) {
        const size_t room = t->room ? 2 * t->room : 32;
        struct table_row *const more = ARENA_ARRAY(t->arena, struct table_row, room);
        if (t->n_rows)
            memcpy(more, t->rows, t->n_rows * sizeof *more);
        t->rows = more;
        t->room = room;
    }
    return &t->rows[t->n_rows++];
}

void table_add(struct table *t, const struct table_cell *cells)
{
    struct table_cell *const copy = ARENA_ARRAY(t->arena, struct table_cell, t->n_columns);
    memcpy(copy, cells, t->n_columns * sizeof *copy);
    *push(t) = (struct table_row){.cells = copy};
}

void table_heading(struct table *t, const char *text)
{
    *push(t) = (struct table_row){.heading = text};
}

static void spaces(struct str *out, size_t n)
{
    while (n-- > 0)
        str_putc(out, ' ');
}

static void toned(struct str *out, const char *text, enum table_tone tone, bool colour)
{
    if (!colour || tone == TABLE_PLAIN) {
        str_puts(out, text);
        return;
    }
    str_printf(out, "%s%s\033[0m", escapes[tone], text);
}

static void print_cells(const struct table *t, const struct table_cell *cells, const size_t *widths,
                        bool colour, struct str *out)
{
    bool first = true;
    size_t owed = 0; /* spaces after a left-aligned column, dropped at the line's end */
    for (size_t k = 0; k < t->n_columns; k++) {
        if (widths[k] == 0)
            continue;
        const char *const text = cells[k].text ? cells[k].text : "-";
        const enum table_tone tone = cells[k].text ? cells[k].tone : TABLE_FAINT;
        const size_t gap = widths[k] - table_width(text);
        spaces(out, owed + (first ? 0 : 2) + (t->columns[k].right ? gap : 0));
        toned(out, text, tone, colour);
        owed = t->columns[k].right ? 0 : gap;
        first = false;
    }
    str_putc(out, '\n');
}

/* Of each column, 0 where it has no text. */
static size_t *measure(const struct table *t, struct table_cell *titles)
{
    size_t *const widths = ARENA_ARRAY(t->arena, size_t, t->n_columns);
    for (size_t k = 0; k < t->n_columns; k++) {
        bool any = false;
        for (size_t i = 0; i < t->n_rows; i++) {
            const char *const text = t->rows[i].cells ? t->rows[i].cells[k].text : nullptr;
            const size_t w = text ? table_width(text) : 1;
            any = any || text;
            widths[k] = t->rows[i].cells && w > widths[k] ? w : widths[k];
        }
        const size_t w = table_width(t->columns[k].title);
        widths[k] = !any ? 0 : w > widths[k] ? w : widths[k];
        titles[k] = (struct table_cell){t->columns[k].title, TABLE_FAINT};
    }
    return widths;
}

static void print_part(const struct table *t, const struct table_cell *titles, const size_t *widths,
                       bool colour, struct str *out)
{
    if (t->n_rows)
        print_cells(t, titles, widths, colour, out);
    for (size_t i = 0; i < t->n_rows; i++) {
        if (t->rows[i].cells) {
            print_cells(t, t->rows[i].cells, widths, colour, out);
            continue;
        }
        toned(out, t->rows[i].heading, TABLE_STRONG, colour);
        str_putc(out, '\n');
    }
}

/* From column `from` on, as many as fit beside the keys, at least one: into part, where the others
 * are 0. Returns the first that does not fit. */
static size_t fill_part(const struct table *t, const size_t *widths, size_t n_keys, size_t from,
                        size_t width, size_t *part)
{
    size_t used = 0, k = from;
    memset(part, 0, t->n_columns * sizeof *part);
    for (size_t i = 0; i < n_keys; i++) {
        part[i] = widths[i];
        used += widths[i] ? widths[i] + 2 : 0;
    }
    for (bool any = false; k < t->n_columns; k++) {
        if (any && widths[k] && used + widths[k] > width)
            break;
        part[k] = widths[k];
        used += widths[k] ? widths[k] + 2 : 0;
        any = any || widths[k];
    }
    return k;
}

void table_print_within(const struct table *t, size_t n_keys, size_t width, bool colour,
                        struct str *out)
{
    struct table_cell *const titles = ARENA_ARRAY(t->arena, struct table_cell, t->n_columns);
    size_t *const part = ARENA_ARRAY(t->arena, size_t, t->n_columns);
    const size_t *const widths = measure(t, titles);
    for (size_t from = n_keys; from < t->n_columns;) {
        const size_t next = fill_part(t, widths, n_keys, from, width ? width : SIZE_MAX, part);
        if (from > n_keys)
            str_putc(out, '\n');
        print_part(t, titles, part, colour, out);
        from = next;
        while (from < t->n_columns && widths[from] == 0)
            from++;
    }
}

void table_print(const struct table *t, bool colour, struct str *out)
{
    table_print_within(t, 0, 0, colour, out);
}
