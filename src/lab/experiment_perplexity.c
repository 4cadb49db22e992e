#include "lab/experiment_perplexity.h"

#include "backend/backend.h"
#include "base/arena.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "io/yaml.h"
#include "lab/experiment_keys.h"
#include "lab/experiment_reader.h"
#include "lab/perplexity_text.h"

#include <string.h>

constexpr size_t SCRATCH = (size_t)1 << 30;

/* Before the run and not after its hours. */
static void check_text(struct experiment_reader *r, const struct yaml *at, const char *path)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    char *text;
    size_t n;
    struct err e = {};
    if (file_read(path, scratch, &text, &n, &e)) {
        experiment_reader_mistake(r, at, "text: %s", e.msg);
        return;
    }
    const char *const mistake = perplexity_text_mistake(text, n, scratch);
    if (mistake)
        experiment_reader_mistake(r, at, "text: '%s' %s", path, mistake);
}

static void find_text(struct experiment_reader *r, const struct yaml *at, const char *folder,
                      struct experiment_perplexity *p)
{
    const char *const beside = *p->text == '/' ? p->text : file_join(r->a, folder, p->text);
    p->path = file_exists(beside) ? beside : p->text;
    if (!file_exists(p->path))
        experiment_reader_mistake(r, at, "text: there is no file '%s'%s", beside,
                                  *p->text == '/' ? "" : ", nor one in the working directory");
    else if (file_is_folder(p->path))
        experiment_reader_mistake(r, at, "text: '%s' is a folder; a file is wanted", p->path);
    else
        check_text(r, at, p->path);
}

static void gates(struct experiment_reader *r, const struct yaml *map,
                  struct experiment_perplexity *p)
{
    const struct yaml *const v = yaml_find(map, "gates");
    if (!v || yaml_is_null(v))
        return;
    if (v->type != YAML_MAP) {
        experiment_reader_mistake(r, v, "gates: a map like {int8: 0.02} is wanted, not %s",
                                  yaml_type_name(v));
        return;
    }
    struct experiment_gate *const list = ARENA_ARRAY(r->a, struct experiment_gate, v->n + 1);
    for (uint32_t i = 0; i < v->n; i++) {
        const char *near;
        list[i].precision = v->keys[i]->text;
        if (!backend_knows_precision(list[i].precision, &near))
            experiment_reader_mistake(r, v->keys[i], "gates: no precision '%s'%s",
                                      list[i].precision,
                                      near ? experiment_reader_hint(r, near) : "");
        if (!yaml_f64(v->items[i], &list[i].limit) || list[i].limit < 0)
            experiment_reader_mistake(
                r, v->items[i], "gates: %s: a relative increase like 0.02 is wanted, not %s",
                list[i].precision,
                v->items[i]->text ? v->items[i]->text : yaml_type_name(v->items[i]));
    }
    p->gates = list;
    p->n_gates = v->n;
}

void experiment_perplexity_read(struct experiment_reader *r, const struct yaml *root,
                                struct experiment *ret)
{
    const struct yaml *const v = yaml_find(root, "perplexity");
    if (!v || yaml_is_null(v))
        return;
    struct experiment_perplexity *const p = ARENA_ARRAY(r->a, struct experiment_perplexity, 1);
    if (!experiment_reader_keys(r, experiment_keys_perplexity, "perplexity", v, p))
        return;
    if (p->text)
        find_text(r, yaml_find(v, "text"), ret->folder, p);
    else if (!yaml_find(v, "text"))
        experiment_reader_missing(r, v, "perplexity", "text");
    if (p->window && p->stride >= p->window)
        experiment_reader_mistake(
            r, yaml_find(v, "stride"),
            "stride: %u has to be below the window of %u, so that every token "
            "has one before it",
            p->stride, p->window);
    gates(r, v, p);
    ret->perplexity = p;
}

static void key_or_null(struct jsonw *w, const char *key, uint32_t n)
{
    jsonw_key(w, key);
    n ? jsonw_i64(w, n) : jsonw_null(w);
}

void experiment_perplexity_json(const struct experiment *x, struct jsonw *w)
{
    const struct experiment_perplexity *const p = x->perplexity;
    if (!p)
        return;
    jsonw_kobject(w, "perplexity");
    jsonw_kstr(w, "text", p->text);
    key_or_null(w, "window", p->window);
    key_or_null(w, "stride", p->stride);
    key_or_null(w, "max_tokens", p->max_tokens);
    jsonw_kobject(w, "gates");
    for (uint32_t i = 0; i < p->n_gates; i++)
        jsonw_kf64(w, p->gates[i].precision, p->gates[i].limit);
    jsonw_end_object(w);
    jsonw_end_object(w);
}
