#include "lab/experiment_scenarios.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "io/yaml.h"
#include "lab/experiment_keys.h"
#include "lab/experiment_reader.h"

#include <string.h>

constexpr uint32_t DEFAULT_BATCH = 4;

struct reading {
    struct experiment_reader *r;
    struct experiment *x;
    struct prompt_set *sets;
    uint32_t n_sets, room_sets;
    const char **files;
    uint32_t n_files;
};

static struct prompt_set *set_add(struct reading *x)
{
    if (x->n_sets == x->room_sets) {
        const uint32_t room = x->room_sets ? 2 * x->room_sets : 16;
        struct prompt_set *const sets = ARENA_ARRAY(x->r->a, struct prompt_set, room);
        if (x->n_sets)
            memcpy(sets, x->sets, x->n_sets * sizeof *sets);
        x->sets = sets;
        x->room_sets = room;
    }
    return &x->sets[x->n_sets++];
}

static bool set_find(const struct reading *x, const char *name, uint32_t *ret)
{
    for (uint32_t i = 0; i < x->n_sets; i++)
        if (strcmp(x->sets[i].name, name) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

/* A prompt is text, or a map that holds it under `prompt` or `text`. */
static const char *prompt(struct reading *x, const struct yaml *v, const char *set)
{
    const struct yaml *inner = v;
    if (v->type == YAML_MAP) {
        inner = yaml_find(v, "prompt");
        if (!inner)
            inner = yaml_find(v, "text");
        if (!inner || v->n != 1) {
            experiment_reader_mistake(
                x->r, v, "prompt set '%s': a prompt is text; text that holds ': ' needs quotes",
                set);
            return nullptr;
        }
    }
    return experiment_reader_text(x->r, inner, arena_printf(x->r->a, "prompt set '%s'", set),
                                  "text");
}

static void prompts(struct reading *x, const struct yaml *const *v, const char *name)
{
    const struct yaml *const *items;
    const uint32_t n = experiment_reader_items(v, &items);
    if (n == 0 || yaml_is_null(*v)) {
        experiment_reader_mistake(x->r, *v, "prompt set '%s': no prompts", name);
        *set_add(x) =
            (struct prompt_set){.name = name}; /* so that its scenarios are no mistakes too */
        return;
    }
    const char **const texts = ARENA_ARRAY(x->r->a, const char *, n);
    for (uint32_t i = 0; i < n; i++)
        texts[i] = prompt(x, items[i], name);
    *set_add(x) = (struct prompt_set){name, texts, n};
}

static void prompt_sets(struct reading *x, const struct yaml *root)
{
    const struct yaml *const v = yaml_find(root, "prompt_sets");
    if (!v || yaml_is_null(v))
        return;
    if (v->type != YAML_MAP) {
        experiment_reader_mistake(
            x->r, v, "prompt_sets: a map of names to lists of prompts is wanted, not %s",
            yaml_type_name(v));
        return;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        const struct yaml *const *set = &v->items[i], *inner;
        const char *const name = v->keys[i]->text;
        if ((*set)->type == YAML_MAP) {
            struct prompt_set ignored_description = {};
            (void)experiment_reader_keys(x->r, experiment_keys_prompt_set,
                                         arena_printf(x->r->a, "prompt set '%s'", name), *set,
                                         &ignored_description);
            inner = yaml_find(*set, "prompts");
            if (!inner) {
                experiment_reader_missing(
                    x->r, *set, arena_printf(x->r->a, "prompt set '%s'", name), "prompts");
                *set_add(x) = (struct prompt_set){.name = name};
                continue;
            }
            set = &inner;
        }
        prompts(x, set, name);
    }
}

static void scenario_prompts(struct reading *x, const struct yaml *v, struct scenario *s)
{
    const struct yaml *const own = yaml_find(v, "prompts"), *const named =
                                                                yaml_find(v, "prompt_set");
    if (own) {
        if (named)
            experiment_reader_mistake(
                x->r, own, "scenario '%s': has prompts and a prompt_set; one of them is wanted",
                s->name);
        s->prompt_set = x->n_sets;
        prompts(x, &own, s->name);
        return;
    }
    if (!named) {
        experiment_reader_missing(x->r, v, arena_printf(x->r->a, "scenario '%s'", s->name),
                                  "prompt_set");
        return;
    }
    const char *const name =
        experiment_reader_text(x->r, named, "prompt_set", "the name of a prompt set");
    if (!name || set_find(x, name, &s->prompt_set))
        return;
    const char **const names = ARENA_ARRAY(x->r->a, const char *, x->n_sets + 1);
    const char *all = nullptr;
    for (uint32_t i = 0; i < x->n_sets; i++) {
        names[i] = x->sets[i].name;
        all = all ? arena_printf(x->r->a, "%s, %s", all, names[i]) : names[i];
    }
    const char *const near = nearest_word(name, names, x->n_sets);
    experiment_reader_mistake(x->r, named, "prompt_set: no prompt set '%s'%s%s", name,
                              near  ? experiment_reader_hint(x->r, near)
                              : all ? "; there are: "
                                    : "; the file has no prompt_sets",
                              near || !all ? "" : all);
}

static void scenario_mode(struct reading *x, const struct yaml *v, struct scenario *s)
{
    const struct yaml *const size = yaml_find(v, "batch_size");
    if (!yaml_find(v, "mode"))
        s->mode = s->batch_size > 1 ? MODE_BATCH : MODE_SINGLE;
    if (s->batch_size == 0)
        s->batch_size = s->mode == MODE_BATCH ? DEFAULT_BATCH : 1;
    if (s->batch_size > 1 && s->mode == MODE_SINGLE) {
        experiment_reader_note(x->r, size,
                               "scenario '%s': batch_size %u makes it mode batch, not single",
                               s->name, s->batch_size);
        s->mode = MODE_BATCH;
    }
    if (s->batch_size > 1 && s->mode != MODE_BATCH)
        experiment_reader_mistake(x->r, size,
                                  "scenario '%s': batch_size %u needs mode batch; the mode is %s",
                                  s->name, s->batch_size, experiment_mode_name(s->mode));
}

static bool scenario_name(struct reading *x, const struct yaml *v, struct scenario *s)
{
    const struct yaml *const at = yaml_find(v, "name");
    if (!s->name) {
        experiment_reader_missing(x->r, v, "scenario", "name");
        return false;
    }
    if (strchr(s->name, '/') || s->name[0] == '.' || experiment_reader_unprintable(s->name) ||
        strlen(s->name) > EXPERIMENT_READER_LONGEST_NAME)
        experiment_reader_mistake(
            x->r, at ? at : v,
            "scenario '%s': the name becomes a folder: no '/', no leading '.', "
            "at most %zu bytes",
            s->name, EXPERIMENT_READER_LONGEST_NAME);
    return true;
}

static void scenario(struct reading *x, const struct yaml *v, const char *name, struct scenario *s)
{
    *s = (struct scenario){.name = name, .line = v->line};
    experiment_reader_defaults(x->r, experiment_keys_scenario, s);
    if (!experiment_reader_keys(x->r, experiment_keys_scenario, "scenario", v, s) ||
        !scenario_name(x, v, s))
        return;
    if (s->max_tokens == 0)
        s->max_tokens = x->x->max_tokens;
    scenario_mode(x, v, s);
    scenario_prompts(x, v, s);
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* Beside the experiment, in its scenarios/, or from the working directory; .yaml may be left out.
 */
static const char *scenario_path(struct reading *x, const char *name)
{
    const char *const bare[] = {"", ".yaml", ".yml"};
    const bool whole = ends_in(name, ".yaml") || ends_in(name, ".yml");
    struct arena *const a = x->r->a;
    for (size_t i = whole ? 0 : 1; i < (whole ? 1 : COUNT_OF(bare)); i++) {
        const char *const file = arena_printf(a, "%s%s", name, bare[i]);
        const char *const places[] = {file_join(a, file_join(a, x->x->folder, "scenarios"), file),
                                      file_join(a, x->x->folder, file), file};
        for (size_t k = 0; k < COUNT_OF(places); k++)
            if (file_exists(places[k]))
                return places[k];
    }
    return nullptr;
}

/* One scenario in a file of its own. Its prompt sets, where it has any, join the experiment's. */
static void scenario_file(struct reading *x, const struct yaml *at, const char *word,
                          struct scenario *s)
{
    *s = (struct scenario){.line = at->line};
    const char *const path = scenario_path(x, word);
    if (!path) {
        experiment_reader_mistake(
            x->r, at,
            "scenarios: no file 'scenarios/%s%s' beside the experiment; a scenario is "
            "a map with name and prompt_set, or the name of such a file",
            word, strchr(word, '.') ? "" : ".yaml");
        return;
    }
    struct err e = {};
    const struct yaml *root;
    if (yaml_read_file(path, x->r->a, &root, &e)) {
        experiment_reader_mistake(x->r, at, "scenarios: %s", e.msg);
        return;
    }
    const char *const stem = file_name_of(path), *const dot = strrchr(stem, '.');
    const char *const outer = x->r->path;
    x->files[x->n_files++] = path;
    x->r->path = path;
    x->r->inner = true;
    scenario(x, root, arena_strndup(x->r->a, stem, dot ? (size_t)(dot - stem) : strlen(stem)), s);
    x->r->path = outer;
    x->r->inner = false;
    s->line = at->line;
}

static void scenarios(struct reading *x, const struct yaml *root)
{
    const struct yaml *v;
    const struct yaml *const *items = nullptr;
    if (!experiment_reader_wanted(x->r, root, "scenarios", &v))
        return;
    if (v->type == YAML_MAP && v->items[0]->type == YAML_SCALAR) {
        experiment_reader_mistake(x->r, v,
                                  "scenarios: a list is wanted: begin each scenario with '- '");
        return;
    }
    const bool map = v->type == YAML_MAP; /* name: {keys} is a list of scenarios too */
    const uint32_t n = map ? v->n : experiment_reader_items(&v, &items);
    struct scenario *const list = ARENA_ARRAY(x->r->a, struct scenario, n);
    const char **const names = ARENA_ARRAY(x->r->a, const char *, n);
    x->files = ARENA_ARRAY(x->r->a, const char *, n + 1);
    x->files[x->n_files++] = x->x->path;
    for (uint32_t i = 0; i < n; i++) {
        const struct yaml *const one = map ? v->items[i] : items[i];
        if (one->type == YAML_SCALAR && !map) {
            const char *const word =
                experiment_reader_text(x->r, one, "scenarios", "a map or the name of a file");
            if (word)
                scenario_file(x, one, word, &list[i]);
        } else {
            scenario(x, one, map ? v->keys[i]->text : nullptr, &list[i]);
        }
        names[i] = list[i].name;
    }
    experiment_reader_once(x->r, "scenarios", names, map ? v->items : items, n);
    x->x->scenarios = list;
    x->x->n_scenarios = n;
}

void experiment_scenarios_read(struct experiment_reader *r, const struct yaml *root,
                               struct experiment *x)
{
    struct reading reading = {.r = r, .x = x};
    prompt_sets(&reading, root);
    scenarios(&reading, root);
    x->prompt_sets = reading.sets;
    x->n_prompt_sets = reading.n_sets;
    x->files = reading.files;
    x->n_files = reading.n_files;
}
