#include "store/folder.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "store/cell_rows.h"
#include "store/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

constexpr size_t PIECE = 1U << 14; /* of a file, in memory at once */
constexpr size_t MOST_DEPTH = 12;  /* runs/<scenario>/<backend>/<precision>/<model> and some room */

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
    struct list runs, inputs;
    uint32_t replicate;
    size_t root; /* length of the folder's path and its '/' */
};

static struct folder_key key_of(const struct json *v)
{
    return (struct folder_key){
        json_str(json_get(v, "scenario"), nullptr), json_str(json_get(v, "backend"), nullptr),
        json_str(json_get(v, "precision"), nullptr), json_str(json_get(v, "model"), nullptr)};
}

static bool key_complete(const struct folder_key *k)
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

static enum err_code read_run(struct reading *r, const char *path, struct err *e)
{
    const struct json *v = nullptr;
    if (json_read_file(path, r->a, &v, e))
        return e->code;
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
    const char *const status = json_str(json_get(v, "status"), "");
    if (!key_complete(&run->key))
        return err_set(e, ERR_PARSE,
                       "%s: needs scenario, backend, precision and model, all as text", path);
    if (!status_parse(status, &run->status))
        return err_set(e, ERR_PARSE, "%s: status '%s' is none of the contract's", path, status);
    return ERR_OK;
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

static enum err_code add_input(struct reading *r, const char *path, bool samples, struct err *e)
{
    struct folder_input *const in = push(&r->inputs, sizeof *in, r->a);
    *in = (struct folder_input){
        .path = path, .relative = path + r->root, .samples = samples, .replicate = r->replicate};
    return samples ? ERR_OK : survey(in, e);
}

static bool is_run(const char *name)
{
    const size_t n = strlen(name);
    return strncmp(name, "run_", 4) == 0 && n > 9 && strcmp(name + n - 5, ".json") == 0;
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
            if (add_input(r, path, true, e))
                return e->code;
        } else if (is_run(names[i])) {
            if (add_input(r, path, false, e) || read_run(r, path, e))
                return e->code;
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
        struct folder_run run = {.key = key_of(c),
                                 .invocation = -1,
                                 .reason = json_str(json_get(c, "reason"), nullptr),
                                 .load_ms = NOT_MEASURED,
                                 .compile_ms = NOT_MEASURED,
                                 .peak_rss_mb = NOT_MEASURED,
                                 .cpu_percent = NOT_MEASURED};
        if (!key_complete(&run.key))
            return err_set(e, ERR_PARSE,
                           "%s: a cell needs scenario, backend, precision and model, all as text",
                           path);
        if (!status_parse(json_str(json_get(c, "status"), ""), &run.status) ||
            run.status == STATUS_OK)
            run.status = STATUS_SKIPPED;
        *(struct folder_run *)push(&l, sizeof run, a) = run;
    }
    ret->planned = l.items;
    ret->n_planned = l.n;
    const struct json *const experiment = json_get(v, "experiment");
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

enum err_code folder_read(const char *path, uint32_t replicate, struct arena *a, struct folder *ret,
                          struct err *e)
{
    *ret = (struct folder){.path = path};
    const char *const runs = file_join(a, path, "runs"),
                      *const plan = file_join(a, path, "plan.json"),
                      *const manifest = file_join(a, path, "manifest.json"),
                      *const cells = file_join(a, path, "cells.jsonl");
    if (!file_is_folder(path))
        return err_set(e, ERR_USAGE, "'%s' is no folder", path);
    if (access(path, R_OK | X_OK) != 0)
        return err_sys(e, "'%s'", path);
    if (!file_is_folder(runs) && !file_exists(plan) && !file_exists(cells))
        return err_set(e, ERR_USAGE,
                       "'%s' is no results folder: neither runs/ nor plan.json is in it", path);

    struct reading r = {.a = a, .replicate = replicate, .root = strlen(runs) - strlen("runs")};
    if (file_exists(manifest) && read_manifest(manifest, a, ret, e))
        return e->code;
    if (file_exists(plan) && (add_input(&r, plan, false, e) || read_plan(plan, a, ret, e)))
        return e->code;
    if (file_exists(cells) && (add_input(&r, cells, false, e) ||
                               cell_rows_read(cells, replicate, a, &ret->rows, &ret->n_rows, e)))
        return e->code;
    if (file_is_folder(runs) && walk(&r, runs, 0, e))
        return e->code;
    ret->runs = r.runs.items;
    ret->n_runs = r.runs.n;
    ret->inputs = r.inputs.items;
    ret->n_inputs = r.inputs.n;
    if (ret->n_runs == 0 && ret->n_planned == 0 && ret->n_inputs == 0)
        return err_set(e, ERR_USAGE, "'%s' is empty: no cell was planned or run in it", path);
    return ERR_OK;
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
