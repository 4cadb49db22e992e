#include "import/import.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "import/from_aiperf.h"
#include "import/from_csv.h"
#include "import/from_guidellm.h"
#include "import/from_jsonl.h"
#include "import/from_llama_bench.h"
#include "import/from_vllm_bench.h"
#include "import/leftover.h"
#include "import/session.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    enum err_code (*read)(struct session *s, struct err *e);
    bool maps; /* --map, and a form that the columns decide */
} formats[IMPORT_FORMATS] = {
    [IMPORT_CSV] = {"csv", from_csv_read, true},
    [IMPORT_JSONL] = {"jsonl", from_jsonl_read, true},
    [IMPORT_LLAMA_BENCH] = {"llama-bench", from_llama_bench_read, false},
    [IMPORT_GUIDELLM] = {"guidellm", from_guidellm_read, false},
    [IMPORT_VLLM_BENCH] = {"vllm-bench", from_vllm_bench_read, false},
    [IMPORT_AIPERF] = {"aiperf", from_aiperf_read, false},
};

const char *import_format_name(enum import_format f)
{
    return formats[f].name;
}

/* ---- manifest ---- */

/* Fields that every row gets where the source has none. */
static const struct {
    enum field field;
    const char *value;
} defaults[] = {{FIELD_SCENARIO, "imported"}, {FIELD_BACKEND, "unknown"},
                {FIELD_PRECISION, "unknown"}, {FIELD_MODEL, "unknown"},
                {FIELD_INVOCATION, "0"},      {FIELD_PHASE, "measured"}};

static bool phases_known(const struct session *s)
{
    return s->phases_known || s->map.readings || s->map.form == MAPPING_CELLS ||
           (mapping_has(&s->map, FIELD_PHASE) && !s->phase_is_mode);
}

static bool needs_default(const struct session *s, size_t i)
{
    return defaults[i].field == FIELD_PHASE
               ? !phases_known(s)
               : target_counts(s->target).defaulted >> defaults[i].field & 1;
}

static void column_json(struct jsonw *w, const struct mapping *m, const struct mapping_column *c,
                        const char *label)
{
    static const char *const whys[] = {[MAPPING_ASKED] = "asked for",
                                       [MAPPING_SAME_NAME] = "same name",
                                       [MAPPING_SYNONYM] = "synonym"};
    jsonw_object(w);
    jsonw_kstr(w, "field", field_table[c->field].name);
    jsonw_kstr(w, "column", c->name);
    jsonw_kstr(w, "why", whys[c->why]);
    if (c->unit)
        jsonw_kstr(w, "unit", c->unit->name);
    if (c->times != 1)
        jsonw_kf64(w, "times", c->times);
    if (label) {
        jsonw_kobject(w, "of");
        jsonw_kstr(w, field_table[m->label_field].name, label);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
}

void import_map_json(const struct mapping *m, struct jsonw *w)
{
    jsonw_karray(w, "map");
    for (size_t i = 0; i < m->n; i++)
        column_json(w, m, &m->columns[i], nullptr);
    for (size_t k = 0; k < m->n_labels; k++)
        for (size_t i = 0; i < m->labels[k].n; i++)
            column_json(w, m, &m->labels[k].columns[i], m->labels[k].label);
    jsonw_end_array(w);
    jsonw_karray(w, "const");
    for (size_t i = 0; i < m->n_consts; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "field", field_table[m->consts[i].field].name);
        jsonw_kstr(w, "value", m->consts[i].text);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_karray(w, "columns_not_used");
    for (size_t i = 0; i < m->n_unused; i++)
        jsonw_str(w, m->unused[i]);
    jsonw_end_array(w);
}

static void defaults_json(struct jsonw *w, const struct session *s)
{
    jsonw_karray(w, "defaults");
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        if (!needs_default(s, i))
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "field", field_table[defaults[i].field].name);
        jsonw_kstr(w, "value", defaults[i].value);
        jsonw_kstr(w, "because",
                   "the source does not say it (of every row), and no --const was given");
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void imported(struct jsonw *w, const struct session *s)
{
    jsonw_kobject(w, "imported");
    jsonw_kstr(w, "source", s->source.file);
    jsonw_key(w, "source_bytes");
    jsonw_u64(w, s->source_bytes);
    jsonw_kstr(w, "source_sha256", s->source.sha256);
    jsonw_kstr(w, "format", s->source.format);
    jsonw_kstr(w, "tool", s->source.tool);
    if (!s->source.tool)
        jsonw_kstr(w, "tool_reason", "the format does not say which tool wrote it");
    jsonw_kstr(w, "rows_are",
               s->map.readings                  ? "readings of power"
               : s->map.form == MAPPING_SAMPLES ? "samples"
                                                : "cells");
    jsonw_kbool(w, "phases_known", phases_known(s));
    if (s->delimiter)
        jsonw_kstr(w, "delimiter", s->delimiter);
    jsonw_ki64(w, "rows", (int64_t)s->rows);
    jsonw_ki64(w, "rows_left_out", (int64_t)s->bad);
    if (s->map.n_labels)
        jsonw_ki64(w, "empty_places", (int64_t)s->empty);
    import_map_json(&s->map, w);
    leftover_write(s->leftover, w);
    defaults_json(w, s);
    jsonw_karray(w, "notes");
    for (size_t i = 0; i < s->n_notes; i++)
        jsonw_str(w, s->notes[i]);
    jsonw_end_array(w);
    jsonw_end_object(w);
}

/* Folders of the same format, mapping and constants are replicates, if their user says so. */
static void request_digest(const struct session *s, char hex[static DIGEST_HEX])
{
    CLEANUP(str_done) struct str text = {};
    str_printf(&text, "import %s\n", s->source.format);
    for (size_t i = 0; i < s->map.n; i++)
        str_printf(&text, "map %s=%s:%s*%.17g\n", field_table[s->map.columns[i].field].name,
                   s->map.columns[i].name,
                   s->map.columns[i].unit ? s->map.columns[i].unit->name : "",
                   s->map.columns[i].times);
    for (size_t k = 0; k < s->map.n_labels; k++)
        for (size_t i = 0; i < s->map.labels[k].n; i++)
            str_printf(&text, "map %s@%s=%s\n", field_table[s->map.labels[k].columns[i].field].name,
                       s->map.labels[k].label, s->map.labels[k].columns[i].name);
    for (size_t i = 0; i < s->map.n_consts; i++)
        str_printf(&text, "const %s=%s\n", field_table[s->map.consts[i].field].name,
                   s->map.consts[i].text);
    digest_of(text.text, text.n, hex);
}

/* Without its closing brace: target_commit() adds the files. */
static void manifest(const struct session *s, const char *started_at, struct str *out)
{
    char now[32], hex[DIGEST_HEX];
    clock_wall(now);
    request_digest(s, hex);
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.manifest/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "source", s->source.file);
    jsonw_kstr(&w, "source_sha256", s->source.sha256);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "state", "complete");
    jsonw_kstr(&w, "started_at", started_at);
    jsonw_kstr(&w, "finished_at", now);
    jsonw_kstr(&w, "experiment_sha256", hex);
    imported(&w, s);
}

/* ---- notes ---- */

static void add_name(struct str *text, const struct mapping_column *c, const char *label)
{
    if (c->why == MAPPING_SYNONYM)
        str_printf(text, "%s%s%s%s=%s%s%s", text->n ? ", " : "", field_table[c->field].name,
                   label ? "@" : "", label ? label : "", c->name, c->unit ? ":" : "",
                   c->unit ? c->unit->name : "");
}

/* What was taken for what nobody asked for, in the words of --map. */
static void note_names(struct session *s)
{
    CLEANUP(str_done) struct str text = {};
    const struct mapping *const m = &s->map;
    for (size_t i = 0; i < m->n; i++)
        add_name(&text, &m->columns[i], nullptr);
    for (size_t k = 0; k < m->n_labels; k++)
        for (size_t i = 0; i < m->labels[k].n; i++)
            add_name(&text, &m->labels[k].columns[i], m->labels[k].label);
    if (text.n)
        session_note(s, "taken by their names: %s", text.text);
    if (m->n_labels)
        session_note(s, "a wide table: each row is one of each of %zu labels, which are %s",
                     m->n_labels, field_table[m->label_field].name);
    if (s->empty)
        session_note(s, "%" PRIu64 " empty places of the wide table are no %s", s->empty,
                     m->form == MAPPING_SAMPLES ? "samples" : "cells");
    if (s->not_that[FIELD_STARTED_AT])
        session_note(s,
                     "%" PRIu64 " values of started_at are no instants that can be read and were "
                     "left out; --map started_at=COLUMN:s (ms, us, ns) says their unit",
                     s->not_that[FIELD_STARTED_AT]);
    if (s->not_that[FIELD_PARAMS_MILLIONS])
        session_note(s,
                     "%" PRIu64 " counts of parameters are below 10000 and were left out; --map "
                     "params_millions=COLUMN:M (count, K, B) says what they are",
                     s->not_that[FIELD_PARAMS_MILLIONS]);
}

constexpr size_t MOST_NAMED = 40; /* columns in a note; columns_not_used has all */

static void note_columns(struct session *s)
{
    CLEANUP(str_done) struct str text = {};
    note_names(s);
    for (size_t i = 0; i < s->map.n_unused && i < MOST_NAMED; i++)
        str_printf(&text, "%s%s", i ? ", " : "", s->map.unused[i]);
    if (s->map.n_unused > MOST_NAMED)
        str_printf(&text, " and %zu more", s->map.n_unused - MOST_NAMED);
    if (text.n)
        session_note(s, "columns not used: %s%s%s%s", text.text, s->map.hint ? " (" : "",
                     s->map.hint ? s->map.hint : "", s->map.hint ? ")" : "");
    str_clear(&text);
    leftover_names(s->leftover, &text);
    if (text.n)
        session_note(s,
                     "samples of one cell differ by a column that is not used: %s; map it "
                     "(scenario, model, phase, ...), or the cell is a mixture",
                     text.text);
    str_clear(&text);
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (needs_default(s, i) && defaults[i].field != FIELD_PHASE &&
            defaults[i].field != FIELD_INVOCATION)
            str_printf(&text, "%s%s=%s", text.n ? ", " : "", field_table[defaults[i].field].name,
                       defaults[i].value);
    if (text.n)
        session_note(s, "not in the source, so by default: %s (--const gives the right words)",
                     text.text);
}

static void note_rows(struct session *s)
{
    const struct target_counts c = target_counts(s->target);
    if (!phases_known(s))
        session_note(s, "the source has no phase: every sample counts as measured, cold starts "
                        "and warm-ups too");
    for (unsigned f = 0; f < FIELD_COUNT; f++)
        if (field_table[f].kind == FIELD_KIND_ID && (c.names_numbered >> f & 1))
            session_note(s, "%s: the words of the source are numbered as they appear",
                         field_table[f].name);
    if (c.without_latency)
        session_note(s, "%" PRIu64 " samples have no latency and are kept as error",
                     c.without_latency);
    if (c.repeated)
        session_note(s,
                     "%" PRIu64 " samples repeat the cell, invocation, repetition and prompt of an "
                     "earlier one, the first in row %" PRIu64 "; they are kept as further samples",
                     c.repeated, c.first_repeated);
    if (c.looked_at && c.looked_at < c.samples)
        session_note(s, "repeated samples were looked for among the first %" PRIu64, c.looked_at);
    if (s->bad)
        session_note(s, "%" PRIu64 " malformed rows were left out, the first: %s", s->bad,
                     str_text(&s->complaints));
}

/* ---- all of it ---- */

enum err_code import_run(const struct import_request *q, struct arena *a, struct import_report *ret,
                         struct err *e)
{
    char started_at[32];
    clock_wall(started_at);
    CLEANUP(session_done) struct session s = {.q = q, .a = a};
    CLEANUP(str_done) struct str head = {};
    s.source.file = strcmp(q->source, "-") == 0 ? "standard input" : q->source;
    s.source.format = formats[q->format].name;
    if (file_is_folder(q->source))
        return err_set(e, ERR_USAGE, "import: '%s' is a folder; a file is wanted", q->source);
    if ((q->n_map || q->wide) && !formats[q->format].maps)
        return err_set(e, ERR_USAGE, "import: --%s is for csv and jsonl: %s has fixed fields",
                       q->n_map ? "map" : "wide", formats[q->format].name);
    if (q->rows && q->format != IMPORT_JSONL)
        return err_set(e, ERR_USAGE, "import: --rows is for a JSON document, and not for %s",
                       formats[q->format].name);
    if (formats[q->format].read(&s, e) || session_check(&s, e))
        return e->code;
    if (target_counts(s.target).cells == 0)
        return err_set(e, ERR_PARSE, "'%s' has no row that could be imported; nothing was written",
                       s.source.file);
    note_columns(&s);
    note_rows(&s);
    manifest(&s, started_at, &head);
    if (target_commit(s.target, &s.source, &head, s.environment, e))
        return e->code;
    *ret = (struct import_report){.counts = target_counts(s.target),
                                  .form = s.map.form,
                                  .readings = s.map.readings,
                                  .rows = s.rows,
                                  .bad = s.bad,
                                  .notes = s.notes,
                                  .n_notes = s.n_notes,
                                  .map = s.map};
    return ERR_OK;
}
