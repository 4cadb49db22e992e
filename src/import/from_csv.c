#include "import/from_csv.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "import/literal.h"
#include "import/session.h"
#include "io/csv.h"

#include <string.h>

/* ---- lists in a field: "[5.1, 4.9]", as data frames write them ---- */

static bool is_list(const struct csv_field *f)
{
    return f->n > 2 && f->text[0] == '[' && f->text[f->n - 1] == ']';
}

static size_t length_of(const struct csv_field *f)
{
    size_t n = 1;
    for (size_t i = 0; i < f->n; i++)
        n += f->text[i] == ',';
    return n;
}

/* The element at that place, as a text of its own. */
static void element(const struct csv_field *f, size_t at, struct str *out)
{
    size_t from = 1;
    for (; at > 0; from++)
        at -= f->text[from] == ',';
    size_t to = from;
    while (to + 1 < f->n && f->text[to] != ',')
        to++;
    str_add(out, f->text + from, to - from);
}

struct table_row {
    const struct csv_row *row;
    size_t at, n;     /* n 0: its latency is no list */
    struct str *room; /* for a column each */
};

static bool take_field(const struct mapping_column *c, const void *row, struct record *r,
                       struct str *why)
{
    const struct table_row *const t = row;
    struct csv_field one = t->row->fields[c->column];
    if (t->n && is_list(&one) && length_of(&one) == t->n) {
        struct str *const room = &t->room[c->column];
        str_clear(room);
        element(&one, t->at, room);
        one.n = room->n;
        one.text = room->n ? room->text : one.text;
    }
    const struct csv_field *const f = &one;
    if (c->truth && f->n == 1 && (*f->text == '0' || *f->text == '1')) {
        const char *const word = *f->text == '1' ? "true" : "false";
        return record_take(r, c->field, word, strlen(word), nullptr, 1, why);
    }
    return record_take(r, c->field, f->text, f->n, c->unit, c->times, why);
}

static enum err_code open_table(struct session *s, struct csv **ret, struct err *e)
{
    const struct import_request *const q = s->q;
    if (csv_open(q->source, q->delimiter, s->a, ret, e))
        return e->code;
    struct mapping_request columns = {.source = s->source.file,
                                      .map = q->map,
                                      .n_map = q->n_map,
                                      .wide = q->wide,
                                      .constants = q->constants,
                                      .n_constants = q->n_constants};
    columns.names = csv_names(*ret, &columns.n_names);
    if (mapping_resolve(&columns, s->a, &s->map, e))
        return e->code;
    switch (csv_delimiter(*ret)) {
    case ',':
        s->delimiter = "comma";
        break;
    case ';':
        s->delimiter = "semicolon";
        break;
    case '\t':
        s->delimiter = "tab";
        break;
    default:
        s->delimiter = csv_delimiter(*ret) == '|' ? "|" : "as given";
    }
    if (q->delimiter == 0 && csv_delimiter(*ret) != ',')
        session_note(s, "columns are separated by %s, as the first line shows", s->delimiter);
    return ERR_OK;
}

/* ---- numbers of another form than 1234.5 ---- */

struct plain {
    size_t *columns; /* of numbers that are taken; n */
    size_t n;
    struct csv_field *fields; /* a row's, made plain */
    const char *const *names;
    char decimal, thousands;
    size_t n_columns;
    struct str *room;
};

static void plain_done(struct plain *p)
{
    for (size_t i = 0; i < p->n_columns; i++)
        str_done(&p->room[i]);
}

static void add_columns(const struct mapping_column *c, size_t n, bool *known, struct plain *p)
{
    for (size_t i = 0; i < n; i++) {
        const enum field_kind kind = field_table[c[i].field].kind;
        if (known[c[i].column] ||
            (kind != FIELD_KIND_WHOLE && kind != FIELD_KIND_AMOUNT && kind != FIELD_KIND_NUMBER))
            continue;
        known[c[i].column] = true;
        p->columns[p->n++] = c[i].column;
    }
}

static struct plain plain_of(const struct session *s, const char *const *names, size_t n_names)
{
    bool *const known = ARENA_ARRAY(s->a, bool, n_names);
    const char decimal = s->q->decimal;
    struct plain p = {.columns = ARENA_ARRAY(s->a, size_t, n_names),
                      .fields = ARENA_ARRAY(s->a, struct csv_field, n_names),
                      .names = names,
                      .decimal = decimal,
                      .thousands = decimal == ',' ? '.' : ',',
                      .n_columns = n_names,
                      .room = ARENA_ARRAY(s->a, struct str, n_names)};
    if (decimal)
        add_columns(s->map.columns, s->map.n, known, &p);
    for (size_t k = 0; decimal && k < s->map.n_labels; k++)
        add_columns(s->map.labels[k].columns, s->map.labels[k].n, known, &p);
    return p;
}

/* false: a number is of another form; why says which. */
static bool make_plain(const struct plain *p, struct csv_row *row, struct str *why)
{
    if (p->n == 0)
        return true;
    memcpy(p->fields, row->fields, row->n * sizeof *p->fields);
    row->fields = p->fields;
    for (size_t i = 0; i < p->n; i++) {
        struct csv_field *const f = &p->fields[p->columns[i]];
        if (literal_is_missing(f->text, f->n) ||
            literal_plain(f->text, &f->n, p->thousands, p->decimal))
            continue;
        str_clear(why);
        str_printf(why, "%.60s: '%.40s' is no number like 1%c234%c5", p->names[p->columns[i]],
                   f->text, p->thousands, p->decimal);
        return false;
    }
    return true;
}

/* One sample, or those of a list of latencies. */
static enum err_code take_samples(struct session *s, const struct plain *p,
                                  const struct csv_row *row, struct err *e)
{
    struct table_row t = {.row = row, .room = p->room};
    const uint64_t bad = s->bad;
    for (size_t i = 0; i < s->map.n; i++)
        if (s->map.columns[i].field == FIELD_LATENCY_MS &&
            is_list(&row->fields[s->map.columns[i].column]))
            t.n = length_of(&row->fields[s->map.columns[i].column]);
    do
        if (session_row(s, &t, row->line, take_field, e))
            return e->code;
    while (s->bad == bad && ++t.at < t.n);
    return ERR_OK;
}

static enum err_code take_row(struct session *s, const struct plain *p, struct csv_row *row,
                              struct err *e)
{
    CLEANUP(str_done) struct str why = {};
    if (make_plain(p, row, &why))
        return take_samples(s, p, row, e);
    s->rows++;
    return session_bad(s, row->line, why.text, e);
}

enum err_code from_csv_read(struct session *s, struct err *e)
{
    CLEANUP(csv_closep) struct csv *table = nullptr;
    struct csv_row row;
    size_t n_names;
    if (open_table(s, &table, e) || session_begin(s, e))
        return e->code;
    const char *const *const names = csv_names(table, &n_names);
    CLEANUP(plain_done) struct plain plain = plain_of(s, names, n_names);
    for (;;) {
        switch (csv_next(table, &row, e)) {
        case CSV_ROW:
            if (take_row(s, &plain, &row, e))
                return e->code;
            continue;
        case CSV_BAD:
            s->rows++;
            if (session_complain(s, e->msg, e))
                return e->code;
            *e = (struct err){};
            continue;
        case CSV_FAILED:
            return e->code;
        case CSV_END:
            csv_digest(table, s->source.sha256);
            s->source_bytes = csv_bytes(table);
            return ERR_OK;
        }
    }
}
