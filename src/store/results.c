#include "store/results.h"

#include "base/arena.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void results_done(struct results *r)
{
    results_store_done(r->store);
}

/* A failure that says more about the machine or the engine outranks one that says less; `skipped`
 * only stands where nothing else happened. */
static const uint8_t severity[STATUS_COUNT] = {
    [STATUS_OK] = 0,           [STATUS_SKIPPED] = 1,       [STATUS_UNAVAILABLE] = 2,
    [STATUS_INCOMPATIBLE] = 3, [STATUS_FAIL_ACCURACY] = 4, [STATUS_DEGRADED] = 5,
    [STATUS_ERROR] = 6,        [STATUS_TIMEOUT] = 7,       [STATUS_OOM] = 8,
    [STATUS_CRASHED] = 9,
};

static size_t place(const struct folder_names *names, const char *word)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], word) == 0)
            return i;
    return names->n;
}

static int compare_word(const struct folder_names *order, const char *a, const char *b)
{
    const size_t x = place(order, a), y = place(order, b);
    return x != y ? (x > y) - (x < y) : strcmp(a, b);
}

/* The experiment's order of scenarios, then models; backends and precisions beside each other,
 * since they are what is compared. */
static int compare_key(const struct folder *f, const struct folder_key *a,
                       const struct folder_key *b)
{
    int c = compare_word(&f->scenarios, a->scenario, b->scenario);
    c = c ? c : compare_word(&f->models, a->model, b->model);
    c = c ? c : compare_word(&f->backends, a->backend, b->backend);
    return c ? c : compare_word(&f->precisions, a->precision, b->precision);
}

static int by_key(const void *a, const void *b, void *folder)
{
    return compare_key(folder, &((const struct results_cell *)a)->key,
                       &((const struct results_cell *)b)->key);
}

struct keys {
    struct results_cell *cells;
    size_t n;
};

static void add_key(struct keys *k, const struct folder_key *key)
{
    k->cells[k->n++] = (struct results_cell){.key = *key,
                                             .load_ms = NOT_MEASURED,
                                             .compile_ms = NOT_MEASURED,
                                             .peak_rss_mb = NOT_MEASURED,
                                             .cpu_percent = NOT_MEASURED};
}

static void sort_unique(struct keys *k, const struct folder *f)
{
    if (k->n < 2)
        return;
    qsort_r(k->cells, k->n, sizeof *k->cells, by_key, (void *)(uintptr_t)f);
    size_t kept = 1;
    for (size_t i = 1; i < k->n; i++)
        if (compare_key(f, &k->cells[kept - 1].key, &k->cells[i].key) != 0)
            k->cells[kept++] = k->cells[i];
    k->n = kept;
}

static struct results_cell *find(const struct keys *k, const struct folder *f,
                                 const struct folder_key *key)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const int c = compare_key(f, &k->cells[mid].key, key);
        if (c == 0)
            return &k->cells[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return nullptr;
}

static double largest(double a, double b)
{
    return fmax(a, b); /* fmax takes the number where one is NaN */
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of those that are there. */
static double median(double *x, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i]))
            x[kept++] = x[i];
    if (kept == 0)
        return NOT_MEASURED;
    qsort(x, kept, sizeof *x, ascending);
    return kept % 2 ? x[kept / 2] : (x[kept / 2 - 1] + x[kept / 2]) / 2;
}

static void take_status(struct results_cell *c, enum status status, const char *reason)
{
    if (severity[status] > severity[c->status]) {
        c->status = status;
        c->reason = reason;
    }
}

/* A cell that is known from rows only is what they say. */
static void settle_rows(struct keys *k, const struct folder *folders, size_t n)
{
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < folders[f].n_rows; i++) {
            const struct results_row *const row = &folders[f].rows[i];
            struct results_cell *const c = find(k, &folders[0], &row->key);
            if (c->n_runs == 0 && cell_rows_has_figures(row)) {
                c->has_row = true;
                take_status(c, row->status, row->reason);
            }
        }
}

static int by_cell(const void *a, const void *b)
{
    const struct results_row *const x = a, *const y = b;
    if (x->cell != y->cell)
        return (x->cell > y->cell) - (x->cell < y->cell);
    if (x->replicate != y->replicate)
        return (x->replicate > y->replicate) - (x->replicate < y->replicate);
    return (x->invocation > y->invocation) - (x->invocation < y->invocation);
}

static void gather_rows(const struct keys *k, const struct folder *folders, size_t n,
                        struct arena *a, struct results *r)
{
    size_t total = 0, at = 0;
    for (size_t f = 0; f < n; f++) {
        total += folders[f].n_rows;
        r->imported |= folders[f].imported;
        r->phases_unknown |= folders[f].phases_unknown;
        r->sequential |= folders[f].sequential;
    }
    for (size_t f = 0; f < n; f++) { /* what one replicate shows is so in all: they are alike */
        if (folders[f].n_splits > r->n_splits) {
            r->splits = folders[f].splits;
            r->n_splits = folders[f].n_splits;
        }
        if (folders[f].n_aliases > r->n_aliases) {
            r->aliases = folders[f].aliases;
            r->n_aliases = folders[f].n_aliases;
        }
    }
    struct results_row *const rows = ARENA_ARRAY(a, struct results_row, total);
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < folders[f].n_rows; i++) {
            rows[at] = folders[f].rows[i];
            rows[at].cell = (size_t)(find(k, &folders[0], &rows[at].key) - k->cells);
            at++;
        }
    if (total)
        qsort(rows, total, sizeof *rows, by_cell);
    for (size_t i = total; i-- > 0;) {
        k->cells[rows[i].cell].first_row = i;
        k->cells[rows[i].cell].n_rows++;
    }
    r->rows = rows;
    r->n_rows = total;
}

/* The records of one cell: runs[0..n), the status the worst of theirs. load and compile are room
 * for as many. */
static void settle_runs(struct results_cell *c, const struct folder_run *const *runs, size_t n,
                        double *load, double *compile, struct arena *a)
{
    struct results_run *const own = ARENA_ARRAY(a, struct results_run, n);
    double cpu = 0;
    size_t n_cpu = 0;
    for (size_t i = 0; i < n; i++) {
        const struct folder_run *const r = runs[i];
        take_status(c, r->status, r->reason);
        c->counted += r->samples;
        own[c->n_runs] = (struct results_run){(int32_t)r->replicate, r->invocation, r->evidence};
        load[c->n_runs] = r->load_ms;
        compile[c->n_runs++] = r->compile_ms;
        c->peak_rss_mb = largest(c->peak_rss_mb, r->peak_rss_mb);
        if (!isnan(r->cpu_percent)) {
            cpu += r->cpu_percent;
            n_cpu++;
        }
    }
    c->runs = own;
    c->load_ms = median(load, c->n_runs);
    c->compile_ms = median(compile, c->n_runs);
    c->cpu_percent = n_cpu ? cpu / (double)n_cpu : NOT_MEASURED;
}

/* A cell is what its invocations say. Where none has a record it is what the plan says, and samples
 * without a record are of an invocation that never finished: nothing proves what ran. */
static void settle(struct keys *k, const struct folder *folders, size_t n, struct arena *a)
{
    size_t most = 0;
    for (size_t f = 0; f < n; f++)
        most += folders[f].n_runs;
    double *const load = ARENA_ARRAY(a, double, most), *const compile =
                                                           ARENA_ARRAY(a, double, most);
    const struct folder_run **const run_of = ARENA_ARRAY(a, const struct folder_run *, most);
    struct results_cell **const cell_of = ARENA_ARRAY(a, struct results_cell *, most);
    size_t runs = 0;
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < folders[f].n_runs; i++, runs++) {
            run_of[runs] = &folders[f].runs[i];
            cell_of[runs] = find(k, &folders[0], &run_of[runs]->key);
        }
    size_t *const head = ARENA_ARRAY(a, size_t, k->n + 1), *const at =
                                                               ARENA_ARRAY(a, size_t, k->n + 1);
    const struct folder_run **const list = ARENA_ARRAY(a, const struct folder_run *, runs);
    for (size_t i = 0; i < runs; i++)
        head[cell_of[i] - k->cells + 1]++;
    for (size_t c = 0; c < k->n; c++)
        head[c + 1] += head[c];
    memcpy(at, head, (k->n + 1) * sizeof *at);
    for (size_t i = 0; i < runs; i++)
        list[at[cell_of[i] - k->cells]++] = run_of[i];
    for (size_t i = 0; i < k->n; i++)
        settle_runs(&k->cells[i], list + head[i], head[i + 1] - head[i], load, compile, a);
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < folders[f].n_planned; i++) {
            struct results_cell *const c = find(k, &folders[0], &folders[f].planned[i].key);
            if (c->n_runs == 0)
                take_status(c, folders[f].planned[i].status, folders[f].planned[i].reason);
        }
    settle_rows(k, folders, n);
    for (size_t i = 0; i < k->n; i++)
        if (k->cells[i].n_runs == 0 && !k->cells[i].has_row)
            take_status(&k->cells[i], STATUS_SKIPPED, nullptr);
    for (size_t i = 0; i < k->n; i++)
        if (k->cells[i].status != STATUS_OK && !k->cells[i].reason)
            k->cells[i].reason = k->cells[i].status == STATUS_SKIPPED
                                     ? "no invocation has finished; run again with --resume"
                                     : "no reason was recorded";
}

static enum err_code read_folders(const char *const *paths, size_t n, struct arena *a,
                                  struct folder *folders, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (folder_read(paths[i], (uint32_t)i, a, &folders[i], e))
            return e->code;
        for (size_t k = 0; k < i; k++)
            if (strcmp(paths[i], paths[k]) == 0)
                return err_set(e, ERR_USAGE, "'%s' is given twice: a run is no replicate of itself",
                               paths[i]);
        const char *const x = folders[0].experiment, *const y = folders[i].experiment;
        const char *const damaged = folders[x ? i : 0].manifest_fault;
        if (i > 0 && (!x || !y) && damaged)
            return err_set(e, ERR_USAGE,
                           "%s; without it nothing shows that the folders are replicates of one "
                           "experiment",
                           damaged);
        if (i > 0 && (!x || !y))
            return err_set(e, ERR_USAGE,
                           "'%s' has no manifest.json with experiment_sha256: nothing shows that "
                           "the folders are replicates of one experiment",
                           !x ? paths[0] : paths[i]);
        if (i > 0 && strcmp(x, y) != 0)
            return err_set(e, ERR_USAGE,
                           "'%s' and '%s' are runs of different experiments (%.12s and %.12s): "
                           "they are no replicates; analyze them one by one",
                           paths[0], paths[i], x, y);
    }
    return ERR_OK;
}

enum err_code results_load(const struct results *r, size_t cell, struct arena *a,
                           struct results_samples *ret, struct err *e)
{
    return results_store_load(r, cell, r->keep_outputs, a, ret, e);
}

enum err_code results_finish(struct results *r, struct arena *a, struct err *e)
{
    struct results_problem *problems = nullptr;
    if (results_store_finish(r, a, &problems, &r->n_problems, e))
        return e->code;
    r->problems = problems;
    return ERR_OK;
}

static void assign_files(struct results_store *s, const struct keys *k, const struct folder *f,
                         struct arena *a)
{
    size_t *const cell = ARENA_ARRAY(a, size_t, s->n_files + 1);
    for (size_t i = 0; i < s->n_files; i++) {
        const struct folder_key *const key = &s->files[i].key;
        cell[i] = key->scenario ? (size_t)(find(k, f, key) - k->cells) : SIZE_MAX;
    }
    results_store_assign(s, cell, k->n, a);
}

/* Samples are the source of everything: where a run came to its end (or nobody says that it did
 * not), and a cell has samples and no record at all, the records were deleted. */
static void take_without_records(struct results *r, struct results_cell *cells)
{
    const size_t *const first = r->store->first;
    for (size_t i = 0; i < r->n_cells && !r->unfinished; i++) {
        struct results_cell *const c = &cells[i];
        if (c->n_runs || c->has_row || c->status != STATUS_SKIPPED || first[i] == first[i + 1])
            continue;
        c->status = STATUS_OK;
        c->reason = nullptr;
        c->without_records = true;
        r->n_without_records++;
    }
}

static void gather_faults(const struct folder *folders, size_t n, struct arena *a,
                          struct results *r)
{
    size_t most = n;
    for (size_t f = 0; f < n; f++)
        most += folders[f].n_faults;
    struct folder_fault *const faults = ARENA_ARRAY(a, struct folder_fault, most + 1);
    for (size_t f = 0; f < n; f++) {
        for (size_t i = 0; i < folders[f].n_faults; i++)
            faults[r->n_faults++] = folders[f].faults[i];
        if (r->hosts[f].damaged)
            faults[r->n_faults++] =
                (struct folder_fault){.file = "env.json",
                                      .why = r->hosts[f].damaged,
                                      .lost = "the machine and its software are unknown",
                                      .invocation = -1,
                                      .replicate = (uint32_t)f};
    }
    r->faults = faults;
}

enum err_code results_read(const char *const *paths, size_t n, struct arena *a, struct results *ret,
                           struct err *e)
{
    CLEANUP(results_done) struct results r = {.n_replicates = (uint32_t)n};
    struct folder *const folders = ARENA_ARRAY(a, struct folder, n);
    if (read_folders(paths, n, a, folders, e))
        return e->code;
    r.hosts = evidence_hosts_read(paths, n, a);
    gather_faults(folders, n, a, &r);
    size_t records = 0;
    for (size_t i = 0; i < n; i++) {
        records += folders[i].n_runs + folders[i].n_planned + folders[i].n_rows;
        r.n_inputs += folders[i].n_inputs;
    }
    struct folder_input *const inputs = ARENA_ARRAY(a, struct folder_input, r.n_inputs);
    for (size_t i = 0, at = 0; i < n; at += folders[i++].n_inputs)
        if (folders[i].n_inputs)
            memcpy(inputs + at, folders[i].inputs, folders[i].n_inputs * sizeof *inputs);
    struct results_store *const store = ARENA_ARRAY(a, struct results_store, 1);
    if (results_store_open(inputs, r.n_inputs, a, store, e))
        return e->code;

    struct keys k = {.cells = ARENA_ARRAY(a, struct results_cell, records + store->n_files)};
    for (size_t f = 0; f < n; f++) {
        for (size_t i = 0; i < folders[f].n_planned; i++)
            add_key(&k, &folders[f].planned[i].key);
        for (size_t i = 0; i < folders[f].n_runs; i++)
            add_key(&k, &folders[f].runs[i].key);
        for (size_t i = 0; i < folders[f].n_rows; i++)
            add_key(&k, &folders[f].rows[i].key);
    }
    for (size_t i = 0; i < store->n_files; i++)
        if (store->files[i].key.scenario)
            add_key(&k, &store->files[i].key);
    sort_unique(&k, &folders[0]);
    settle(&k, folders, n, a);
    gather_rows(&k, folders, n, a, &r);

    assign_files(store, &k, &folders[0], a);
    r.store = store;
    r.cells = k.cells;
    r.n_cells = k.n;
    r.inputs = inputs;
    r.experiment = folders[0].experiment;
    for (size_t f = n; f-- > 0;)
        if (folders[f].state && strcmp(folders[f].state, "complete") != 0)
            r.unfinished = folders[f].path;
    take_without_records(&r, k.cells);
    *ret = r;
    r.store = nullptr; /* the caller's now */
    return ERR_OK;
}
