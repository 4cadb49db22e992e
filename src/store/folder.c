#include "store/folder.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "store/cell_rows.h"
#include "store/evidence.h"
#include "store/results_folder.h"
#include "store/sample_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

constexpr size_t PIECE = 1U << 14; /* of a file, in memory at once */
constexpr size_t SCRATCH = (size_t)64 << 20;
constexpr size_t MOST_DEPTH = 12; /* runs/<scenario>/<backend>/<precision>/<model> and some room */

static void closedirp(DIR **d)
{
    if (*d)
        closedir(*d);
}

struct list { /* of any kind of item, growing in an arena */
    void *items;
    size_t n, room;
};

static void *push(struct list *l, size_t size, struct arena *a)
{
    if (l->n == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        char *const more = arena_alloc(a, room, size);
        if (l->n)
            memcpy(more, l->items, l->n * size);
        l->items = more;
        l->room = room;
    }
    return (char *)l->items + size * l->n++;
}

struct reading {
    struct arena *a;
    struct list runs, inputs, faults;
    struct folder *folder;
    uint32_t replicate;
    size_t root; /* length of the folder's path and its '/' */
};

static struct folder_key key_of(const struct json *v)
{
    return (struct folder_key){
        json_str(json_get(v, "scenario"), nullptr), json_str(json_get(v, "backend"), nullptr),
        json_str(json_get(v, "precision"), nullptr), json_str(json_get(v, "model"), nullptr)};
}

bool folder_key_complete(const struct folder_key *k)
{
    return k->scenario && k->backend && k->precision && k->model;
}

/* A number of the record itself or of one of its parts. */
static double figure(const struct json *v, const char *name)
{
    static const char *const parts[] = {"loaded", "load", "resources", "telemetry"};
    double x = json_f64(json_get(v, name), NOT_MEASURED);
    for (size_t i = 0; i < COUNT_OF(parts) && x != x; i++)
        x = json_f64(json_get(json_get(v, parts[i]), name), NOT_MEASURED);
    return x;
}

/* "counts": {"measured": {"ok": 8, ...}, ...} */
static uint64_t counted(const struct json *v)
{
    uint64_t sum = 0;
    struct json_iter phases = json_iter(json_get(v, "counts"));
    for (const struct json *phase; (phase = json_next(&phases, nullptr));) {
        struct json_iter statuses = json_iter(json_is_object(phase) ? phase : nullptr);
        for (const struct json *n; (n = json_next(&statuses, nullptr));)
            sum += (uint64_t)json_i64(n, 0);
    }
    return sum;
}

/* why is one that names the file, as readers of it write. */
static struct folder_fault *add_fault(struct reading *r, const char *path, const char *why,
                                      const char *lost)
{
    struct folder_fault *const f = push(&r->faults, sizeof *f, r->a);
    *f = (struct folder_fault){.file = path + r->root,
                               .why = arena_strdup(r->a, why),
                               .lost = lost,
                               .invocation = -1,
                               .replicate = r->replicate};
    return f;
}

/* Nothing is known of it yet. */
static struct folder_run run_of(const struct folder_key *key)
{
    return (struct folder_run){.key = *key,
                               .invocation = -1,
                               .load_ms = NOT_MEASURED,
                               .compile_ms = NOT_MEASURED,
                               .peak_rss_mb = NOT_MEASURED,
                               .cpu_percent = NOT_MEASURED};
}

static enum err_code survey(struct folder_input *in, struct err *e)
{
    CLEANUP(file_closep) FILE *f = fopen(in->path, "re");
    if (!f)
        return err_sys(e, "'%s'", in->path);
    CLEANUP(digest_freep) struct digest *d = digest_new();
    char part[PIECE];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0; in->bytes += (int64_t)n)
        digest_add(d, part, n);
    digest_end(d, in->sha256);
    return ferror(f) ? err_set(e, ERR_IO, "'%s' cannot be read", in->path) : ERR_OK;
}

static void add_samples(struct reading *r, const char *path)
{
    struct folder_input *const in = push(&r->inputs, sizeof *in, r->a);
    *in = (struct folder_input){
        .path = path, .relative = path + r->root, .samples = true, .replicate = r->replicate};
}

static enum err_code add_input(struct reading *r, const char *path, struct err *e)
{
    struct folder_input in = {.path = path, .relative = path + r->root, .replicate = r->replicate};
    if (survey(&in, e))
        return e->code;
    *(struct folder_input *)push(&r->inputs, sizeof in, r->a) = in;
    return ERR_OK;
}

/* ---- run_<n>.json ---- */

static bool is_run(const char *name)
{
    const size_t n = strlen(name);
    return strncmp(name, "run_", 4) == 0 && n > 9 && strcmp(name + n - 5, ".json") == 0;
}

/* nullptr: whole. */
static const char *missing_part(const struct json *v, struct arena *a)
{
    static const char *const words[] = {"scenario", "backend", "precision", "model"};
    if (!json_is_object(v))
        return "an object was expected";
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (!json_is_str(json_get(v, words[i])))
            return arena_printf(a, "'%s' must be text", words[i]);
    const int64_t invocation = json_i64(json_get(v, "invocation"), -1);
    if (invocation < 0 || invocation > INT32_MAX)
        return "'invocation' must be a whole number from 0 on";
    enum status status;
    const char *const word = json_str(json_get(v, "status"), "");
    return status_parse(word, &status)
               ? nullptr
               : arena_printf(a, "'status' is '%s', which is none of the contract's", word);
}

struct first_line {
    struct arena *a;
    struct folder_key *key;
};

static enum sample_line_fault take_key(void *context, const struct sample_line *l)
{
    const struct first_line *const f = context;
    *f->key = (struct folder_key){arena_strdup(f->a, l->scenario), arena_strdup(f->a, l->backend),
                                  arena_strdup(f->a, l->precision), arena_strdup(f->a, l->model)};
    return SAMPLE_LINE_GOOD;
}

enum err_code folder_key_of_samples(const char *path, struct arena *a, struct folder_key *ret,
                                    struct err *e)
{
    *ret = (struct folder_key){};
    struct first_line first = {a, ret};
    const struct sample_scan scan = {.line = take_key, .context = &first, .only_first = true};
    struct sample_scan_tally unused;
    return sample_scan(path, &scan, &unused, e);
}

/* Which cell's folder it is: the samples in it tell, or the plan. */
static struct folder_key find_key(const struct reading *r, const char *folder, const char *samples)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct folder_key key = {};
    struct err none;
    if (samples && folder_key_of_samples(samples, r->a, &key, &none) == ERR_OK &&
        folder_key_complete(&key))
        return key;
    for (size_t i = 0; i < r->folder->n_planned; i++) {
        const struct folder_key *const k = &r->folder->planned[i].key;
        const char *const its =
            results_folder_cell(scratch, "", k->scenario, k->backend, k->precision, k->model);
        if (strcmp(its + 1, folder + r->root) == 0)
            return *k;
    }
    return key;
}

/* What is left of an invocation whose record v (nullptr: no JSON) is damaged. */
static void add_damaged(struct reading *r, const char *path, const char *why, const struct json *v)
{
    const char *const name = strrchr(path, '/') + 1;
    const char *const folder = arena_printf(r->a, "%.*s", (int)(name - 1 - path), path);
    const char *samples = file_join(r->a, folder, "samples.jsonl");
    samples = file_exists(samples) ? samples : nullptr;
    struct folder_fault *const f =
        add_fault(r, path, why,
                  samples ? "its samples count; its status, engine, load time and memory are "
                            "unknown"
                          : "no samples are beside it, and nothing else tells what became of it");
    f->key = key_of(v);
    if (!folder_key_complete(&f->key))
        f->key = find_key(r, folder, samples);
    f->invocation = (int32_t)strtol(name + strlen("run_"), nullptr, 10);
    if (!folder_key_complete(&f->key))
        return;
    struct folder_run *const run = push(&r->runs, sizeof *run, r->a);
    *run = run_of(&f->key);
    run->invocation = f->invocation;
    run->replicate = r->replicate;
    run->status = samples ? STATUS_OK : STATUS_ERROR;
    run->reason = samples ? nullptr : f->why;
}

static void read_run(struct reading *r, const char *path)
{
    const struct json *v = nullptr;
    struct err e;
    if (add_input(r, path, &e) || json_read_file(path, r->a, &v, &e)) {
        add_damaged(r, path, e.msg, nullptr);
        return;
    }
    const char *const missing = missing_part(v, r->a);
    if (missing) {
        add_damaged(r, path, arena_printf(r->a, "%s: %s", path, missing), v);
        return;
    }
    struct folder_run *const run = push(&r->runs, sizeof *run, r->a);
    *run = (struct folder_run){.key = key_of(v),
                               .invocation = (int32_t)json_i64(json_get(v, "invocation"), -1),
                               .replicate = r->replicate,
                               .reason = json_str(json_get(v, "reason"), nullptr),
                               .load_ms = figure(v, "load_ms"),
                               .compile_ms = figure(v, "compile_ms"),
                               .peak_rss_mb = figure(v, "peak_rss_mb"),
                               .cpu_percent = figure(v, "cpu_percent"),
                               .samples = counted(v),
                               .evidence = evidence_of(v, r->replicate, r->a)};
    (void)status_parse(json_str(json_get(v, "status"), ""), &run->status);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum err_code names_in(const char *folder, struct arena *a, const char ***ret, size_t *ret_n,
                              struct err *e)
{
    CLEANUP(closedirp) DIR *d = opendir(folder);
    if (!d)
        return err_sys(e, "'%s'", folder);
    struct list l = {};
    for (const struct dirent *entry; (entry = readdir(d));)
        if (entry->d_name[0] != '.')
            *(const char **)push(&l, sizeof(char *), a) = arena_strdup(a, entry->d_name);
    if (l.n)
        qsort(l.items, l.n, sizeof(char *), by_text); /* readdir's order is the disk's own */
    *ret = l.items;
    *ret_n = l.n;
    return ERR_OK;
}

static enum err_code walk(struct reading *r, const char *folder, size_t depth, struct err *e)
{
    const char **names = nullptr;
    size_t n = 0;
    if (names_in(folder, r->a, &names, &n, e))
        return e->code;
    for (size_t i = 0; i < n; i++) {
        const char *const path = file_join(r->a, folder, names[i]);
        if (file_is_folder(path)) {
            if (depth >= MOST_DEPTH)
                return err_set(e, ERR_LIMIT, "'%s': folders lie deeper than runs/ has levels",
                               path);
            if (walk(r, path, depth + 1, e))
                return e->code;
        } else if (strcmp(names[i], "samples.jsonl") == 0) {
            add_samples(r, path);
        } else if (is_run(names[i])) {
            read_run(r, path);
        }
    }
    return ERR_OK;
}

static struct folder_names words(const struct json *list, struct arena *a)
{
    struct folder_names r = {.items = ARENA_ARRAY(a, const char *, json_len(list) + 1)};
    struct json_iter it = json_iter(list);
    for (const struct json *v; json_is_array(list) && (v = json_next(&it, nullptr));) {
        const char *const word =
            json_is_object(v) ? json_str(json_get(v, "name"), nullptr) : json_str(v, nullptr);
        if (word)
            r.items[r.n++] = word;
    }
    return r;
}

/* What the plan calls runnable has no status of its own yet: it becomes `skipped` unless a run says
 * more. */
static enum err_code read_plan(const char *path, struct arena *a, struct folder *ret, struct err *e)
{
    const struct json *v = nullptr;
    if (json_read_file(path, a, &v, e))
        return e->code;
    struct list l = {};
    const struct json *const cells = json_get(v, "cells");
    struct json_iter it = json_iter(cells);
    for (const struct json *c; json_is_array(cells) && (c = json_next(&it, nullptr));) {
        const struct folder_key key = key_of(c);
        struct folder_run run = run_of(&key);
        run.reason = json_str(json_get(c, "reason"), nullptr);
        if (!folder_key_complete(&key))
            return err_set(e, ERR_PARSE,
                           "%s: cell %zu needs scenario, backend, precision and model, all as text",
                           path, l.n + 1);
        if (!status_parse(json_str(json_get(c, "status"), ""), &run.status) ||
            run.status == STATUS_OK)
            run.status = STATUS_SKIPPED;
        *(struct folder_run *)push(&l, sizeof run, a) = run;
    }
    ret->planned = l.items;
    ret->n_planned = l.n;
    const struct json *const experiment = json_get(v, "experiment");
    ret->sequential |= json_f64(json_get(experiment, "target_ci_percent"), 0) > 0;
    ret->scenarios = words(json_get(experiment, "scenarios"), a);
    ret->backends = words(json_get(experiment, "backends"), a);
    ret->precisions = words(json_get(experiment, "precisions"), a);
    ret->models = words(json_get(experiment, "models"), a);
    return ERR_OK;
}

static const char *text_of(const struct json *v, const char *key)
{
    return json_str(json_get(v, key), "");
}

static double number_of(const struct json *v, const char *key)
{
    return json_f64(json_get(v, key), NOT_MEASURED);
}

static void read_splits(const struct json *list, struct arena *a, struct folder *ret)
{
    struct folder_split *const splits = ARENA_ARRAY(a, struct folder_split, json_len(list) + 1);
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr));)
        splits[ret->n_splits++] = (struct folder_split){
            text_of(v, "column"),    text_of(v, "fast"),      text_of(v, "slow"),
            number_of(v, "fast_ms"), number_of(v, "slow_ms"), number_of(v, "words"),
            number_of(v, "cells"),   number_of(v, "samples"), number_of(v, "variance_share"),
            number_of(v, "p_value")};
    ret->splits = splits;
}

static void read_aliases(const struct json *list, struct arena *a, struct folder *ret)
{
    struct folder_alias *const aliases = ARENA_ARRAY(a, struct folder_alias, json_len(list) + 1);
    struct json_iter it = json_iter(list);
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        const struct json *const of = json_get(v, "of");
        const char **const backends = ARENA_ARRAY(a, const char *, json_len(of) + 1),
                           **const words = ARENA_ARRAY(a, const char *, json_len(of) + 1);
        struct folder_alias *const x = &aliases[ret->n_aliases++];
        struct json_iter each = json_iter(of);
        *x = (struct folder_alias){text_of(v, "column"), backends, words, 0};
        for (const struct json *w; (w = json_next(&each, nullptr));) {
            backends[x->n] = text_of(w, "backend");
            words[x->n++] = text_of(w, "word");
        }
    }
    ret->aliases = aliases;
}

static enum err_code read_manifest(const char *path, struct arena *a, struct folder *ret,
                                   struct err *e)
{
    const struct json *v = nullptr;
    if (json_read_file(path, a, &v, e))
        return e->code;
    ret->experiment = json_str(json_get(v, "experiment_sha256"), nullptr);
    ret->state = json_str(json_get(v, "state"), nullptr);
    const struct json *const imported = json_get(v, "imported");
    ret->imported = json_is_object(imported);
    ret->sequential = json_f64(json_get(json_get(v, "experiment"), "target_ci_percent"), 0) > 0;
    ret->phases_unknown = ret->imported && !json_bool(json_get(imported, "phases_known"), false);
    read_splits(json_get(imported, "columns_that_split_cells"), a, ret);
    read_aliases(json_get(imported, "columns_that_go_with_backend"), a, ret);
    return ERR_OK;
}

/* Without its manifest an import is told by its records and rows, and its phases may be anything.
 */
static void guess_manifest(const struct reading *r, struct folder *ret)
{
    const struct folder_run *const runs = r->runs.items;
    ret->imported = ret->n_rows > 0;
    for (size_t i = 0; i < r->runs.n; i++)
        ret->imported |= runs[i].evidence && runs[i].evidence->imported_from;
    ret->phases_unknown = ret->imported;
}

/* The files beside runs/. */
static void read_beside(struct reading *r, const char *plan, const char *manifest,
                        const char *cells)
{
    struct folder *const f = r->folder;
    struct err e;
    if (file_exists(manifest) && read_manifest(manifest, r->a, f, &e)) {
        f->manifest_fault = add_fault(r, manifest, e.msg,
                                      "of which experiment the run is, and whether it came to its "
                                      "end, is unknown")
                                ->why;
    }
    if (file_exists(plan) && (add_input(r, plan, &e) || read_plan(plan, r->a, f, &e)))
        (void)add_fault(r, plan, e.msg, "cells that were planned and never ran are unknown");
    struct cell_rows_fault bad = {};
    if (file_exists(cells) &&
        (add_input(r, cells, &e) ||
         cell_rows_read(cells, r->replicate, r->a, &f->rows, &f->n_rows, &bad, &e)))
        (void)add_fault(r, cells, e.msg, "what the source states of its cells is unknown");
    if (bad.lines)
        (void)add_fault(r, cells, bad.why,
                        arena_printf(r->a, "%zu line%s of it %s left out", bad.lines,
                                     bad.lines == 1 ? "" : "s", bad.lines == 1 ? "is" : "are"));
}

enum err_code folder_read(const char *path, uint32_t replicate, struct arena *a, struct folder *ret,
                          struct err *e)
{
    *ret = (struct folder){.path = path};
    const char *const runs = file_join(a, path, "runs"),
                      *const plan = file_join(a, path, "plan.json"),
                      *const manifest = file_join(a, path, "manifest.json"),
                      *const cells = file_join(a, path, "cells.jsonl");
    if (!file_is_folder(path) && file_exists(path))
        return err_set(e, ERR_USAGE,
                       "'%s' is a file, and no folder; 'chimera import %s -o DIR' makes a results "
                       "folder of what another tool measured",
                       path, path);
    if (!file_is_folder(path))
        return err_set(e, ERR_USAGE, "'%s' is no folder", path);
    if (access(path, R_OK | X_OK) != 0)
        return err_sys(e, "'%s'", path);
    if (!file_is_folder(runs) && !file_exists(plan) && !file_exists(cells))
        return err_set(e, ERR_USAGE,
                       "'%s' is no results folder: neither runs/ nor plan.json is in it", path);

    struct reading r = {
        .a = a, .folder = ret, .replicate = replicate, .root = strlen(runs) - strlen("runs")};
    read_beside(&r, plan, manifest, cells);
    if (file_is_folder(runs) && walk(&r, runs, 0, e))
        return e->code;
    ret->runs = r.runs.items;
    ret->n_runs = r.runs.n;
    ret->inputs = r.inputs.items;
    ret->n_inputs = r.inputs.n;
    ret->faults = r.faults.items;
    ret->n_faults = r.faults.n;
    if (ret->manifest_fault)
        guess_manifest(&r, ret);
    bool samples = false;
    for (size_t i = 0; i < ret->n_inputs; i++)
        samples |= ret->inputs[i].samples;
    if (ret->n_runs || ret->n_planned || ret->n_rows || samples)
        return ERR_OK;
    return ret->n_faults
               ? err_set(e, ERR_PARSE, "%s; nothing else is in the folder", ret->faults[0].why)
               : err_set(e, ERR_USAGE, "'%s' is empty: no cell was planned or run in it", path);
}

bool folder_key_same_engine(const struct folder_key *x, const struct folder_key *y)
{
    return strcmp(x->backend, y->backend) == 0 && strcmp(x->precision, y->precision) == 0;
}

bool folder_key_same_configuration(const struct folder_key *x, const struct folder_key *y)
{
    return folder_key_same_engine(x, y) && strcmp(x->model, y->model) == 0;
}

bool folder_key_same(const struct folder_key *x, const struct folder_key *y)
{
    return folder_key_same_configuration(x, y) && strcmp(x->scenario, y->scenario) == 0;
}
