#include "import/from_csv.h"

#include "base/defs.h"
#include "import/session.h"
#include "io/csv.h"

#include <string.h>

static bool take_field(const struct mapping_column *c, const void *row, struct record *r,
                       struct str *why)
{
    const struct csv_field *const f = &((const struct csv_row *)row)->fields[c->column];
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

enum err_code from_csv_read(struct session *s, struct err *e)
{
    CLEANUP(csv_closep) struct csv *table = nullptr;
    struct csv_row row;
    if (open_table(s, &table, e) || session_begin(s, e))
        return e->code;
    for (;;) {
        switch (csv_next(table, &row, e)) {
        case CSV_ROW:
            if (session_row(s, &row, row.line, take_field, e))
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
