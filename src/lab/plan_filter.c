#include "lab/plan_filter.h"

#include "base/defs.h"
#include "base/nearest.h"
#include "domain/experiment.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

constexpr size_t MOST_NAMES = 1000; /* looked through for the nearest */

static const char *const keys[] = {"scenario", "backend", "model", "precision"};

static const char *name_at(const struct experiment *x, const char *key, uint32_t i)
{
    if (strcmp(key, "scenario") == 0)
        return i < x->n_scenarios ? x->scenarios[i].name : nullptr;
    if (strcmp(key, "backend") == 0)
        return i < x->n_backends ? x->backends[i] : nullptr;
    if (strcmp(key, "model") == 0)
        return i < x->n_models ? x->models[i].name : nullptr;
    return i < x->n_precisions ? x->precisions[i] : nullptr;
}

static bool has_key(const char *word, const char *key)
{
    const size_t n = strlen(key);
    return strncmp(word, key, n) == 0 && word[n] == '=';
}

static enum err_code no_such_key(const char *word, struct err *e)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(word, "="), word);
    if (!strchr(word, '='))
        return err_set(e, ERR_USAGE,
                       "--only: '%s' is no KEY=GLOB, as in backend=onnx* (keys: scenario, "
                       "backend, model, precision)",
                       word);
    const char *const near = nearest_word(key, keys, COUNT_OF(keys));
    return err_set(e, ERR_USAGE, "--only: no key '%s'%s%s%s (scenario, backend, model, precision)",
                   key, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum err_code no_match(const struct experiment *x, const char *key, const char *glob,
                              struct err *e)
{
    const char *names[MOST_NAMES], *name;
    uint32_t n = 0;
    while (n < MOST_NAMES && (name = name_at(x, key, n)))
        names[n++] = name;
    const char *const near = nearest_word(glob, names, n);
    if (near)
        return err_set(e, ERR_USAGE,
                       "--only %s=%s matches no %s of the experiment; did you mean '%s'?", key,
                       glob, key, near);
    char all[400] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < n && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", names[i]);
    return err_set(e, ERR_USAGE, "--only %s=%s matches no %s of the experiment; it has %s%s", key,
                   glob, key, all, used < sizeof all ? "" : " ...");
}

enum err_code plan_filter_check(const struct plan_filter *f, const struct experiment *x,
                                struct err *e)
{
    for (size_t i = 0; i < f->only->n; i++) {
        const char *const word = f->only->items[i], *key = nullptr, *name;
        for (size_t k = 0; k < COUNT_OF(keys); k++)
            if (has_key(word, keys[k]))
                key = keys[k];
        if (!key)
            return no_such_key(word, e);
        const char *const glob = word + strlen(key) + 1;
        bool any = false;
        for (uint32_t k = 0; !any && (name = name_at(x, key, k)); k++)
            any = fnmatch(glob, name, 0) == 0;
        if (!any)
            return no_match(x, key, glob, e);
    }
    return ERR_OK;
}

bool plan_filter_takes(const struct plan_filter *f, const char *key, const char *name)
{
    bool asked = false;
    for (size_t i = 0; f && i < f->only->n; i++) {
        if (!has_key(f->only->items[i], key))
            continue;
        asked = true;
        if (fnmatch(f->only->items[i] + strlen(key) + 1, name, 0) == 0)
            return true;
    }
    return !asked;
}
