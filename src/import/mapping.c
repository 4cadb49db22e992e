#include "import/mapping.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "import/by_name.h"
#include "import/column.h"
#include "import/hint.h"
#include "import/labelled.h"
#include "import/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

const char *mapping_column_of(const struct mapping *m, enum field f)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == f)
            return m->columns[i].name;
    return nullptr;
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

/* "FIELD=rest" of an option, or "FIELD@LABEL=rest" where labels are taken. */
static enum err_code split(const char *option, const char *item, struct arena *a, enum field *ret,
                           const char **ret_label, const char **ret_rest, struct err *e)
{
    const char *const equals = strchr(item, '=');
    if (!equals)
        return err_set(e, ERR_USAGE, "import: %s '%s': needs FIELD=%s", option, item,
                       strcmp(option, "--map") == 0 ? "COLUMN" : "VALUE");
    char *const name = arena_strndup(a, item, (size_t)(equals - item));
    char *const at = ret_label ? strchr(name, '@') : nullptr;
    if (at) {
        *at = '\0';
        *ret_label = at + 1;
    }
    const enum field f = field_find(name);
    if (f == FIELD_COUNT) {
        const char *const near = field_nearest(name);
        if (near)
            return err_set(e, ERR_USAGE, "import: %s '%s': no such field: '%s'; did you mean '%s'?",
                           option, item, name, near);
        return err_set(e, ERR_USAGE,
                       "import: %s '%s': no such field: '%s'; 'chimera import --fields' lists them",
                       option, item, name);
    }
    *ret = f;
    *ret_rest = equals + 1;
    return ERR_OK;
}

static void add_label(struct resolving *z, const char *label, const struct mapping_column *c)
{
    z->labels[z->n_labels++] = (struct label_column){label, *c};
    if (!z->labelled[c->field])
        z->by_field[c->field] = *c;
    z->labelled[c->field] = z->mapped[c->field] = z->used[c->column] = true;
}

static enum err_code check_label(const struct resolving *z, const char *item, const char *label,
                                 enum field f, struct err *e)
{
    if (!*label)
        return err_set(e, ERR_USAGE, "import: --map '%s': a label belongs behind '@'", item);
    if (field_table[f].kind == FIELD_KIND_NAME)
        return err_set(e, ERR_USAGE, "import: --map '%s': %s names a cell, and has no labels", item,
                       field_table[f].name);
    for (size_t i = 0; i < z->n_labels; i++)
        if (z->labels[i].c.field == f && strcmp(z->labels[i].label, label) == 0)
            return err_set(e, ERR_USAGE, "import: --map: %s@%s is mapped twice",
                           field_table[f].name, label);
    return ERR_OK;
}

static enum err_code take_map(struct resolving *z, const char *item, struct err *e)
{
    const struct mapping_request *const q = z->q;
    enum field f = FIELD_SCENARIO;
    const char *rest = "", *label = nullptr;
    if (split("--map", item, z->a, &f, &label, &rest, e))
        return e->code;
    if (z->barred[f] || (z->mapped[f] && !(label && z->labelled[f])))
        return err_set(e, ERR_USAGE,
                       "import: --map: %s is mapped twice; of a wide table, where each column is "
                       "another backend's, write %s@NAME=COLUMN for each",
                       field_table[f].name, field_table[f].name);
    if (label && check_label(z, item, label, f, e))
        return e->code;
    if (!*rest) {
        z->barred[f] = true;
        return ERR_OK;
    }
    struct mapping_column c = {.field = f,
                               .why = MAPPING_ASKED,
                               .truth =
                                   f == FIELD_PHASE && field_is_truth(f, field_matches(f, rest))};
    if (column_read(q, z->a, item, rest, &c, e))
        return e->code;
    for (size_t k = 0; k < c.n_parts; k++)
        z->used[c.parts[k].column] = true;
    c.name = c.n_parts ? arena_strdup(z->a, rest) : q->names[c.column];
    for (size_t k = c.column + 1; k < q->n_names; k++)
        if (strcmp(q->names[k], c.name) == 0)
            return err_set(e, ERR_USAGE, "import: --map '%s': '%s' has two columns '%s'", item,
                           q->source, c.name);
    if (label) {
        add_label(z, label, &c);
        return ERR_OK;
    }
    z->by_field[f] = c;
    z->mapped[f] = z->used[c.column] = true;
    return ERR_OK;
}

static enum err_code take_maps(struct resolving *z, struct err *e)
{
    const struct mapping_request *const q = z->q;
    z->labels = ARENA_ARRAY(z->a, struct label_column, q->n_map + q->n_names + 1);
    for (size_t i = 0; i < q->n_map; i++)
        if (take_map(z, q->map[i], e))
            return e->code;
    return ERR_OK;
}

static enum err_code take_constants(struct resolving *z, struct mapping *m, struct err *e)
{
    const struct mapping_request *const q = z->q;
    m->consts = ARENA_ARRAY(z->a, struct mapping_const, q->n_constants + 1);
    record_clear(&m->template);
    for (size_t i = 0; i < q->n_constants; i++) {
        enum field f = FIELD_SCENARIO;
        const char *rest = "";
        CLEANUP(str_done) struct str why = {};
        if (split("--const", q->constants[i], z->a, &f, nullptr, &rest, e))
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

/* What labels are that were asked for with '@'. */
static enum field labels_are(const struct resolving *z)
{
    return z->label_field < FIELD_COUNT ? z->label_field : FIELD_BACKEND;
}

static enum err_code read_wide(struct resolving *z, struct err *e)
{
    static const enum field may[] = {FIELD_BACKEND,  FIELD_PRECISION,  FIELD_MODEL,
                                     FIELD_SCENARIO, FIELD_INVOCATION, FIELD_REPETITION};
    z->label_field = FIELD_COUNT;
    if (!z->q->wide)
        return ERR_OK;
    for (size_t i = 0; i < COUNT_OF(may); i++)
        if (strcmp(z->q->wide, field_table[may[i]].name) == 0)
            z->label_field = may[i];
    return z->label_field < FIELD_COUNT ? ERR_OK
                                        : err_set(e, ERR_USAGE,
                                                  "import: --wide '%s': backend, precision, model, "
                                                  "scenario, invocation or repetition was "
                                                  "expected",
                                                  z->q->wide);
}

static void say_wide(struct resolving *z, const struct labelled_columns *found)
{
    CLEANUP(str_done) struct str list = {};
    constexpr size_t SHOWN = 6;
    const bool runs = z->mapped[FIELD_BACKEND] || z->constant[FIELD_BACKEND];
    for (size_t i = 0; i < found->n && i < SHOWN; i++)
        str_printf(&list, "%s%.60s", i ? ", " : "", z->q->names[found->columns[i].column]);
    z->could_be_wide =
        arena_printf(z->a,
                     "%s%s look like the same field of several %s: --wide %s takes them so (or "
                     "--wide precision, model, scenario%s)",
                     str_text(&list), found->n > SHOWN ? ", ..." : "", runs ? "runs" : "backends",
                     runs ? "invocation" : "backend", runs ? "" : ", invocation");
}

/* Columns of a wide table: asked for with '@', or by their names. */
static enum err_code take_labels(struct resolving *z, struct err *e)
{
    const struct mapping_request *const q = z->q;
    if (z->n_labels == 0) {
        bool taken[FIELD_COUNT];
        for (unsigned f = 0; f < FIELD_COUNT; f++)
            taken[f] = z->mapped[f] || z->constant[f] || z->barred[f];
        const struct labelled_columns found =
            labelled_find(q->names, q->n_names, z->used, taken, z->label_field, z->a);
        if (found.n && found.by == FIELD_COUNT)
            say_wide(z, &found);
        if (found.n == 0 && z->label_field < FIELD_COUNT)
            return err_set(e, ERR_USAGE,
                           "import: --wide %s: no two columns of '%s' have the name of one field "
                           "with a label beside it, such as onnx_latency_ms and torch_latency_ms; "
                           "--map FIELD@LABEL=COLUMN says which column is whose",
                           q->wide, q->source);
        if (found.by == FIELD_COUNT)
            return ERR_OK;
        z->label_field = found.by;
        for (size_t i = 0; i < found.n; i++) {
            const struct labelled *const l = &found.columns[i];
            add_label(z, l->label,
                      &(struct mapping_column){.field = l->field,
                                               .why = MAPPING_SYNONYM,
                                               .column = l->column,
                                               .name = q->names[l->column],
                                               .unit = l->unit,
                                               .times = 1});
        }
    }
    const enum field by = z->label_field = labels_are(z);
    if (z->n_labels == 0 || !(z->mapped[by] || z->constant[by]))
        return ERR_OK;
    return err_set(e, ERR_USAGE,
                   "import: labels of columns would be %s, and %s%s%s is it already; --wide says "
                   "what labels are: backend, precision, model, scenario, invocation or repetition",
                   field_table[by].name, z->constant[by] ? "a constant" : "column '",
                   z->constant[by] ? "" : z->by_field[by].name, z->constant[by] ? "" : "'");
}

static void leave(struct resolving *z, enum field f)
{
    z->mapped[f] = false;
    z->used[z->by_field[f].column] = false;
    for (size_t i = 0; i < z->n_labels; i++)
        if (z->labels[i].c.field == f)
            z->used[z->labels[i].c.column] = false;
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
    CLEANUP(str_done) struct str time = {};
    hint_for_measured(z->q->names, z->q->n_names, &time);
    return err_set(e, ERR_USAGE,
                   "import: the rows of '%s' are samples, since '%s' is %s, but no column is "
                   "latency_ms: map the time that is to be compared (--map %s), or take "
                   "each row for a run of its cell (--map invocation=%s --map %s=)%s%s",
                   z->q->source, column, field_table[id].name,
                   strncmp(time.text, "latency_ms", 10) == 0 ? time.text : "latency_ms=COLUMN",
                   column, field_table[id].name, z->could_be_wide ? "; " : "",
                   z->could_be_wide ? z->could_be_wide : "");
}

/* Readings of a sensor are no requests; their clock is that of its column's name. */
static void choose_readings(struct resolving *z, struct mapping *m)
{
    const struct mapping_request *const q = z->q;
    const char *unit = nullptr;
    m->readings = trace_is(q->names, q->n_names, z->mapped);
    if (!m->readings)
        return;
    m->template.status = STATUS_SKIPPED;
    m->template.reason = "a reading of a sensor, not a request";
    const size_t clock = trace_clock(q->names, q->n_names, &unit);
    if (z->mapped[FIELD_STARTED_AT] || z->barred[FIELD_STARTED_AT] || clock == q->n_names ||
        z->used[clock])
        return;
    z->by_field[FIELD_STARTED_AT] =
        (struct mapping_column){.field = FIELD_STARTED_AT,
                                .why = MAPPING_SYNONYM,
                                .column = clock,
                                .name = q->names[clock],
                                .unit = field_unit_find(FIELD_STARTED_AT, unit),
                                .times = 1,
                                .guessed = true};
    z->mapped[FIELD_STARTED_AT] = z->used[clock] = true;
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
    if (!latency && any == FIELD_COUNT)
        choose_readings(z, m);
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
        if (z->mapped[f] &&
            !(z->by_field[f].why == MAPPING_SYNONYM && z->by_field[f].name &&
              strchr(z->by_field[f].name, '.') && f == FIELD_GENERATED_TOKENS) &&
            f != FIELD_PROMPT_TOKENS && f != FIELD_PADDING_TOKENS && f != FIELD_COST_PER_HOUR &&
            f != FIELD_PRICING && f != FIELD_PARAMS_MILLIONS && f != FIELD_N_LAYERS &&
            f != FIELD_D_MODEL && f != FIELD_HOST && f != FIELD_VERSUS && f != FIELD_N_SAMPLES &&
            f != FIELD_POWER_QUALITY)
            return ERR_OK;
    CLEANUP(str_done) struct str list = {}, example = {};
    hint_for_measured(z->q->names, z->q->n_names, &example);
    column_list(z->q->names, z->q->n_names, &list);
    return err_set(e, ERR_USAGE,
                   "import: no column of '%s' is a measured field; map one, such as --map %s; it "
                   "has: %s%s%s%s",
                   z->q->source, example.text, str_text(&list), z->could_be_wide ? "; " : "",
                   z->could_be_wide ? z->could_be_wide : "",
                   z->q->n_names == 1 ? " alone; the first line of a table names all columns" : "");
}

/* By label, in the order of the table. */
static void put_labels(const struct resolving *z, struct mapping *m)
{
    m->label_field = z->label_field;
    m->labels = ARENA_ARRAY(z->a, struct mapping_label, z->n_labels + 1);
    for (size_t i = 0; i < z->n_labels; i++) {
        const struct label_column *const l = &z->labels[i];
        size_t k = 0;
        if (!z->mapped[l->c.field])
            continue;
        while (k < m->n_labels && strcmp(m->labels[k].label, l->label) != 0)
            k++;
        if (k == m->n_labels)
            m->labels[m->n_labels++] = (struct mapping_label){
                .label = l->label,
                .columns = ARENA_ARRAY(z->a, struct mapping_column, z->n_labels)};
        m->labels[k].columns[m->labels[k].n++] = l->c;
    }
}

static void list_unused(const struct resolving *z, struct mapping *m)
{
    const struct mapping_request *const q = z->q;
    m->unused = ARENA_ARRAY(z->a, const char *, q->n_names);
    m->unused_columns = ARENA_ARRAY(z->a, size_t, q->n_names);
    for (size_t i = 0; i < q->n_names; i++) {
        if (z->used[i])
            continue;
        m->unused_columns[m->n_unused] = i;
        m->unused[m->n_unused++] = q->names[i];
    }
    bool has[FIELD_COUNT];
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        has[f] = z->mapped[f] || z->constant[f] || z->barred[f];
    m->hint =
        z->could_be_wide ? z->could_be_wide : hint_for_unused(m->unused, m->n_unused, has, z->a);
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
    if (read_wide(&z, e) || take_maps(&z, e) || take_constants(&z, ret, e))
        return e->code;
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (!z.labelled[f] && !(q->wide && f == z.label_field))
            by_name_take(&z, (enum field)f);
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (!(q->wide && f == z.label_field))
            by_name_last_key(&z, (enum field)f);
    by_name_n(&z);
    by_name_siblings(&z);
    by_name_prices(&z, ret);
    if (z.twice)
        return err_set(e, ERR_USAGE,
                       "import: '%s' has two columns '%s': rename one; --map %s= takes neither",
                       q->source, z.twice, field_table[z.twice_field].name);
    if (take_labels(&z, e))
        return e->code;
    by_name_device(&z);
    if (choose_form(&z, ret, e) || check_measured(&z, e))
        return e->code;
    ret->columns = ARENA_ARRAY(a, struct mapping_column, FIELD_COUNT + 1);
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (z.mapped[f] && !z.labelled[f])
            ret->columns[ret->n++] = z.by_field[f];
    by_name_twin(&z, ret);
    put_labels(&z, ret);
    list_unused(&z, ret);
    return ERR_OK;
}
