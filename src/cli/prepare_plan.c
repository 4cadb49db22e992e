#include "cli/prepare_plan.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "io/file.h"
#include "lab/experiment_file.h"
#include "lab/plan_filter.h"
#include "model/resolve.h"
#include "num/stopping.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_NAMES = 256;

static void close_folder(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

/* A target needs some invocations to begin with. */
static enum err_code override_target(struct experiment *x, const struct prepare_plan_options *o,
                                     struct err *e)
{
    if (o->target_ci > 0)
        x->target_ci_percent = o->target_ci;
    if (!(x->target_ci_percent > 0))
        return o->max_invocations || o->max_repetitions
                   ? err_set(e, ERR_USAGE, "--max-%s goes with --target-ci",
                             o->max_invocations ? "invocations" : "repetitions")
                   : ERR_OK;
    if (o->max_invocations)
        x->max_invocations = o->max_invocations;
    if (o->max_repetitions)
        x->max_repetitions = o->max_repetitions;
    if (x->invocations < STOPPING_LEAST)
        x->invocations = STOPPING_LEAST;
    return x->max_invocations >= x->invocations
               ? ERR_OK
               : err_set(
                     e, ERR_USAGE,
                     "max_invocations: %u is below the %u invocations that a target begins with",
                     x->max_invocations, x->invocations);
}

static enum err_code override(struct experiment *x, const struct prepare_plan_options *o,
                              struct err *e)
{
    if (o->repetitions)
        x->repetitions = o->repetitions;
    if (override_target(x, o, e))
        return e->code;
    if (!o->seed)
        return ERR_OK;
    char *end;
    errno = 0;
    const uint64_t seed = strtoull(o->seed, &end, 10);
    if (errno || *end || end == o->seed || strchr(o->seed, '-'))
        return err_set(e, ERR_USAGE, "--seed: '%s' is no whole number from 0 to %" PRIu64, o->seed,
                       UINT64_MAX);
    x->seed = seed;
    return ERR_OK;
}

static void ask_backends(struct prepared_plan *p, struct arena *a)
{
    const struct experiment *const x = &p->experiment;
    p->backends = ARENA_ARRAY(a, struct plan_backend, x->n_backends);
    for (uint32_t i = 0; i < x->n_backends; i++) {
        struct plan_backend *const b = &p->backends[i];
        b->backend = backend_find(x->backends[i], &b->fixed_precision);
        for (uint32_t k = 0; k < i && !b->version && !b->why_not; k++)
            if (p->backends[k].backend ==
                b->backend) { /* tensorrt-fp16 after tensorrt-int8: asked already */
                b->available = p->backends[k].available;
                b->why_not = p->backends[k].why_not;
                b->version = p->backends[k].version;
            }
        if (b->version || b->why_not)
            continue;
        struct backend_found found = {};
        struct err why = {};
        b->available = b->backend->available(&found, &why) == ERR_OK;
        if (b->available)
            b->version = arena_strdup(a, found.version);
        else
            b->why_not = arena_strdup(a, why.msg);
    }
}

static enum err_code ask_models(struct prepared_plan *p, struct arena *a, struct err *e)
{
    const struct experiment *const x = &p->experiment;
    p->facts = ARENA_ARRAY(a, struct model_facts, x->n_models);
    for (uint32_t i = 0; i < x->n_models; i++) {
        struct err why = {};
        if (!resolve_model(x->models[i].name, x->folder, false, a, &p->facts[i], &why))
            continue;
        if (why.code == ERR_USAGE)
            return err_set(e, ERR_USAGE, "%s:%u: models: %s", x->path, x->models[i].line, why.msg);
        p->facts[i] = (struct model_facts){.kind = MODEL_MISSING,
                                           .name = x->models[i].name,
                                           .why_missing = arena_strdup(a, why.msg),
                                           .params = -1,
                                           .weight_bytes = -1};
    }
    return ERR_OK;
}

static enum err_code no_file(const char *path, struct arena *a, struct err *e)
{
    const char *names[MOST_NAMES];
    size_t n = 0;
    CLEANUP(close_folder) DIR *d = opendir(file_folder_of(a, path));
    for (const struct dirent *x; d && n < MOST_NAMES && (x = readdir(d));) {
        const char *const dot = strrchr(x->d_name, '.');
        if (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
            names[n++] = arena_strdup(a, x->d_name);
    }
    const char *const near = nearest_word(file_name_of(path), names, n);
    if (near)
        return err_set(e, ERR_USAGE, "no such experiment file: '%s'; did you mean '%s'?", path,
                       strchr(path, '/') ? file_join(a, file_folder_of(a, path), near) : near);
    return err_set(e, ERR_USAGE,
                   "no such experiment file: '%s'; 'chimera init' writes one to start from", path);
}

static enum err_code check_path(const char *path, struct arena *a, struct err *e)
{
    if (file_is_folder(path)) {
        const char *const inside = file_join(a, path, "experiment.yaml");
        if (file_exists(inside))
            return err_set(e, ERR_USAGE, "'%s' is a folder; did you mean '%s'?", path, inside);
        return err_set(e, ERR_USAGE,
                       "'%s' is a folder; an experiment is a YAML file ('chimera init' writes one)",
                       path);
    }
    return *path && file_exists(path) ? ERR_OK : no_file(path, a, e);
}

enum err_code prepare_plan(const char *path, const struct prepare_plan_options *o, struct arena *a,
                           struct prepared_plan *ret, struct err *e)
{
    const struct plan_filter filter = {.only = &o->only};
    if (check_path(path, a, e) || experiment_file_read(path, a, &ret->experiment, e) ||
        override(&ret->experiment, o, e) || plan_filter_check(&filter, &ret->experiment, e) ||
        ask_models(ret, a, e))
        return e->code;
    ask_backends(ret, a);
    return plan_build(&ret->experiment, ret->backends, ret->facts, &filter, a, &ret->plan, e);
}
