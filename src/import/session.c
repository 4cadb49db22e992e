#include "import/session.h"

#include "base/arena.h"
#include "base/defs.h"
#include "import/guess.h"
#include "import/hint.h"
#include "import/leftover.h"
#include "io/file.h"
#include "io/json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

constexpr uint64_t MOST_BAD = 1000; /* rows, where they are an error: then the rest is not read */
constexpr uint64_t SHOWN_BAD = 4;

const char session_timed_at_client[] =
    "at a client: request sent to its last part received; network, queue, tokenizing and "
    "detokenizing of the server inside";

void session_done(struct session *s)
{
    target_discardp(&s->target);
    str_done(&s->complaints);
    str_done(&s->row_why);
    for (size_t i = 0; i < COUNT_OF(s->joined); i++)
        str_done(&s->joined[i]);
    leftover_done(s->leftover);
    numbering_done(&s->labels);
    free(s->times);
}

enum err_code session_begin(struct session *s, struct err *e)
{
    s->leftover = leftover_new(&s->map, s->a);
    return target_open(s->q->dry ? nullptr : s->q->out, s->q->force, s->a, &s->target, e);
}

void session_note(struct session *s, const char *fmt, ...)
{
    if (s->n_notes == s->room_notes) {
        const char **const more = ARENA_ARRAY(s->a, const char *, 2 * s->room_notes + 16);
        if (s->n_notes)
            memcpy(more, s->notes, s->n_notes * sizeof *more);
        s->notes = more;
        s->room_notes = 2 * s->room_notes + 16;
    }
    va_list ap;
    va_start(ap, fmt);
    s->notes[s->n_notes++] = arena_vprintf(s->a, fmt, ap);
    va_end(ap);
}

enum err_code session_complain(struct session *s, const char *message, struct err *e)
{
    if (s->bad++ < SHOWN_BAD)
        str_printf(&s->complaints, "%s%.400s", s->bad > 1 ? "\n" : "", message);
    return s->bad == MOST_BAD && !s->q->skip_bad ? session_check(s, e) : ERR_OK;
}

enum err_code session_bad(struct session *s, uint64_t place, const char *why, struct err *e)
{
    CLEANUP(str_done) struct str line = {};
    str_printf(&line, "%s:%" PRIu64 ": %s", s->source.file, place, why);
    return session_complain(s, line.text, e);
}

static enum err_code put_row(struct session *s, const struct record *r, bool as_cell, struct err *e)
{
    if (s->q->stop && *s->q->stop)
        return err_set(e, ERR_INTERRUPTED, "interrupted; nothing was written");
    str_clear(&s->row_why);
    const enum target_result result = as_cell ? target_row(s->target, r, &s->row_why, e)
                                              : target_sample(s->target, r, &s->row_why, e);
    switch (result) {
    case TARGET_TAKEN:
        return ERR_OK;
    case TARGET_BAD:
        s->second_rows = s->second_rows || as_cell;
        return session_bad(s, r->place, str_text(&s->row_why), e);
    case TARGET_FAILED:
        return e->code;
    }
    unreachable();
}

static enum err_code take(struct session *s, const struct record *r, bool as_cell, struct err *e)
{
    s->rows++;
    return put_row(s, r, as_cell, e);
}

/* ---- rows of tables ---- */

constexpr double LEAST_PARAMS_MILLIONS = 0.01; /* fewer are millions already: "params: 124" */

/* A guessed column's value that is none of the field's is left out. */
static bool leave_out(struct session *s, const struct mapping_column *c, bool taken,
                      struct record *r)
{
    const bool small = taken && c->unit && c->field == FIELD_PARAMS_MILLIONS &&
                       record_number(r, c->field) < LEAST_PARAMS_MILLIONS;
    if (!c->guessed || (taken && !small))
        return false;
    r->known &= ~record_bit(c->field);
    s->not_that[c->field]++;
    str_clear(&s->row_why);
    return true;
}

/* Names of several columns, joined; what is missing in all of them is missing. */
static bool take_parts(struct session *s, const struct mapping_column *c, const void *row,
                       struct record *r, leftover_take *take_value)
{
    struct str *const out = &s->joined[c->field];
    str_clear(out);
    for (size_t i = 0; i < c->n_parts; i++) {
        struct record part;
        record_clear(&part);
        if (!take_value(&c->parts[i], row, &part, &s->row_why))
            return false;
        if (!record_has(&part, c->field))
            continue;
        str_puts(out, out->n ? "-" : "");
        str_add(out, part.values[c->field].text, part.values[c->field].n);
    }
    if (out->n)
        record_set_text(r, c->field, str_text(out));
    return true;
}

static bool is_label_compiled(const struct record *r)
{
    CLEANUP(str_done) struct str label = {};
    if (record_has(r, FIELD_BACKEND))
        str_add(&label, r->values[FIELD_BACKEND].text, r->values[FIELD_BACKEND].n);
    return strcasestr(str_text(&label), "compile");
}

static bool says_no(const struct record_value *v)
{
    static const char *const no[] = {"false", "no", "0", "never"};
    for (size_t i = 0; i < COUNT_OF(no); i++)
        if (v->n == strlen(no[i]) && strncasecmp(v->text, no[i], v->n) == 0)
            return true;
    return false;
}

/* What a source says of the compiler is what ran, where the label says that it compiled. */
static void note_compiler(struct session *s, struct record *r)
{
    const bool fell = record_has(r, FIELD_COMPILE_FALLBACK) &&
                      !says_no(&r->values[FIELD_COMPILE_FALLBACK]),
               nothing = record_has(r, FIELD_COMPILE_GRAPHS) &&
                         record_number(r, FIELD_COMPILE_GRAPHS) == 0,
               not_called = record_has(r, FIELD_COMPILED) && says_no(&r->values[FIELD_COMPILED]);
    if ((!fell && !nothing && !not_called) || !is_label_compiled(r))
        return;
    struct str *const out = &s->joined[FIELD_COMPILED];
    str_clear(out);
    if (fell)
        str_printf(out, "fallback from %.*s", (int)r->values[FIELD_COMPILE_FALLBACK].n,
                   r->values[FIELD_COMPILE_FALLBACK].text);
    else
        str_printf(out, "not compiled%s", nothing ? " (0 graphs)" : "");
    record_set_text(r, FIELD_RAN_BACKEND, str_text(out));
}

/* Words that a column of the name "mode" has where it tells parts of the work apart; others
 * (single, reduce-overhead) are of something else. */
static bool is_part_of_work(const char *word)
{
    static const char *const parts[] = {"prefill",    "decode",     "generat", "e2e",
                                        "end_to_end", "end-to-end", "encode",  "forward"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strcasestr(word, parts[i]))
            return true;
    return false;
}

static bool mode_was_asked_for(const struct mapping *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == FIELD_MODE)
            return m->columns[i].why == MAPPING_ASKED;
    return true;
}

/* The scenario and the mode are one name. */
static void join_mode(struct session *s, struct record *r)
{
    if (!record_has(r, FIELD_MODE))
        return;
    const struct record_value mode = r->values[FIELD_MODE], of = r->values[FIELD_SCENARIO];
    CLEANUP(str_done) struct str word = {}, name = {};
    str_add(&word, mode.text, mode.n);
    if (!is_part_of_work(word.text) && !mode_was_asked_for(&s->map))
        return;
    if (record_has(r, FIELD_SCENARIO)) {
        str_add(&name, of.text, of.n);
        if (strcasestr(name.text, word.text))
            return;
        str_putc(&name, '-');
    }
    str_add(&name, word.text, word.n);
    for (size_t i = 0; i < s->n_modes; i++)
        if (strcmp(s->modes[i], name.text) == 0) {
            record_set_text(r, FIELD_SCENARIO, s->modes[i]);
            return;
        }
    const char *const kept = arena_strndup(s->a, name.text, name.n);
    if (s->n_modes < SESSION_MODES)
        s->modes[s->n_modes++] = kept;
    record_set_text(r, FIELD_SCENARIO, kept);
}

/* "prefill" and "decode" in a column "phase" that nobody asked for are parts of the work. */
static bool phase_is_mode(struct session *s, const struct mapping_column *c, const void *row,
                          struct record *r, leftover_take *take_value)
{
    if (c->why == MAPPING_ASKED || mapping_has(&s->map, FIELD_MODE))
        return false;
    CLEANUP(str_done) struct str word = {}, why = {};
    struct mapping_column mode = *c;
    mode.field = FIELD_MODE;
    if (!take_value(&mode, row, r, &why) || !record_has(r, FIELD_MODE))
        return false;
    str_add(&word, r->values[FIELD_MODE].text, r->values[FIELD_MODE].n);
    if (!is_part_of_work(str_text(&word))) {
        r->known &= ~record_bit(FIELD_MODE);
        return false;
    }
    if (!s->phase_is_mode)
        session_note(s, "'%s' holds parts of the work (%s), taken as mode", c->name, word.text);
    s->phase_is_mode = true;
    str_clear(&s->row_why);
    return true;
}

static bool is_of_cpu(const struct record *r)
{
    static const enum field named[] = {FIELD_BACKEND, FIELD_RAN_BACKEND};
    for (size_t i = 0; i < COUNT_OF(named); i++) {
        const struct record_value *const v = &r->values[named[i]];
        for (size_t k = 0; record_has(r, named[i]) && k + 3 <= v->n; k++)
            if (strncasecmp(v->text + k, "cpu", 3) == 0)
                return true;
    }
    return false;
}

enum err_code session_row(struct session *s, const void *row, uint64_t place,
                          bool (*take_value)(const struct mapping_column *c, const void *row,
                                             struct record *r, struct str *why),
                          struct err *e)
{
    const struct mapping *const m = &s->map;
    struct record r;
    s->rows++;
    mapping_start(m, &r);
    r.place = place;
    str_clear(&s->row_why);
    for (size_t i = 0; i < m->n; i++) {
        const struct mapping_column *const c = &m->columns[i];
        if (c->only && is_of_cpu(&r) != (c->only[0] == 'c'))
            continue;
        const bool taken = c->n_parts ? take_parts(s, c, row, &r, take_value)
                                      : take_value(c, row, &r, &s->row_why);
        if (leave_out(s, c, taken, &r) || taken)
            continue;
        if (c->field == FIELD_PHASE && phase_is_mode(s, c, row, &r, take_value))
            continue;
        if (c->field == FIELD_PHASE)
            str_printf(&s->row_why, "; where it names workloads: --map phase= %s",
                       hint_for_telling(c->name, "", m, s->a));
        return session_bad(s, place, str_text(&s->row_why), e);
    }
    join_mode(s, &r);
    note_compiler(s, &r);
    leftover_see(s->leftover, &r, row, take_value);
    if (m->n_labels == 0) {
        return put_row(s, &r, m->form == MAPPING_CELLS, e);
    }
    if (!s->parts)
        s->parts = ARENA_ARRAY(s->a, struct record, m->n_labels);
    for (size_t k = 0; k < m->n_labels; k++) {
        s->parts[k] = r;
        for (size_t i = 0; i < m->labels[k].n; i++)
            if (!take_value(&m->labels[k].columns[i], row, &s->parts[k], &s->row_why))
                return session_bad(s, place, str_text(&s->row_why), e);
    }
    for (size_t k = 0; k < m->n_labels; k++) {
        struct record *const part = &s->parts[k];
        bool holds = false;
        for (size_t i = 0; i < m->labels[k].n; i++)
            holds = holds || record_has(part, m->labels[k].columns[i].field);
        if (!holds) {
            s->empty++;
            continue;
        }
        record_set_text(part, m->label_field, m->labels[k].label);
        if (put_row(s, part, m->form == MAPPING_CELLS, e))
            return e->code;
    }
    return ERR_OK;
}

enum err_code session_take(struct session *s, const struct record *r, struct err *e)
{
    return take(s, r, s->map.form == MAPPING_CELLS, e);
}

/* ---- tools' own formats ---- */

enum err_code session_is_json(const struct session *s, bool *ret, struct err *e)
{
    const char *const path = s->q->source;
    if (strcmp(path, "-") == 0)
        return err_set(e, ERR_USAGE, "import: %s is read from a file, not from standard input",
                       s->source.format);
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, "'%s'", path);
    char text[4096];
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    *ret = guess_is_json(text);
    return ERR_OK;
}

/* One value, or, where that fails behind its end, one on each line. */
enum err_code session_document(struct session *s, struct arena *a, const struct json **ret,
                               struct err *e)
{
    char *text;
    size_t n;
    if (strcmp(s->q->source, "-") == 0)
        return err_set(e, ERR_USAGE, "import: %s is read from a file, not from standard input",
                       s->source.format);
    if (file_read(s->q->source, a, &text, &n, e))
        return e->code;
    digest_of(text, n, s->source.sha256);
    s->source_bytes = n;
    struct err first = {};
    if (!json_parse_nan(text, n, s->source.file, a, ret, &first))
        return ERR_OK;
    CLEANUP(str_done) struct str array = {};
    str_putc(&array, '[');
    for (size_t at = 0; at < n;) {
        const char *const end = memchr(text + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - text) - at : n - at;
        size_t blank = 0;
        while (blank < length && strchr(" \t\r", text[at + blank]))
            blank++;
        if (blank < length)
            str_puts(&array, array.n > 1 ? "," : "");
        str_add(&array, text + at, length);
        str_putc(&array, '\n');
        at += length + 1;
    }
    str_putc(&array, ']');
    if (json_parse_nan(array.text, array.n, s->source.file, a, ret, e)) {
        *e = first; /* it names the place in the file as it is */
        return e->code;
    }
    return ERR_OK;
}

enum err_code session_fixed(struct session *s, struct err *e)
{
    const struct mapping_request fixed = {
        .source = s->source.file, .constants = s->q->constants, .n_constants = s->q->n_constants};
    return mapping_constants(&fixed, s->a, &s->map, e) || session_begin(s, e) ? e->code : ERR_OK;
}

enum err_code session_emit(struct session *s, struct record *r, bool as_cell, struct err *e)
{
    const struct record *const t = &s->map.template;
    for (size_t i = 0; i < s->map.n_consts; i++) {
        const enum field f = s->map.consts[i].field;
        r->values[f] = t->values[f];
        r->known |= t->known & record_bit(f);
        if (f == FIELD_PHASE)
            r->phase = t->phase;
        else if (f == FIELD_STATUS)
            r->status = t->status;
    }
    s->map.form = as_cell ? MAPPING_CELLS : MAPPING_SAMPLES;
    return take(s, r, as_cell, e);
}

uint32_t session_times_before(struct session *s, const char *label)
{
    bool fresh;
    const uint32_t i = numbering_of(&s->labels, numbering_hash(label, strlen(label), 0), &fresh);
    if (i == UINT32_MAX)
        return 0;
    if (i >= s->room_times) {
        const size_t room = 2 * (size_t)i + 64;
        uint32_t *const more = realloc(s->times, room * sizeof *more);
        if (!more)
            return 0;
        memset(more + s->room_times, 0, (room - s->room_times) * sizeof *more);
        s->times = more;
        s->room_times = room;
    }
    return s->times[i]++;
}

static const char *unit_of(const struct mapping *m, enum field f)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == f && m->columns[i].unit)
            return strcmp(m->columns[i].unit->name, "count") == 0 ? ":count" : ":M";
    return "";
}

enum err_code session_check(const struct session *s, struct err *e)
{
    if (s->bad == 0 || s->q->skip_bad)
        return ERR_OK;
    CLEANUP(str_done) struct str text = {};
    str_puts(&text, str_text(&s->complaints));
    if (s->bad > SHOWN_BAD)
        str_printf(&text, "\nand %" PRIu64 "%s more such rows", s->bad - SHOWN_BAD,
                   s->bad >= MOST_BAD ? " (or more)" : "");
    const char *word = "";
    const char *const telling = s->second_rows ? leftover_telling(s->leftover, &word) : nullptr,
                      *const sizes = mapping_column_of(&s->map, FIELD_PARAMS_MILLIONS);
    if (!telling && s->second_rows && sizes && !mapping_has(&s->map, FIELD_MODEL))
        str_printf(&text,
                   "\nnothing was written; --map model=%s --map params_millions=%s%s names a model "
                   "by its size",
                   sizes, sizes, unit_of(&s->map, FIELD_PARAMS_MILLIONS));
    else if (telling)
        str_printf(&text, "\nnothing was written; %s tells them apart",
                   hint_for_telling(telling, word, &s->map, s->a));
    else
        str_puts(&text, "\nnothing was written; --skip-bad leaves such rows out");
    return err_set_lines(e, ERR_PARSE, text.text);
}
