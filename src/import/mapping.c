#include "import/mapping.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct resolving {
    const struct mapping_request *q;
    struct arena *a;
    struct mapping_column by_field[FIELD_COUNT];
    bool mapped[FIELD_COUNT], constant[FIELD_COUNT], barred[FIELD_COUNT];
    bool *used; /* columns */
};

bool mapping_has(const struct mapping *m, enum field f)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == f)
            return true;
    for (size_t i = 0; i < m->n_consts; i++)
        if (m->consts[i].field == f)
            return true;
    return false;
}

/* Values that are not known are not looked at: they need no copy. */
void mapping_start(const struct mapping *m, struct record *r)
{
    record_clear(r);
    r->known = m->template.known;
    r->phase = m->template.phase;
    r->status = m->template.status;
    r->submitted_ns = m->template.submitted_ns;
    r->reason = m->template.reason;
    for (size_t i = 0; i < m->n_consts; i++)
        r->values[m->consts[i].field] = m->template.values[m->consts[i].field];
}

/* "FIELD=rest" of an option. */
static enum err_code split(const char *option, const char *item, struct arena *a, enum field *ret,
                           const char **ret_rest, struct err *e)
{
    const char *const equals = strchr(item, '=');
    if (!equals)
        return err_set(e, ERR_USAGE, "import: %s '%s': needs FIELD=%s", option, item,
                       strcmp(option, "--map") == 0 ? "COLUMN" : "VALUE");
    const char *const name = arena_strndup(a, item, (size_t)(equals - item));
    const enum field f = field_find(name);
    if (f == FIELD_COUNT) {
        const char *const near = field_nearest(name);
        if (near)
            return err_set(e, ERR_USAGE, "import: %s '%s': no such field: '%s'; did you mean '%s'?",
                           option, item, name, near);
        return err_set(e, ERR_USAGE,
                       "import: %s '%s': no such field: '%s'; 'chimera import --help' lists them",
                       option, item, name);
    }
    *ret = f;
    *ret_rest = equals + 1;
    return ERR_OK;
}

static size_t find_column(const struct mapping_request *q, const char *name, size_t n)
{
    for (size_t i = 0; i < q->n_names; i++)
        if (strlen(q->names[i]) == n && memcmp(q->names[i], name, n) == 0)
            return i;
    return q->n_names;
}

static void list_names(const char *const *names, size_t n, struct str *out)
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
    list_names(q->names, q->n_names, &list);
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

/* COLUMN, COLUMN:UNIT or COLUMN*X, a column of just that name before all. */
static enum err_code read_column(const struct resolving *z, const char *item, const char *text,
                                 struct mapping_column *ret, struct err *e)
{
    const struct mapping_request *const q = z->q;
    ret->times = 1;
    ret->column = find_column(q, text, strlen(text));
    const char *const colon = strrchr(text, ':'), *const star = strrchr(text, '*');
    const char *const mark = !colon || (star && star > colon) ? star : colon;
    if (ret->column < q->n_names)
        return check_unit(ret->field, item, text, e);
    if (!mark)
        return no_column(q, item, text, e);
    const char *const name = arena_strndup(z->a, text, (size_t)(mark - text));
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

static enum err_code take_maps(struct resolving *z, struct err *e)
{
    const struct mapping_request *const q = z->q;
    for (size_t i = 0; i < q->n_map; i++) {
        enum field f = FIELD_SCENARIO;
        const char *rest = "";
        if (split("--map", q->map[i], z->a, &f, &rest, e))
            return e->code;
        if (z->mapped[f] || z->barred[f])
            return err_set(e, ERR_USAGE, "import: --map: %s is mapped twice", field_table[f].name);
        if (!*rest) {
            z->barred[f] = true;
            continue;
        }
        struct mapping_column c = {.field = f, .why = MAPPING_ASKED};
        if (read_column(z, q->map[i], rest, &c, e))
            return e->code;
        c.name = q->names[c.column];
        for (size_t k = c.column + 1; k < q->n_names; k++)
            if (strcmp(q->names[k], c.name) == 0)
                return err_set(e, ERR_USAGE, "import: --map '%s': '%s' has two columns '%s'",
                               q->map[i], q->source, c.name);
        z->by_field[f] = c;
        z->mapped[f] = z->used[c.column] = true;
    }
    return ERR_OK;
}

static enum err_code take_constants(struct resolving *z, struct mapping *m, struct err *e)
{
    const struct mapping_request *const q = z->q;
    m->consts = ARENA_ARRAY(z->a, struct mapping_const, q->n_constants);
    record_clear(&m->template);
    for (size_t i = 0; i < q->n_constants; i++) {
        enum field f = FIELD_SCENARIO;
        const char *rest = "";
        CLEANUP(str_done) struct str why = {};
        if (split("--const", q->constants[i], z->a, &f, &rest, e))
            return e->code;
        if (z->mapped[f] || z->constant[f])
            return err_set(e, ERR_USAGE, "import: --const: %s is given twice", field_table[f].name);
        const char *const text = arena_strdup(z->a, rest);
        if (!record_take(&m->template, f, text, strlen(text), nullptr, 1, &why))
            return err_set(e, ERR_USAGE, "import: --const '%s': %s", q->constants[i],
                           str_text(&why));
        if (!record_has(&m->template, f))
            return err_set(e, ERR_USAGE, "import: --const '%s': it gives no value",
                           q->constants[i]);
        m->consts[m->n_consts++] = (struct mapping_const){f, text};
        z->constant[f] = true;
    }
    return ERR_OK;
}

/* The unused column whose name fits the field best; a name that stands twice fits nothing. */
static void take_by_name(struct resolving *z, enum field f)
{
    const struct mapping_request *const q = z->q;
    unsigned best = 0;
    size_t column = 0;
    bool twice = false;
    if (z->mapped[f] || z->constant[f] || z->barred[f])
        return;
    for (size_t i = 0; i < q->n_names; i++) {
        const unsigned fit = z->used[i] ? 0 : field_matches(f, q->names[i]);
        twice = fit > 0 && fit == best                 ? true
                : fit > 0 && (best == 0 || fit < best) ? false
                                                       : twice;
        if (fit > 0 && (best == 0 || fit < best)) {
            best = fit;
            column = i;
        }
    }
    if (best == 0 || twice)
        return;
    z->by_field[f] = (struct mapping_column){.field = f,
                                             .why = best == 1 ? MAPPING_SAME_NAME : MAPPING_SYNONYM,
                                             .column = column,
                                             .name = q->names[column],
                                             .times = 1};
    z->mapped[f] = z->used[column] = true;
}

static void leave(struct resolving *z, enum field f)
{
    z->mapped[f] = false;
    z->used[z->by_field[f].column] = false;
}

/* A field of whole cells that is there, asked for or (where asked_only is false) by its name. */
static enum field cell_field(const struct resolving *z, bool asked_only)
{
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (field_table[f].rows == FIELD_OF_CELL && z->mapped[f] &&
            (z->by_field[f].why == MAPPING_ASKED || (!asked_only && field_table[f].names_form)))
            return (enum field)f;
    return FIELD_COUNT;
}

/* What makes rows samples, but for latency_ms. */
static enum field sample_id(const struct resolving *z)
{
    for (enum field f = FIELD_REPETITION; f <= FIELD_PROMPT_INDEX; f++)
        if (z->mapped[f] || z->constant[f])
            return f;
    return FIELD_COUNT;
}

/* An analysis compares latencies: samples without any would all be failures. */
static enum err_code no_latency(const struct resolving *z, enum field id, struct err *e)
{
    const char *const column = z->mapped[id] ? z->by_field[id].name : "COLUMN";
    return err_set(
        e, ERR_USAGE,
        "import: the rows of '%s' are samples, since '%s' is %s, but no column is "
        "latency_ms: map the time that is to be compared (--map latency_ms=COLUMN), or take "
        "each row for a run of its cell (--map invocation=%s --map %s=)",
        z->q->source, column, field_table[id].name, column, field_table[id].name);
}

/* A trace of power: a clock, the power, and nothing else that was measured. */
static bool is_trace(const struct resolving *z)
{
    static const char *const clocks[] = {"t_ns", "t_us",      "t_ms",      "t_s",       "t",
                                         "time", "timestamp", "time_s",    "time_ms",   "time_ns",
                                         "dt_s", "dt_ms",     "elapsed_s", "elapsed_ms"};
    for (unsigned f = FIELD_LATENCY_MS; f < FIELD_PARAMS_MILLIONS; f++)
        if (f != FIELD_POWER_W && f != FIELD_IDLE_POWER_W && z->mapped[f])
            return false;
    bool clock = z->mapped[FIELD_STARTED_AT];
    for (size_t i = 0; i < z->q->n_names; i++)
        for (size_t k = 0; k < COUNT_OF(clocks); k++)
            clock = clock || strcasecmp(z->q->names[i], clocks[k]) == 0;
    return clock && z->mapped[FIELD_POWER_W] && !z->mapped[FIELD_IDLE_POWER_W];
}

/* What only one kind of rows has decides; where both kinds are there, what was asked for does. */
static enum err_code choose_form(struct resolving *z, struct mapping *m, struct err *e)
{
    const enum field asked = cell_field(z, true), any = cell_field(z, false);
    const bool latency = z->mapped[FIELD_LATENCY_MS],
               latency_asked = latency && z->by_field[FIELD_LATENCY_MS].why == MAPPING_ASKED;
    if (latency_asked && asked != FIELD_COUNT)
        return err_set(
            e, ERR_USAGE,
            "import: latency_ms is a field of one sample and %s one of a whole cell: map "
            "one of them",
            field_table[asked].name);
    if (latency && any != FIELD_COUNT && !latency_asked && asked == FIELD_COUNT)
        return err_set(e, ERR_USAGE,
                       "import: '%s' has a column '%s', of one sample, and '%s', of a whole cell: "
                       "say which it is with --map latency_ms=%s, or with --map mean_ms=COLUMN",
                       z->q->source, z->by_field[FIELD_LATENCY_MS].name, z->by_field[any].name,
                       z->by_field[FIELD_LATENCY_MS].name);
    m->readings = !latency && any == FIELD_COUNT && is_trace(z);
    if (m->readings) {
        m->template.status = STATUS_SKIPPED;
        m->template.reason = "a reading of the power, not a request";
    }
    const bool per_sample = m->readings || (latency && asked == FIELD_COUNT);
    const enum field id = sample_id(z);
    if (!per_sample && any == FIELD_COUNT && id != FIELD_COUNT)
        return no_latency(z, id, e);
    m->form = per_sample ? MAPPING_SAMPLES : MAPPING_CELLS;
    const enum field_of of = per_sample ? FIELD_OF_SAMPLE : FIELD_OF_CELL;
    for (unsigned f = 0; f < FIELD_COUNT; f++) {
        if (!(z->mapped[f] || z->constant[f]) || (field_table[f].rows & of))
            continue;
        if (z->constant[f] || z->by_field[f].why == MAPPING_ASKED)
            return err_set(e, ERR_USAGE, "import: %s is a field of %s, and the rows of '%s' are %s",
                           field_table[f].name, per_sample ? "whole cells" : "one sample",
                           z->q->source,
                           per_sample ? "samples" : "cells, since no column is latency_ms");
        leave(z, (enum field)f);
    }
    return ERR_OK;
}

/* A row has to say something that was measured. */
static enum err_code check_measured(const struct resolving *z, struct err *e)
{
    for (unsigned f = FIELD_LATENCY_MS; f < FIELD_COUNT; f++)
        if (z->mapped[f] && f != FIELD_PROMPT_TOKENS && f != FIELD_PADDING_TOKENS &&
            f != FIELD_COST_PER_HOUR && f != FIELD_PARAMS_MILLIONS && f != FIELD_N_LAYERS &&
            f != FIELD_D_MODEL && f != FIELD_HOST && f != FIELD_VERSUS)
            return ERR_OK;
    CLEANUP(str_done) struct str list = {}, example = {};
    for (size_t i = 0; i < z->q->n_names && example.n == 0; i++) {
        const char *unit;
        const enum field f = field_in_other_unit(z->q->names[i], &unit);
        if (f >= FIELD_LATENCY_MS && f != FIELD_PARAMS_MILLIONS && f != FIELD_COUNT)
            str_printf(&example, "%s=%s:%s", field_table[f].name, z->q->names[i], unit);
    }
    list_names(z->q->names, z->q->n_names, &list);
    return err_set(e, ERR_USAGE,
                   "import: no column of '%s' is a measured field; map one, such as --map %s; it "
                   "has: %s",
                   z->q->source, example.n ? example.text : "latency_ms=COLUMN", str_text(&list));
}

static void list_unused(const struct resolving *z, struct mapping *m)
{
    const struct mapping_request *const q = z->q;
    m->unused = ARENA_ARRAY(z->a, const char *, q->n_names);
    for (size_t i = 0; i < q->n_names; i++) {
        if (z->used[i])
            continue;
        m->unused[m->n_unused++] = q->names[i];
        const char *unit;
        const enum field f = field_in_other_unit(q->names[i], &unit);
        if (!m->hint && f != FIELD_COUNT && !z->mapped[f] && !z->constant[f])
            m->hint = arena_printf(z->a, "--map %s=%s:%s would take '%s'", field_table[f].name,
                                   q->names[i], unit, q->names[i]);
    }
}

enum err_code mapping_constants(const struct mapping_request *q, struct arena *a,
                                struct mapping *ret, struct err *e)
{
    struct resolving z = {.q = q, .a = a, .used = ARENA_ARRAY(a, bool, q->n_names + 1)};
    *ret = (struct mapping){};
    return take_constants(&z, ret, e);
}

enum err_code mapping_resolve(const struct mapping_request *q, struct arena *a, struct mapping *ret,
                              struct err *e)
{
    struct resolving z = {.q = q, .a = a, .used = ARENA_ARRAY(a, bool, q->n_names + 1)};
    *ret = (struct mapping){};
    if (take_maps(&z, e) || take_constants(&z, ret, e))
        return e->code;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        take_by_name(&z, (enum field)f);
    if (choose_form(&z, ret, e) || check_measured(&z, e))
        return e->code;
    ret->columns = ARENA_ARRAY(a, struct mapping_column, FIELD_COUNT);
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (z.mapped[f])
            ret->columns[ret->n++] = z.by_field[f];
    list_unused(&z, ret);
    return ERR_OK;
}
