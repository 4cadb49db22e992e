#include "lab/experiment_file.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "base/defs.h"
#include "domain/experiment.h"
#include "domain/precision.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "io/yaml.h"
#include "lab/experiment_keys.h"
#include "lab/experiment_perplexity.h"
#include "lab/experiment_reader.h"
#include "lab/experiment_scenarios.h"
#include "lab/experiment_semantic.h"

#include <math.h>
#include <string.h>

struct reading {
    struct experiment_reader r;
    struct experiment *x;
};

/* [synth:gpt2/L=2,d=64] are two items to YAML: the second is no model that a person meant. */
static bool torn(const struct yaml *const *items, uint32_t i)
{
    if (i == 0 || items[i]->type != YAML_SCALAR || items[i]->quoted ||
        items[i - 1]->type != YAML_SCALAR)
        return false;
    return strncmp(items[i - 1]->text, "synth:", 6) == 0 && strchr(items[i]->text, '=') &&
           !strpbrk(items[i]->text, "/:");
}

static void models(struct reading *x, const struct yaml *root)
{
    const struct yaml *v;
    const struct yaml *const *items;
    if (!experiment_reader_wanted(&x->r, root, "models", &v))
        return;
    const uint32_t n = experiment_reader_items(&v, &items);
    struct experiment_model *const list = ARENA_ARRAY(x->r.a, struct experiment_model, n);
    const char **const names = ARENA_ARRAY(x->r.a, const char *, n);
    for (uint32_t i = 0; i < n; i++) {
        list[i] =
            (struct experiment_model){.params_millions = NOT_MEASURED, .line = items[i]->line};
        if (torn(items, i)) {
            experiment_reader_mistake(
                &x->r, items[i],
                "models: '%s' is torn off '%s': inside [ ] a name with ',' needs quotes",
                items[i]->text, items[i - 1]->text);
            break;
        }
        if (items[i]->type == YAML_SCALAR)
            list[i].name = experiment_reader_text(&x->r, items[i], "models", "a name");
        else if (experiment_reader_keys(&x->r, experiment_keys_model, "model", items[i],
                                        &list[i]) &&
                 !list[i].name)
            experiment_reader_missing(&x->r, items[i], "model", "name");
        if (list[i].name && (strlen(list[i].name) > EXPERIMENT_READER_LONGEST_NAME ||
                             experiment_reader_unprintable(list[i].name)))
            experiment_reader_mistake(
                &x->r, items[i],
                "model '%.40s': the name becomes a folder: at most %zu bytes, "
                "all printable",
                list[i].name, EXPERIMENT_READER_LONGEST_NAME);
        names[i] = list[i].name;
    }
    experiment_reader_once(&x->r, "models", names, items, n);
    x->x->models = list;
    x->x->n_models = n;
}

static const struct backend *backend(struct reading *x, const struct yaml *at, const char *key,
                                     const char *name, const char **ret_precision)
{
    const struct backend *const b = backend_find(name, ret_precision);
    if (!b) {
        const char *const near = backend_nearest(name);
        const struct backend *one;
        const char *all = nullptr;
        for (size_t i = 0; !near && (one = backend_at(i)); i++)
            all = all ? arena_printf(x->r.a, "%s, %s", all, one->name) : one->name;
        experiment_reader_mistake(&x->r, at, "%s: no backend '%s'%s%s", key, name,
                                  near ? experiment_reader_hint(&x->r, near) : "; there are ",
                                  near ? "" : all);
    }
    return b;
}

static void backends(struct reading *x, const struct yaml *root)
{
    const struct yaml *v;
    const struct yaml *const *items;
    if (!experiment_reader_wanted(&x->r, root, "backends", &v))
        return;
    const uint32_t n = experiment_reader_items(&v, &items);
    const char **const names = ARENA_ARRAY(x->r.a, const char *, n);
    const char **const fixed = ARENA_ARRAY(x->r.a, const char *, n);
    const struct backend **const found = ARENA_ARRAY(x->r.a, const struct backend *, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct yaml *name = items[i];
        if (name->type == YAML_MAP) {
            if (!experiment_reader_keys(&x->r, experiment_keys_backend, "backend", name, &x->r))
                continue;
            name = yaml_find(items[i], "name");
            if (!name) {
                experiment_reader_missing(&x->r, items[i], "backend", "name");
                continue;
            }
        }
        names[i] = experiment_reader_text(&x->r, name, "backends", "a name");
        if (names[i])
            found[i] = backend(x, name, "backends", names[i], &fixed[i]);
        for (uint32_t k = 0; k < i && found[i]; k++)
            if (found[k] == found[i] &&
                (fixed[k] == fixed[i] ||
                 (fixed[k] && fixed[i] && strcmp(fixed[k], fixed[i]) == 0))) {
                experiment_reader_mistake(&x->r, name,
                                          strcmp(names[k], names[i]) == 0
                                              ? "backends: '%s' stands twice, first in line %u"
                                              : "backends: '%s' is the same as the one in line %u",
                                          names[i], items[k]->line);
                break;
            }
    }
    x->x->backends = names;
    x->x->n_backends = n;
}

static void baseline(struct reading *x, const struct yaml *root)
{
    const char *const name = x->x->baseline_backend;
    if (!name)
        return;
    const struct yaml *const at = yaml_find(root, "baseline_backend");
    const struct backend *const b = backend(x, at, "baseline_backend", name, nullptr);
    for (uint32_t i = 0; i < x->x->n_backends; i++)
        if (x->x->backends[i] && backend_find(x->x->backends[i], nullptr) == b)
            return;
    if (b)
        experiment_reader_note(
            &x->r, at,
            "baseline_backend '%s' is not among the backends: nothing is compared with it", name);
}

static bool precision_known(struct reading *x, const struct yaml *at, const char *word)
{
    const char *near;
    if (backend_knows_precision(word, &near))
        return true;
    experiment_reader_mistake(
        &x->r, at, "modes: no precision '%s'%s", word,
        near ? experiment_reader_hint(&x->r, near)
             : "; there are fp32, fp16, bf16, int8, int4 and the engines' own");
    return false;
}

static void precisions(struct reading *x, const struct yaml *root)
{
    static const char *const only_fp32[] = {"fp32"};
    const struct yaml *v = yaml_find(root, "quantization");
    x->x->precisions = only_fp32;
    x->x->n_precisions = 1;
    if (v && v->type == YAML_MAP) {
        (void)experiment_reader_keys(&x->r, experiment_keys_quantization, "quantization", v, &x->r);
        v = yaml_find(v, "modes");
    }
    if (!v || (yaml_is_null(v) && v->bytes > 0))
        return;
    const struct yaml *const *items;
    const uint32_t n = experiment_reader_items(&v, &items);
    if (n == 0 || yaml_is_null(v)) {
        experiment_reader_mistake(&x->r, v, "modes: empty; at least one precision is wanted");
        return;
    }
    const char **const names = ARENA_ARRAY(x->r.a, const char *, n);
    for (uint32_t i = 0; i < n; i++) {
        names[i] = experiment_reader_text(&x->r, items[i], "modes", "a precision");
        if (!names[i] || !precision_known(x, items[i], names[i]))
            continue;
        for (uint32_t k = 0; k < i; k++)
            if (names[k] && strcmp(names[i], names[k]) == 0)
                experiment_reader_mistake(&x->r, items[i], "modes: '%s' stands twice", names[i]);
    }
    x->x->precisions = names;
    x->x->n_precisions = n;
}

/* The law as the engine takes it: "key=value key=value"; a map is written out like that. */
static void synthetic(struct reading *x, const struct yaml *root)
{
    const struct yaml *const v = yaml_find(root, "synthetic");
    if (!v || yaml_is_null(v))
        return;
    if (v->type == YAML_SCALAR) {
        x->x->synthetic = v->text;
        return;
    }
    const char *text = "";
    for (uint32_t i = 0; v->type == YAML_MAP && i < v->n; i++) {
        const char *const value =
            experiment_reader_text(&x->r, v->items[i], v->keys[i]->text, "one value");
        text = arena_printf(x->r.a, "%s%s%s=%s", text, i ? " " : "", v->keys[i]->text,
                            value ? value : "");
    }
    if (v->type == YAML_LIST)
        experiment_reader_mistake(
            &x->r, v, "synthetic: text like 'decode_ms=5 noise=normal:0.1' is wanted, not a list");
    x->x->synthetic = text;
}

enum err_code experiment_file_read(const char *path, struct arena *a, struct experiment *ret,
                                   struct err *e)
{
    const struct yaml *root;
    if (yaml_read_file(path, a, &root, e)) {
        if (e->code != ERR_IO)
            e->code = ERR_USAGE;
        return e->code;
    }
    const char *const file = file_name_of(path), *const dot = strrchr(file, '.');
    struct experiment x = {
        .path = arena_strdup(a, path),
        .folder = file_folder_of(a, path),
        .name = arena_strndup(a, file, dot && dot > file ? (size_t)(dot - file) : strlen(file))};
    struct reading reading = {.r = {.path = x.path, .a = a}, .x = &x};
    experiment_reader_defaults(&reading.r, experiment_keys_top, &x);
    if (yaml_is_null(root))
        experiment_reader_mistake(&reading.r, nullptr,
                                  "the file is empty; 'chimera init' writes one to start from");
    else if (experiment_reader_keys(&reading.r, experiment_keys_top, "an experiment", root, &x)) {
        models(&reading, root);
        backends(&reading, root);
        baseline(&reading, root);
        precisions(&reading, root);
        synthetic(&reading, root);
        experiment_perplexity_read(&reading.r, root, &x);
        experiment_semantic_read(&reading.r, root, &x);
        experiment_scenarios_read(&reading.r, root, &x);
    }
    if (experiment_reader_done(&reading.r, e))
        return e->code;
    x.notes = reading.r.notes;
    x.n_notes = reading.r.n_notes;
    *ret = x;
    return ERR_OK;
}

static void words_json(struct jsonw *w, const char *key, const char *const *words, uint32_t n)
{
    jsonw_karray(w, key);
    for (uint32_t i = 0; i < n; i++)
        jsonw_str(w, words[i]);
    jsonw_end_array(w);
}

static void scenario_json(const struct experiment *x, const struct scenario *s, struct jsonw *w)
{
    const struct prompt_set *const set = &x->prompt_sets[s->prompt_set];
    jsonw_object(w);
    jsonw_kstr(w, "name", s->name);
    jsonw_kstr(w, "prompt_set", set->name);
    jsonw_kstr(w, "mode", experiment_mode_name(s->mode));
    jsonw_ki64(w, "batch_size", s->batch_size);
    jsonw_kbool(w, "stream", s->stream);
    jsonw_ki64(w, "max_tokens", s->max_tokens);
    if (s->mode == MODE_STRESS)
        jsonw_kf64(w, "duration_s", s->duration_s);
    words_json(w, "prompts", set->prompts, set->n_prompts);
    jsonw_end_object(w);
}

void experiment_file_json(const struct experiment *x, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "name", x->name);
    jsonw_karray(w, "models");
    for (uint32_t i = 0; i < x->n_models; i++) {
        jsonw_object(w);
        jsonw_kstr(w, "name", x->models[i].name);
        jsonw_kf64(w, "params_millions", x->models[i].params_millions);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    words_json(w, "backends", x->backends, x->n_backends);
    words_json(w, "precisions", x->precisions, x->n_precisions);
    jsonw_karray(w, "scenarios");
    for (uint32_t i = 0; i < x->n_scenarios; i++)
        scenario_json(x, &x->scenarios[i], w);
    jsonw_end_array(w);
    jsonw_kf64(w, "target_ci_percent", x->target_ci_percent);
    if (x->target_ci_percent > 0) {
        jsonw_ki64(w, "max_invocations", x->max_invocations);
        jsonw_ki64(w, "max_repetitions", x->max_repetitions);
    }
    jsonw_ki64(w, "repetitions", x->repetitions);
    jsonw_ki64(w, "invocations", x->invocations);
    jsonw_ki64(w, "warmup_runs", x->warmup_runs);
    jsonw_kstr(w, "order", x->shuffle ? "random" : "fixed");
    jsonw_key(w, "seed");
    jsonw_u64(w, x->seed);
    jsonw_kf64(w, "temperature", x->temperature);
    jsonw_kf64(w, "top_p", x->top_p);
    jsonw_ki64(w, "max_tokens", x->max_tokens);
    jsonw_kbool(w, "stop_on_eos", x->stop_on_eos);
    jsonw_ki64(w, "threads", x->threads);
    jsonw_kf64(w, "timeout_s", x->timeout_s);
    jsonw_kf64(w, "load_timeout_s", x->load_timeout_s);
    jsonw_kf64(w, "memory_limit_mb", x->memory_limit_mb);
    jsonw_kstr(w, "baseline_backend", x->baseline_backend);
    jsonw_kf64(w, "accuracy_threshold", x->accuracy_threshold);
    jsonw_kbool(w, "enable_resource_monitoring", x->resource_monitoring);
    jsonw_kf64(w, "resource_sampling_interval_s", x->resource_interval_s);
    jsonw_kstr(w, "synthetic", x->synthetic);
    experiment_perplexity_json(x, w);
    experiment_semantic_json(x, w);
    jsonw_end_object(w);
}
