#include "selftest/nist.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "selftest/nist_builtin.h"
#include "selftest/nist_run.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_FILES = 10'000;
constexpr size_t DEPTH = 20;                /* of folders */
constexpr size_t SCRATCH = (size_t)8 << 30; /* of one set */

static void add(struct nist *all, const struct nist_result *r)
{
    all->results[all->n++] = *r;
    all->failed += r->error != nullptr;
    for (size_t i = 0; i < r->n; i++) {
        all->passed += r->quantities[i].pass;
        all->failed += !r->quantities[i].pass;
    }
}

static int by_family(const void *a, const void *b)
{
    const struct nist_result *const x = a, *const y = b;
    const int family = strcmp(x->family ? x->family : "", y->family ? y->family : "");
    return family ? family : strcmp(x->set, y->set);
}

/* What remains of a set's arena once it is done. */
static struct nist_result keep(const struct nist_result *r, struct arena *a)
{
    struct nist_result k = *r;
    k.set = arena_strdup(a, r->set);
    k.error = r->error ? arena_strdup(a, r->error) : nullptr;
    for (size_t i = 0; i < r->n; i++)
        k.quantities[i].worst =
            r->quantities[i].worst ? arena_strdup(a, r->quantities[i].worst) : nullptr;
    return k;
}

static void run_text(const char *name, const char *text, struct arena *a, struct nist *all)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct nist_set set;
    struct nist_result r = {.set = name};
    struct err e = {};
    if (nist_file_parse(name, text, scratch, &set, &e) == ERR_OK)
        nist_run(&set, scratch, &r);
    else
        r.error = e.msg;
    const struct nist_result kept = keep(&r, a);
    add(all, &kept);
}

struct nist nist_builtin(struct arena *a)
{
    const size_t n = nist_builtin_count();
    struct nist all = {.results = ARENA_ARRAY(a, struct nist_result, n)};
    for (size_t i = 0; i < n; i++)
        run_text(nist_builtin_name(i), nist_builtin_text(i), a, &all);
    qsort(all.results, all.n, sizeof *all.results, by_family);
    return all;
}

struct found {
    const char **paths;
    size_t n;
};

static void dir_close(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

static enum err_code find(const char *folder, size_t depth, struct arena *a, struct found *f,
                          struct err *e)
{
    CLEANUP(dir_close) DIR *d = opendir(folder);
    if (!d)
        return err_sys(e, "%s", folder);
    for (const struct dirent *entry; (entry = readdir(d));) {
        const size_t n = strlen(entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        const char *const path = file_join(a, folder, entry->d_name);
        if (file_is_folder(path)) {
            const enum err_code code =
                depth < DEPTH
                    ? find(path, depth + 1, a, f, e)
                    : err_set(e, ERR_LIMIT, "%s: folders more than %zu deep", path, DEPTH);
            if (code != ERR_OK)
                return code;
        } else if (n > 4 && strcasecmp(entry->d_name + n - 4, ".dat") == 0) {
            if (f->n == MOST_FILES)
                return err_set(e, ERR_LIMIT, "%s: more than %zu .dat files", folder, MOST_FILES);
            f->paths[f->n++] = path;
        }
    }
    return ERR_OK;
}

enum err_code nist_folder(const char *folder, struct arena *a, struct nist *ret, struct err *e)
{
    struct found f = {ARENA_ARRAY(a, const char *, MOST_FILES), 0};
    const enum err_code code = find(folder, 0, a, &f, e);
    if (code != ERR_OK)
        return code;
    if (f.n == 0)
        return err_set(e, ERR_USAGE, "%s: no .dat file of NIST's there or below", folder);
    struct nist all = {.results = ARENA_ARRAY(a, struct nist_result, f.n)};
    for (size_t i = 0; i < f.n; i++) {
        CLEANUP(arena_freep) struct arena *text_arena = arena_new(SCRATCH);
        char *text;
        size_t bytes;
        struct err why = {};
        if (file_read(f.paths[i], text_arena, &text, &bytes, &why) == ERR_OK) {
            run_text(f.paths[i] + strlen(folder) + (folder[strlen(folder) - 1] != '/'), text, a,
                     &all);
            continue;
        }
        const struct nist_result r = {.set = f.paths[i], .error = arena_strdup(a, why.msg)};
        add(&all, &r);
    }
    qsort(all.results, all.n, sizeof *all.results, by_family);
    *ret = all;
    return ERR_OK;
}
