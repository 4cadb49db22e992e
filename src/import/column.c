#include "import/column.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t find_column(const struct mapping_request *q, const char *name, size_t n)
{
    for (size_t i = 0; i < q->n_names; i++)
        if (strlen(q->names[i]) == n && memcmp(q->names[i], name, n) == 0)
            return i;
    return q->n_names;
}

void column_list(const char *const *names, size_t n, struct str *out)
{
    constexpr size_t SHOWN = 20;
    for (size_t i = 0; i < n && i < SHOWN; i++)
        str_printf(out, "%s%.60s", i ? ", " : "", names[i]);
    if (n > SHOWN)
        str_printf(out, " and %zu more", n - SHOWN);
}

static enum err_code no_column(const struct mapping_request *q, const char *item, const char *name,
                               struct err *e)
{
    const char *const near = nearest_word(name, q->names, q->n_names);
    if (near)
        return err_set(e, ERR_USAGE,
                       "import: --map '%s': '%s' has no column '%s'; did you mean '%s'?", item,
                       q->source, name, near);
    CLEANUP(str_done) struct str list = {};
    column_list(q->names, q->n_names, &list);
    return err_set(e, ERR_USAGE, "import: --map '%s': '%s' has no column '%s'; it has: %s", item,
                   q->source, name, str_text(&list));
}

/* latency_ms=latency_s without a unit is a mistake of a thousand. */
static enum err_code check_unit(enum field f, const char *item, const char *column, struct err *e)
{
    const char *unit;
    return field_in_other_unit(column, &unit) == f
               ? err_set(
                     e, ERR_USAGE,
                     "import: --map '%s': the column's name tells another unit than the field's; "
                     "write %s=%s:%s, or the unit that it is in",
                     item, field_table[f].name, column, unit)
               : ERR_OK;
}

/* "A+B" of a name: *ret stays as it is where text is of another form. */
static enum err_code read_parts(const struct mapping_request *q, struct arena *a, const char *item,
                                const char *text, struct mapping_column *ret, struct err *e)
{
    constexpr size_t MOST_PARTS = 8;
    struct mapping_column *const parts = ARENA_ARRAY(a, struct mapping_column, MOST_PARTS);
    size_t n = 0;
    for (const char *rest = text; rest;) {
        const size_t length = strcspn(rest, "+");
        const char *const name = arena_strndup(a, rest, length);
        const size_t column = find_column(q, name, length);
        if (column == q->n_names)
            return no_column(q, item, name, e);
        if (n == MOST_PARTS)
            return err_set(e, ERR_USAGE, "import: --map '%s': over %zu columns", item, MOST_PARTS);
        parts[n++] = (struct mapping_column){
            .field = ret->field, .column = column, .name = q->names[column], .times = 1};
        rest = rest[length] ? rest + length + 1 : nullptr;
    }
    ret->column = parts[0].column;
    ret->parts = parts;
    ret->n_parts = n;
    return ERR_OK;
}

enum err_code column_read(const struct mapping_request *q, struct arena *a, const char *item,
                          const char *text, struct mapping_column *ret, struct err *e)
{
    ret->times = 1;
    ret->column = find_column(q, text, strlen(text));
    const char *const colon = strrchr(text, ':'), *const star = strrchr(text, '*');
    const char *const mark = !colon || (star && star > colon) ? star : colon;
    if (ret->column < q->n_names)
        return check_unit(ret->field, item, text, e);
    if (field_table[ret->field].kind == FIELD_KIND_NAME && strchr(text, '+'))
        return read_parts(q, a, item, text, ret, e);
    if (!mark)
        return no_column(q, item, text, e);
    const char *const name = arena_strndup(a, text, (size_t)(mark - text));
    ret->column = find_column(q, name, strlen(name));
    if (ret->column == q->n_names)
        return no_column(q, item, name, e);
    if (mark == star) {
        char *end;
        ret->times = strtod(star + 1, &end);
        if (end == star + 1 || *end || !isfinite(ret->times) || ret->times <= 0)
            return err_set(e, ERR_USAGE,
                           "import: --map '%s': '%s' is no factor; a number above 0 was expected",
                           item, star + 1);
        if (field_table[ret->field].kind != FIELD_KIND_WHOLE &&
            field_table[ret->field].kind != FIELD_KIND_AMOUNT &&
            field_table[ret->field].kind != FIELD_KIND_NUMBER)
            return err_set(e, ERR_USAGE, "import: --map '%s': %s is no number to multiply", item,
                           field_table[ret->field].name);
        return ERR_OK;
    }
    ret->unit = field_unit_find(ret->field, colon + 1);
    if (ret->unit)
        return ERR_OK;
    const char *const units = field_units(ret->field);
    return *units ? err_set(e, ERR_USAGE, "import: --map '%s': '%s' is no unit of %s: %s", item,
                            colon + 1, field_table[ret->field].name, units)
                  : err_set(e, ERR_USAGE, "import: --map '%s': %s has no units", item,
                            field_table[ret->field].name);
}
