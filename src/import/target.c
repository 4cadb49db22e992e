#include "import/target.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "import/beside.h"
#include "import/imported_line.h"
#include "import/imported_run.h"
#include "import/numbering.h"
#include "import/place.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "store/cell_rows.h"
#include "store/results_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t BUFFERS = (size_t)64 << 20; /* bytes of lines that wait, of all cells */
constexpr size_t LEAST_BUFFER = (size_t)4 << 10;
constexpr size_t MOST_BUFFER = (size_t)256 << 10;

struct invocation {
    struct imported_run run;
    uint64_t seq;
};

struct cell {
    struct folder_key key;
    const char *folder; /* nullptr: not made yet */
    const char *path;   /* of its samples.jsonl */
    const char *line;   /* what its lines begin with */
    size_t n_line;
    struct str waiting; /* lines not written yet */
    struct digest *digest;
    uint64_t bytes, samples;
    struct invocation *invocations; /* by number */
    size_t n_invocations, room, last;
    struct beside beside;
};

/* The words of an id field: all numbers, or all numbered. */
struct ids {
    bool begun, words;
    struct numbering numbers;
};

struct file { /* for the manifest */
    const char *path;
    uint64_t bytes;
    char sha256[DIGEST_HEX];
};

struct target {
    struct arena *arena;
    bool dry; /* nothing is written */
    struct place place;
    struct cell **cells;
    size_t n_cells, room_cells;
    struct numbering cell_numbers, folders, seen, row_keys;
    struct cell *last;
    struct ids ids[FIELD_COUNT];
    struct str rows; /* cells.jsonl */
    struct file *files;
    size_t n_files, room_files;
    struct target_counts counts;
    uint64_t key_bits; /* of key_fields */
};

static const char *const defaults[] = {"imported", "unknown", "unknown", "unknown"};
static const enum field key_fields[] = {FIELD_SCENARIO, FIELD_BACKEND, FIELD_PRECISION,
                                        FIELD_MODEL};

enum err_code target_open(const char *dir, bool force, struct arena *a, struct target **ret,
                          struct err *e)
{
    CLEANUP(target_discardp) struct target *t = ARENA_ARRAY(a, struct target, 1);
    t->arena = a;
    for (size_t k = 0; k < COUNT_OF(key_fields); k++)
        t->key_bits |= UINT64_C(1) << key_fields[k];
    t->dry = !dir;
    t->place.dir = t->place.beside = "";
    if (dir && (place_open(&t->place, dir, force, a, e) ||
                file_make_folders(file_join(a, t->place.beside, "runs"), e)))
        return e->code;
    *ret = t;
    t = nullptr;
    return ERR_OK;
}

void target_discardp(struct target **p)
{
    struct target *const t = *p;
    if (!t)
        return;
    for (size_t i = 0; i < t->n_cells; i++) {
        str_done(&t->cells[i]->waiting);
        digest_freep(&t->cells[i]->digest);
        free(t->cells[i]->invocations);
    }
    for (size_t f = 0; f < FIELD_COUNT; f++)
        numbering_done(&t->ids[f].numbers);
    numbering_done(&t->cell_numbers);
    numbering_done(&t->folders);
    numbering_done(&t->seen);
    numbering_done(&t->row_keys);
    str_done(&t->rows);
    if (!t->dry)
        place_discard(&t->place);
    *p = nullptr;
}

struct target_counts target_counts(const struct target *t)
{
    struct target_counts c = t->counts;
    c.cells = t->n_cells;
    for (size_t f = 0; f < FIELD_COUNT; f++)
        if (t->ids[f].words)
            c.names_numbered |= (size_t)1 << f;
    return c;
}

/* ---- cells ---- */

static struct record_value key_value(const struct record *r, size_t k)
{
    if (record_has(r, key_fields[k]))
        return r->values[key_fields[k]];
    return (struct record_value){defaults[k], strlen(defaults[k]), NOT_MEASURED};
}

static bool is_of(const struct cell *c, const struct record *r)
{
    const char *const words[] = {c->key.scenario, c->key.backend, c->key.precision, c->key.model};
    for (size_t k = 0; k < COUNT_OF(words); k++) {
        const struct record_value v = key_value(r, k);
        if (strncmp(words[k], v.text, v.n) != 0 || words[k][v.n] != '\0')
            return false;
    }
    return true;
}

static const char *cell_keys(const struct folder_key *key, struct arena *a, size_t *ret_n)
{
    CLEANUP(str_done) struct str s = {};
    struct jsonw w = {.out = &s};
    jsonw_object(&w);
    jsonw_kstr(&w, "scenario", key->scenario);
    jsonw_kstr(&w, "backend", key->backend);
    jsonw_kstr(&w, "precision", key->precision);
    jsonw_kstr(&w, "model", key->model);
    *ret_n = s.n;
    return arena_strndup(a, s.text, s.n);
}

static enum err_code new_cell(struct target *t, const struct record *r, struct err *e)
{
    struct arena *const a = t->arena;
    if (t->n_cells == TARGET_MOST_CELLS)
        return err_set(
            e, ERR_LIMIT,
            "over %zu cells (scenario, backend, precision, model): is one of these fields "
            "mapped to a column that differs from row to row?",
            TARGET_MOST_CELLS);
    if (t->n_cells == t->room_cells) {
        struct cell **const more = ARENA_ARRAY(a, struct cell *, 2 * t->room_cells + 64);
        if (t->n_cells)
            memcpy(more, t->cells, t->n_cells * sizeof *more);
        t->cells = more;
        t->room_cells = 2 * t->room_cells + 64;
    }
    struct cell *const c = ARENA_ARRAY(a, struct cell, 1);
    const char *words[COUNT_OF(key_fields)];
    for (size_t k = 0; k < COUNT_OF(words); k++) {
        const struct record_value v = key_value(r, k);
        words[k] = arena_strndup(a, v.text, v.n);
    }
    c->key = (struct folder_key){words[0], words[1], words[2], words[3]};
    c->line = cell_keys(&c->key, a, &c->n_line);
    c->beside = beside_of(c->key);
    t->cells[t->n_cells++] = c;
    return ERR_OK;
}

static enum err_code find_cell(struct target *t, const struct record *r, struct cell **ret,
                               struct err *e)
{
    t->counts.defaulted |= (uint64_t)~r->known & t->key_bits;
    if (t->last && is_of(t->last, r)) {
        *ret = t->last;
        return ERR_OK;
    }
    uint64_t hash = 0;
    for (size_t k = 0; k < COUNT_OF(key_fields); k++) {
        const struct record_value v = key_value(r, k);
        hash = numbering_hash(v.text, v.n, hash + 1);
    }
    bool fresh;
    const uint32_t i = numbering_of(&t->cell_numbers, hash, &fresh);
    if (i == UINT32_MAX)
        return err_set(e, ERR_LIMIT, "no memory for so many cells");
    if (fresh && new_cell(t, r, e))
        return e->code;
    *ret = t->last = t->cells[i];
    return ERR_OK;
}

/* Made when its first sample comes. Two keys may give one folder: "a/b" and "a_b". */
static enum err_code make_folder(struct target *t, struct cell *c, struct err *e)
{
    struct arena *const a = t->arena;
    const char *const plain = results_folder_cell(a, t->place.beside, c->key.scenario,
                                                  c->key.backend, c->key.precision, c->key.model);
    const char *folder = plain;
    bool fresh;
    for (unsigned i = 2;; i++) {
        (void)numbering_of(&t->folders, numbering_hash(folder, strlen(folder), 1), &fresh);
        if (fresh)
            break;
        folder = arena_printf(a, "%s~%u", plain, i);
    }
    c->folder = folder;
    c->path = file_join(a, folder, "samples.jsonl");
    c->digest = digest_new();
    return t->dry ? ERR_OK : file_make_folders(folder, e);
}

/* ---- lines ---- */

static enum err_code append(const char *path, const char *text, size_t n, struct err *e)
{
    CLEANUP(file_fd_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_sys(e, "cannot write '%s'", path);
    while (n > 0) {
        const ssize_t done = write(fd, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return err_sys(e, "cannot write '%s'", path);
        text += done;
        n -= (size_t)done;
    }
    return ERR_OK;
}

static enum err_code flush(const struct target *t, struct cell *c, struct err *e)
{
    if (t->dry)
        str_clear(&c->waiting);
    if (c->waiting.n == 0)
        return ERR_OK;
    digest_add(c->digest, c->waiting.text, c->waiting.n);
    c->bytes += c->waiting.n;
    const enum err_code code = append(c->path, c->waiting.text, c->waiting.n, e);
    str_clear(&c->waiting);
    return code;
}

/* An id as a number; -1: not known. False: `why` says that numbers and words are mixed. */
static bool take_id(struct target *t, const struct record *r, enum field f, int64_t *ret,
                    struct str *why)
{
    *ret = -1;
    if (!record_has(r, f))
        return true;
    const struct record_value *const v = &r->values[f];
    struct ids *const ids = &t->ids[f];
    if (!ids->begun) {
        ids->begun = true;
        ids->words = v->text != nullptr;
    }
    if (!ids->words && v->text) {
        str_printf(why, "%s: '%.*s' is no whole number, and the rows before have numbers",
                   field_table[f].name, (int)v->n, v->text);
        return false;
    }
    if (!ids->words) {
        *ret = (int64_t)v->number;
        if (*ret < INT32_MAX)
            return true;
        str_printf(why, "%s: %" PRId64 " is too large", field_table[f].name, *ret);
        return false;
    }
    CLEANUP(str_done) struct str digits = {};
    if (!v->text)
        str_printf(&digits, "%.0f", v->number);
    bool fresh;
    const uint32_t number = numbering_of(
        &ids->numbers,
        numbering_hash(v->text ? v->text : digits.text, v->text ? v->n : digits.n, 0), &fresh);
    *ret = number;
    if (number != UINT32_MAX)
        return true;
    str_printf(why, "%s: over %zu different words", field_table[f].name, NUMBERING_MOST);
    return false;
}

static struct invocation *find_invocation(struct cell *c, uint32_t number)
{
    if (c->n_invocations && c->invocations[c->last].run.number == number)
        return &c->invocations[c->last];
    size_t lo = 0, hi = c->n_invocations;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (c->invocations[mid].run.number < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    c->last = lo;
    if (lo < c->n_invocations && c->invocations[lo].run.number == number)
        return &c->invocations[lo];
    if (c->n_invocations == c->room) {
        const size_t room = 2 * c->room + 4;
        struct invocation *const more = realloc(c->invocations, room * sizeof *more);
        if (!more)
            return nullptr;
        c->invocations = more;
        c->room = room;
    }
    memmove(c->invocations + lo + 1, c->invocations + lo,
            (c->n_invocations - lo) * sizeof *c->invocations);
    c->n_invocations++;
    c->invocations[lo] = (struct invocation){.run = {.number = number}};
    return &c->invocations[lo];
}

/* Rows that name a repetition or a prompt can repeat one. A bounded look: the first millions. */
static void look_for_repeats(struct target *t, const struct cell *c,
                             const struct imported_line *line, const struct record *r)
{
    if ((line->repetition < 0 && line->prompt_index < 0) || t->seen.n == NUMBERING_MOST)
        return;
    const int64_t key[] = {(int64_t)(uintptr_t)c, line->invocation, line->repetition,
                           line->prompt_index, r->phase};
    bool fresh;
    if (numbering_of(&t->seen, numbering_hash(key, sizeof key, 7), &fresh) == UINT32_MAX)
        return;
    t->counts.looked_at++;
    if (!fresh && t->counts.repeated++ == 0)
        t->counts.first_repeated = r->place;
}

static size_t most_waiting(const struct target *t)
{
    const size_t each = BUFFERS / (t->n_cells + 1);
    return each < LEAST_BUFFER ? LEAST_BUFFER : each > MOST_BUFFER ? MOST_BUFFER : each;
}

enum target_result target_sample(struct target *t, const struct record *r, struct str *why,
                                 struct err *e)
{
    int64_t invocation;
    struct cell *c;
    struct imported_line line = {.status = r->status, .reason = r->reason};
    if (find_cell(t, r, &c, e))
        return TARGET_FAILED;
    if (!take_id(t, r, FIELD_INVOCATION, &invocation, why) ||
        !take_id(t, r, FIELD_REPETITION, &line.repetition, why) ||
        !take_id(t, r, FIELD_PROMPT_INDEX, &line.prompt_index, why) ||
        !beside_take(&c->beside, r, t->arena, why))
        return TARGET_BAD;
    if (!c->folder && make_folder(t, c, e))
        return TARGET_FAILED;
    line.invocation = invocation < 0 ? 0 : (uint32_t)invocation;
    t->counts.defaulted |= (uint64_t)(invocation < 0) << FIELD_INVOCATION;
    const size_t before = c->n_invocations;
    struct invocation *const i = find_invocation(c, line.invocation);
    t->counts.invocations += c->n_invocations - before;
    if (!i || t->counts.invocations > TARGET_MOST_INVOCATIONS) {
        (void)err_set(
            e, ERR_LIMIT,
            "over %zu invocations of all cells: is 'invocation' a column that differs from "
            "row to row?",
            TARGET_MOST_INVOCATIONS);
        return TARGET_FAILED;
    }
    line.cell = c->line;
    line.n_cell = c->n_line;
    line.seq = i->seq++;
    if (r->status == STATUS_OK && !record_has(r, FIELD_LATENCY_MS)) {
        line.status = STATUS_ERROR;
        line.reason = "the source has no latency of it";
        t->counts.without_latency++;
    } else if (r->status != STATUS_OK && !line.reason) {
        line.reason = "the source gives no reason";
    }
    if (line.status != STATUS_OK && !i->run.reason)
        i->run.reason = arena_strdup(t->arena, line.reason);
    t->counts.not_ok += line.status != STATUS_OK;
    i->run.counts[r->phase][line.status]++;
    c->samples++;
    t->counts.samples++;
    look_for_repeats(t, c, &line, r);
    imported_line_format(&line, r, &c->waiting);
    return c->waiting.n > most_waiting(t) && flush(t, c, e) ? TARGET_FAILED : TARGET_TAKEN;
}

enum target_result target_row(struct target *t, const struct record *r, struct str *why,
                              struct err *e)
{
    int64_t invocation;
    struct cell *c;
    if (find_cell(t, r, &c, e))
        return TARGET_FAILED;
    if (!take_id(t, r, FIELD_INVOCATION, &invocation, why))
        return TARGET_BAD;
    struct results_row row = cell_rows_none();
    if (record_has(r, FIELD_VERSUS))
        row.versus =
            arena_strndup(t->arena, r->values[FIELD_VERSUS].text, r->values[FIELD_VERSUS].n);
    const uint64_t other = row.versus ? numbering_hash(row.versus, strlen(row.versus), 3) : 0;
    const int64_t key[] = {(int64_t)(uintptr_t)c, invocation, (int64_t)other};
    bool fresh;
    if (numbering_of(&t->row_keys, numbering_hash(key, sizeof key, 5), &fresh) == UINT32_MAX) {
        (void)err_set(e, ERR_LIMIT, "over %zu rows of cells", NUMBERING_MOST);
        return TARGET_FAILED;
    }
    if (!fresh) {
        str_printf(why,
                   "a second row of the cell %s/%s/%s/%s: map what tells them apart (scenario, "
                   "invocation, versus, ...), or latency_ms where each row is a sample",
                   c->key.scenario, c->key.backend, c->key.precision, c->key.model);
        return TARGET_BAD;
    }
    row.key = c->key;
    row.invocation = (int32_t)invocation;
    row.status = r->status;
    row.reason = r->status == STATUS_OK ? nullptr
                 : r->reason            ? r->reason
                                        : "the source gives no reason";
    for (size_t i = 0; i < cell_rows_n_figures; i++) {
        const enum field f = field_find(cell_rows_figures[i].name);
        const double x = f == FIELD_COUNT ? NOT_MEASURED : record_number(r, f);
        memcpy((char *)&row + cell_rows_figures[i].offset, &x, sizeof x);
    }
    beside_words(&row, r, t->arena);
    if (!cell_rows_has_figures(&row)) {
        row.status = STATUS_ERROR;
        row.reason = "the source has no figure of it";
    }
    cell_rows_write(&row, &(struct jsonw){.out = &t->rows});
    str_putc(&t->rows, '\n');
    t->counts.rows++;
    return TARGET_TAKEN;
}

/* ---- the end ---- */

static void add_file(struct target *t, const char *path, uint64_t bytes,
                     const char sha256[static DIGEST_HEX])
{
    if (t->n_files == t->room_files) {
        struct file *const more = ARENA_ARRAY(t->arena, struct file, 2 * t->room_files + 256);
        if (t->n_files)
            memcpy(more, t->files, t->n_files * sizeof *more);
        t->files = more;
        t->room_files = 2 * t->room_files + 256;
    }
    struct file *const f = &t->files[t->n_files++];
    *f = (struct file){.path = path + strlen(t->place.beside) + 1, .bytes = bytes};
    memcpy(f->sha256, sha256, DIGEST_HEX);
}

static enum err_code put(struct target *t, const char *path, const struct str *text, struct err *e)
{
    char hex[DIGEST_HEX];
    digest_of(str_text(text), text->n, hex);
    add_file(t, path, text->n, hex);
    return append(path, str_text(text), text->n, e);
}

static enum err_code finish_cell(struct target *t, struct cell *c,
                                 const struct target_source *source, struct err *e)
{
    char hex[DIGEST_HEX];
    if (c->folder) {
        if (flush(t, c, e))
            return e->code;
        digest_end(c->digest, hex);
        add_file(t, c->path, c->bytes, hex);
    }
    for (size_t i = 0; i < c->n_invocations; i++) {
        CLEANUP(str_done) struct str text = {};
        c->invocations[i].run.timed_region = c->beside.row.timed_region;
        imported_run_json(&c->key, &c->invocations[i].run, source, &text);
        if (put(t, results_folder_run_file(t->arena, c->folder, c->invocations[i].run.number),
                &text, e))
            return e->code;
    }
    if (beside_says(&c->beside)) {
        cell_rows_write(&c->beside.row, &(struct jsonw){.out = &t->rows});
        str_putc(&t->rows, '\n');
    }
    return ERR_OK;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static enum err_code write_manifest(struct target *t, const struct str *head, struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    str_add(&text, str_text(head), head->n);
    str_puts(&text, ",\n  \"files\": ");
    struct jsonw w = {.out = &text};
    if (t->n_files)
        qsort(t->files, t->n_files, sizeof *t->files, by_path);
    jsonw_array(&w);
    for (size_t i = 0; i < t->n_files; i++) {
        jsonw_object(&w);
        jsonw_kstr(&w, "path", t->files[i].path);
        jsonw_ki64(&w, "bytes", (int64_t)t->files[i].bytes);
        jsonw_kstr(&w, "sha256", t->files[i].sha256);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    str_puts(&text, "\n}\n");
    return append(file_join(t->arena, t->place.beside, "manifest.json"), text.text, text.n, e);
}

enum err_code target_commit(struct target *t, const struct target_source *source,
                            const struct str *manifest, const char *environment, struct err *e)
{
    if (t->dry)
        return ERR_OK;
    for (size_t i = 0; i < t->n_cells; i++)
        if (finish_cell(t, t->cells[i], source, e))
            return e->code;
    struct arena *const a = t->arena;
    CLEANUP(str_done) struct str env = {};
    if (environment)
        str_puts(&env, environment);
    if ((t->rows.n && put(t, file_join(a, t->place.beside, "cells.jsonl"), &t->rows, e)) ||
        (env.n && put(t, file_join(a, t->place.beside, "env.json"), &env, e)) ||
        write_manifest(t, manifest, e))
        return e->code;
    return place_commit(&t->place, e);
}
