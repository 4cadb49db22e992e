#include "store/results_store.h"

#include "base/arena.h"
#include "base/defs.h"
#include "store/outputs.h"
#include "store/results_folder.h"
#include "store/sample_columns.h"

#include <stdlib.h>
#include <string.h>

/* ---- which file is of which cell ---- */

enum err_code results_store_open(struct folder_input *inputs, size_t n, struct arena *a,
                                 struct results_store *ret, struct err *e)
{
    *ret = (struct results_store){.files = ARENA_ARRAY(a, struct results_file, n + 1)};
    for (size_t i = 0; i < n; i++) {
        if (!inputs[i].samples)
            continue;
        struct results_file *const f = &ret->files[ret->n_files++];
        f->input = &inputs[i];
        if (folder_key_of_samples(f->input->path, a, &f->key, e))
            return e->code;
    }
    return ERR_OK;
}

void results_store_assign(struct results_store *s, const size_t *cell, size_t n_cells,
                          struct arena *a)
{
    struct results_file *const sorted = ARENA_ARRAY(a, struct results_file, s->n_files + 1);
    s->first = ARENA_ARRAY(a, size_t, n_cells + 1);
    s->outputs = ARENA_ARRAY(a, struct outputs_cell *, n_cells + 1);
    s->n_cells = n_cells;
    size_t *const at = ARENA_ARRAY(a, size_t, n_cells + 2);
    for (size_t i = 0; i < s->n_files; i++)
        at[(cell[i] < n_cells ? cell[i] : n_cells) + 1]++;
    for (size_t c = 0; c <= n_cells; c++)
        at[c + 1] += at[c];
    memcpy(s->first, at, (n_cells + 1) * sizeof *at);
    for (size_t i = 0; i < s->n_files; i++)
        sorted[at[cell[i] < n_cells ? cell[i] : n_cells]++] = s->files[i];
    s->files = sorted;
}

void results_store_done(struct results_store *s)
{
    for (size_t i = 0; s && i < s->n_cells; i++)
        outputs_cell_freep(&s->outputs[i]);
}

/* ---- reading ---- */

struct loading {
    struct sample_columns *columns;
    struct outputs_cell *outputs; /* nullptr: not wanted */
    const struct folder_key *key;
    int32_t replicate;
    size_t file; /* of the cell's */
};

static bool is_of(const struct folder_key *k, const struct sample_line *l)
{
    return strcmp(k->model, l->model) == 0 && strcmp(k->backend, l->backend) == 0 &&
           strcmp(k->precision, l->precision) == 0 && strcmp(k->scenario, l->scenario) == 0;
}

static enum sample_line_fault take_line(void *context, const struct sample_line *l)
{
    struct loading *const x = context;
    if (!is_of(x->key, l))
        return SAMPLE_LINE_OTHER_CELL;
    sample_columns_add(x->columns, l, x->replicate, x->file);
    if (x->outputs)
        outputs_cell_add(x->outputs, l, x->replicate);
    return SAMPLE_LINE_GOOD;
}

/* Of a file that nobody loads. */
static enum sample_line_fault check_line(void *context, const struct sample_line *l)
{
    const struct folder_key *const key = context;
    return key->scenario && is_of(key, l) ? SAMPLE_LINE_GOOD : SAMPLE_LINE_OTHER_CELL;
}

static void begin(void *context, size_t bytes, size_t line_length)
{
    struct loading *const x = context;
    const size_t lines = bytes / (line_length + !line_length);
    sample_columns_reserve(x->columns, lines + lines / 16 + 16);
}

static enum err_code read_file(struct results_file *f, const struct sample_scan *scan,
                               struct err *e)
{
    struct sample_scan_tally tally;
    if (sample_scan(f->input->path, scan, &tally, e))
        return e->code;
    if (f->read) /* what was told of the first reading stands */
        return ERR_OK;
    f->tally = tally;
    f->input->bytes = tally.bytes;
    memcpy(f->input->sha256, tally.sha256, sizeof tally.sha256);
    f->read = true;
    return ERR_OK;
}

enum err_code results_store_load(const struct results *r, size_t cell, bool with_outputs,
                                 struct arena *a, struct results_samples *ret, struct err *e)
{
    struct results_store *const s = r->store;
    struct results_file *const files = s->files + s->first[cell];
    const size_t n = s->first[cell + 1] - s->first[cell];
    CLEANUP(outputs_cell_freep)
    struct outputs_cell *outputs = with_outputs && !s->outputs[cell] ? outputs_cell_new() : nullptr;
    struct loading x = {
        .columns = sample_columns_new(a, 0), .outputs = outputs, .key = &r->cells[cell].key};
    const struct sample_scan scan = {.line = take_line,
                                     .begin = begin,
                                     .context = &x,
                                     .way = outputs ? SAMPLE_LINE_OUTPUTS : SAMPLE_LINE_FIGURES};
    uint64_t *const twice = ARENA_ARRAY(a, uint64_t, n + 1);
    bool *const before = ARENA_ARRAY(a, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        before[i] = files[i].read;
        x.replicate = (int32_t)files[i].input->replicate;
        x.file = i;
        if (read_file(&files[i], &scan, e))
            return e->code;
    }
    sample_columns_finish(x.columns, twice, ret);
    for (size_t i = 0; i < n; i++)
        if (!before[i])
            files[i].twice = twice[i];
    if (outputs)
        s->outputs[cell] = outputs;
    outputs = nullptr;
    return ERR_OK;
}

/* ---- what was left out ---- */

static int by_line(const void *a, const void *b)
{
    const struct results_problem *const x = a, *const y = b;
    return (x->line > y->line) - (x->line < y->line);
}

/* One entry per cause: the first line, and how many. */
static size_t tell(const struct results_file *f, struct results_problem *to)
{
    size_t n = 0;
    for (unsigned i = SAMPLE_LINE_GOOD + 1; i < SAMPLE_LINE_FAULTS; i++)
        if (f->tally.left_out[i])
            to[n++] = (struct results_problem){f->input->relative, f->tally.first[i],
                                               f->tally.left_out[i],
                                               sample_line_why((enum sample_line_fault)i)};
    if (n)
        qsort(to, n, sizeof *to, by_line);
    if (f->twice)
        to[n++] = (struct results_problem){f->input->relative, 0, f->twice,
                                           sample_line_why(SAMPLE_LINE_TWICE)};
    return n;
}

static int by_input(const void *a, const void *b)
{
    const struct results_file *const x = *(const struct results_file *const *)a,
                                     *const y = *(const struct results_file *const *)b;
    return (x->input > y->input) - (x->input < y->input);
}

/* Samples that the records of a cell's invocations count and that stand in no file: a file was cut
 * or is gone. An invocation that never ended has samples and no record, so that more is no wonder.
 */
static size_t tell_missing(const struct results *r, size_t cell, struct arena *a,
                           struct results_problem *to)
{
    const struct results_store *const s = r->store;
    const struct folder_key *const k = &r->cells[cell].key;
    uint64_t found = 0;
    for (size_t i = s->first[cell]; i < s->first[cell + 1]; i++)
        found += s->files[i].tally.good;
    if (found >= r->cells[cell].counted)
        return 0;
    const char *const folder =
        results_folder_cell(a, "", k->scenario, k->backend, k->precision, k->model);
    *to = (struct results_problem){arena_printf(a, "%s/samples.jsonl", folder + (*folder == '/')),
                                   0, r->cells[cell].counted - found,
                                   "the run_<n>.json beside it count them, and they are gone"};
    return 1;
}

enum err_code results_store_finish(const struct results *r, struct arena *a,
                                   struct results_problem **ret, size_t *ret_n, struct err *e)
{
    struct results_store *const s = r->store;
    struct results_problem *const list =
        ARENA_ARRAY(a, struct results_problem, s->n_files * SAMPLE_LINE_FAULTS + r->n_cells + 1);
    const struct results_file **const order =
        ARENA_ARRAY(a, const struct results_file *, s->n_files + 1);
    for (size_t i = 0; i < s->n_files; i++) {
        struct results_file *const f = &s->files[i];
        const struct sample_scan scan = {.line = check_line, .context = &f->key};
        if (!f->read && read_file(f, &scan, e))
            return e->code;
        order[i] = f;
    }
    if (s->n_files)
        qsort(order, s->n_files, sizeof *order, by_input);
    *ret_n = 0;
    for (size_t i = 0; i < s->n_files; i++)
        *ret_n += tell(order[i], list + *ret_n);
    for (size_t i = 0; i < r->n_cells; i++)
        *ret_n += tell_missing(r, i, a, list + *ret_n);
    *ret = list;
    return ERR_OK;
}
