#include "lab/experiment_reader.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/plain.h"
#include "io/yaml.h"
#include "lab/experiment_keys.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_KEYS = 64;

static const char *placed(struct experiment_reader *r, const struct yaml *at, const char *fmt,
                          va_list ap)
{
    char *const what = arena_vprintf(r->a, fmt, ap);
    plain_line(what);
    if (!at)
        return arena_printf(r->a, "%s: %s", r->path, what);
    return arena_printf(r->a, "%s:%u:%u: %s", r->path, at->line, at->column, what);
}

void experiment_reader_mistake(struct experiment_reader *r, const struct yaml *at, const char *fmt,
                               ...)
{
    va_list ap;
    va_start(ap);
    if (r->n_mistakes < EXPERIMENT_READER_TOLD)
        r->mistakes[r->n_mistakes] =
            (struct experiment_mistake){placed(r, at, fmt, ap), r->inner ? UINT32_MAX
                                                                : at     ? at->line
                                                                         : 0};
    r->n_mistakes++;
    va_end(ap);
}

void experiment_reader_note(struct experiment_reader *r, const struct yaml *at, const char *fmt,
                            ...)
{
    if (r->n_notes == r->room_notes) {
        const uint32_t room = r->room_notes ? 2 * r->room_notes : 8;
        const char **const notes = ARENA_ARRAY(r->a, const char *, room);
        if (r->n_notes)
            memcpy(notes, r->notes, r->n_notes * sizeof *notes);
        r->notes = notes;
        r->room_notes = room;
    }
    va_list ap;
    va_start(ap);
    r->notes[r->n_notes++] = placed(r, at, fmt, ap);
    va_end(ap);
}

const char *experiment_reader_hint(struct experiment_reader *r, const char *near)
{
    return near ? arena_printf(r->a, "; did you mean '%s'?", near) : "";
}

const char *experiment_reader_text(struct experiment_reader *r, const struct yaml *v,
                                   const char *key, const char *want)
{
    if (v && v->type == YAML_SCALAR && !yaml_is_null(v) && v->bytes > 0)
        return v->text;
    experiment_reader_mistake(r, v, "%s: %s is wanted, not %s", key, want,
                              v && v->type == YAML_SCALAR && v->quoted ? "empty text"
                                                                       : yaml_type_name(v));
    return nullptr;
}

/* A list, or one value where a list of one is meant. */
uint32_t experiment_reader_items(const struct yaml *const *v, const struct yaml *const **ret)
{
    *ret = (*v)->type == YAML_LIST ? (*v)->items : v;
    return (*v)->type == YAML_LIST ? (*v)->n : 1;
}

void experiment_reader_missing(struct experiment_reader *r, const struct yaml *at, const char *what,
                               const char *key)
{
    for (uint32_t i = 0; i < r->n_hinted; i++)
        if (strcmp(r->hinted[i], key) == 0)
            return;
    experiment_reader_mistake(r, at, "%s%sthe key '%s' is missing", what ? what : "",
                              what ? ": " : "", key);
}

bool experiment_reader_wanted(struct experiment_reader *r, const struct yaml *root, const char *key,
                              const struct yaml **ret)
{
    *ret = yaml_find(root, key);
    if (*ret && !yaml_is_null(*ret) && ((*ret)->type == YAML_SCALAR || (*ret)->n > 0))
        return true;
    if (*ret)
        experiment_reader_mistake(r, *ret, "%s: empty; at least one is wanted", key);
    else
        experiment_reader_missing(r, root, nullptr, key);
    return false;
}

struct named {
    const char *folder, *name;
    const struct yaml *at;
    uint32_t place; /* in the list: a sort must not turn "first" and "again" around */
};

static int by_folder(const void *a, const void *b)
{
    const struct named *const x = a, *const y = b;
    const int order = strcmp(x->folder, y->folder);
    return order ? order : (x->place > y->place) - (x->place < y->place);
}

void experiment_reader_once(struct experiment_reader *r, const char *what, const char *const *names,
                            const struct yaml *const *at, uint32_t n)
{
    struct named *const sorted = ARENA_ARRAY(r->a, struct named, n);
    uint32_t have = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!names[i])
            continue;
        char *const folder = arena_strdup(r->a, names[i]);
        for (char *c = folder; *c; c++)
            if (*c == '/' || *c == ':')
                *c = '_';
        sorted[have++] = (struct named){folder, names[i], at[i], i};
    }
    qsort(sorted, have, sizeof *sorted, by_folder);
    for (uint32_t i = 1; i < have; i++) {
        const struct named *const x = &sorted[i - 1], *const y = &sorted[i];
        if (strcmp(x->folder, y->folder) != 0)
            continue;
        if (strcmp(x->name, y->name) == 0)
            experiment_reader_mistake(r, y->at, "%s: '%s' stands twice, first in line %u", what,
                                      y->name, x->at->line);
        else
            experiment_reader_mistake(
                r, y->at, "%s: '%s' and the '%s' of line %u would share a results folder", what,
                y->name, x->name, x->at->line);
    }
}

const char *experiment_reader_unprintable(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '\x7f')
            return c;
    return nullptr;
}

static void number(struct experiment_reader *r, const struct experiment_key *k,
                   const struct yaml *v, char *at)
{
    double x;
    uint64_t whole = 0;
    if (v->type == YAML_SCALAR && v->quoted) {
        experiment_reader_mistake(r, v,
                                  "%s: \"%s\" in quotes is text; %s is wanted: drop the quotes",
                                  k->name, v->text, k->want);
        return;
    }
    if (!yaml_f64(v, &x)) {
        experiment_reader_mistake(r, v, "%s: %s is wanted, not %s%s%s", k->name, k->want,
                                  yaml_type_name(v), v->text ? " " : "", v->text ? v->text : "");
        return;
    }
    if (k->min < k->max && (x < k->min || x > k->max)) {
        experiment_reader_mistake(r, v, "%s: %s is outside %.10g to %.10g", k->name, v->text,
                                  k->min, k->max);
        return;
    }
    if (k->type == EXPERIMENT_KEY_F64) {
        *(double *)(void *)at = x;
        return;
    }
    if (!yaml_u64(v, &whole) && (x < 0 || x != floor(x) || x >= 0x1p63)) {
        experiment_reader_mistake(r, v, "%s: %s is not %s of at least 0", k->name, v->text,
                                  k->want);
        return;
    }
    if (!yaml_u64(v, &whole))
        whole = (uint64_t)x; /* 1e3 */
    if (k->type == EXPERIMENT_KEY_U64)
        *(uint64_t *)(void *)at = whole;
    else
        *(uint32_t *)(void *)at = (uint32_t)whole; /* the bounds of every such row fit */
}

static void choice(struct experiment_reader *r, const struct experiment_key *k,
                   const struct yaml *v, char *at)
{
    const char *const word = experiment_reader_text(r, v, k->name, k->want);
    size_t n = 0;
    for (; word && k->choice[n]; n++)
        if (strcmp(k->choice[n], word) == 0) {
            *(unsigned char *)at = (unsigned char)n;
            return;
        }
    if (word)
        experiment_reader_mistake(r, v, "%s: no '%s'; %s is wanted%s", k->name, word, k->want,
                                  experiment_reader_hint(r, nearest_word(word, k->choice, n)));
}

static void store(struct experiment_reader *r, const struct experiment_key *k, const struct yaml *v,
                  char *base)
{
    char *const at = base + k->offset;
    switch (k->type) {
    case EXPERIMENT_KEY_U32:
    case EXPERIMENT_KEY_U64:
    case EXPERIMENT_KEY_F64:
        number(r, k, v, at);
        break;
    case EXPERIMENT_KEY_BOOL:
        if (!yaml_bool(v, (bool *)at))
            experiment_reader_mistake(r, v, "%s: true or false is wanted, not %s%s%s", k->name,
                                      yaml_type_name(v), v->text ? " " : "",
                                      v->text ? v->text : "");
        break;
    case EXPERIMENT_KEY_STR: {
        const char *const text = experiment_reader_text(r, v, k->name, k->want);
        if (text)
            *(const char **)(void *)at = text;
        break;
    }
    case EXPERIMENT_KEY_CHOICE:
        choice(r, k, v, at);
        break;
    case EXPERIMENT_KEY_LATER:
        experiment_reader_note(r, v,
                               "'%s' is read past: this version of chimera does not use it (%s)",
                               k->name, k->help);
        break;
    case EXPERIMENT_KEY_PART:
    case EXPERIMENT_KEY_END:
        break;
    }
}

void experiment_reader_defaults(struct experiment_reader *r, const struct experiment_key *table,
                                void *ret)
{
    for (const struct experiment_key *k = table; k->type != EXPERIMENT_KEY_END; k++) {
        if (!k->def || k->type == EXPERIMENT_KEY_PART)
            continue;
        const struct yaml v = {.type = YAML_SCALAR, .text = k->def, .bytes = strlen(k->def)};
        store(r, k, &v, ret);
    }
}

static void unknown(struct experiment_reader *r, const struct experiment_key *table,
                    const char *what, const struct yaml *key)
{
    if (strchr(key->text, '=')) { /* {name: synth:gpt2/L=2,d=64} */
        experiment_reader_mistake(
            r, key, "no such key of %s: '%s'; inside { } and [ ] a name with ',' needs quotes",
            what, key->text);
        return;
    }
    const char *names[MOST_KEYS] = {};
    size_t n = 0;
    for (const struct experiment_key *k = table; k->type != EXPERIMENT_KEY_END && n < MOST_KEYS;
         k++)
        names[n++] = k->name;
    const char *const near = nearest_word(key->text, names, n);
    if (near && r->n_hinted < EXPERIMENT_READER_TOLD)
        r->hinted[r->n_hinted++] = near;
    if (near || n > 6) {
        experiment_reader_mistake(r, key, "no such key of %s: '%s'%s", what, key->text,
                                  near ? experiment_reader_hint(r, near)
                                       : "; docs/EXPERIMENT.md lists them");
        return;
    }
    const char *all = names[0];
    for (size_t i = 1; i < n; i++)
        all = arena_printf(r->a, "%s, %s", all, names[i]);
    experiment_reader_mistake(r, key, "no such key of %s: '%s' (it has %s)", what, key->text, all);
}

bool experiment_reader_keys(struct experiment_reader *r, const struct experiment_key *table,
                            const char *what, const struct yaml *map, void *ret)
{
    if (map->type != YAML_MAP) {
        experiment_reader_mistake(r, map, "%s: a map of keys is wanted, not %s", what,
                                  yaml_type_name(map));
        return false;
    }
    for (uint32_t i = 0; i < map->n; i++) {
        const struct experiment_key *k = table;
        while (k->type != EXPERIMENT_KEY_END && strcmp(k->name, map->keys[i]->text) != 0)
            k++;
        if (k->type == EXPERIMENT_KEY_END)
            unknown(r, table, what, map->keys[i]);
        else if (!yaml_is_null(map->items[i]) || map->items[i]->bytes == 0) /* null: the default */
            store(r, k, map->items[i], ret);
    }
    return true;
}

enum err_code experiment_reader_done(struct experiment_reader *r, struct err *e)
{
    if (r->n_mistakes == 0)
        return ERR_OK;
    const uint32_t kept =
        r->n_mistakes < EXPERIMENT_READER_TOLD ? r->n_mistakes : EXPERIMENT_READER_TOLD;
    for (uint32_t i = 1; i < kept; i++) /* by line; what was found first stays first */
        for (uint32_t k = i; k > 0 && r->mistakes[k - 1].line > r->mistakes[k].line; k--) {
            const struct experiment_mistake x = r->mistakes[k];
            r->mistakes[k] = r->mistakes[k - 1];
            r->mistakes[k - 1] = x;
        }
    const char *all = r->mistakes[0].text;
    uint32_t told = 1;
    constexpr size_t room = sizeof e->msg - 40; /* for the line that counts the rest */
    for (; told < kept && strlen(all) + 1 + strlen(r->mistakes[told].text) < room; told++)
        all = arena_printf(r->a, "%s\n%s", all, r->mistakes[told].text);
    if (told < r->n_mistakes)
        all = arena_printf(r->a, "%s\n(and %u more)", all, r->n_mistakes - told);
    return err_set_lines(e, ERR_USAGE, all);
}
