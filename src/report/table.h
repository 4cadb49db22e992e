/* table.h - text in aligned columns, for a terminal or a file. Widths are of what is seen: UTF-8
 * letters, not bytes; wide East Asian letters count two, combining marks none.
 *
 * Text is borrowed until table_print(); the rows belong to the arena. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct str;

enum table_tone : uint8_t {
    TABLE_PLAIN,
    TABLE_STRONG,
    TABLE_FAINT,
    TABLE_GOOD,
    TABLE_BAD,
    TABLE_WARN
};

struct table_column {
    const char *title;
    bool right; /* numbers */
};

struct table_cell {
    const char *text; /* nullptr prints as "-", faint */
    enum table_tone tone;
};

struct table {
    struct arena *arena;
    const struct table_column *columns;
    size_t n_columns;
    struct table_row *rows;
    size_t n_rows, room;
};

void table_init(struct table *t, struct arena *a, const struct table_column *columns, size_t n);
void table_add(struct table *t, const struct table_cell *cells); /* n_columns of them, copied */
void table_heading(struct table *t, const char *text); /* a line of its own over what follows */
/* Columns without any text are left out. colour: escape sequences for a terminal. */
void table_print(const struct table *t, bool colour, struct str *out);
/* The same for a terminal of `width` columns: what does not fit goes on below, with the first
 * n_keys columns again. width 0: no end. */
void table_print_within(const struct table *t, size_t n_keys, size_t width, bool colour,
                        struct str *out);

/* Columns that text takes on a terminal. */
[[nodiscard]] size_t table_width(const char *text);
