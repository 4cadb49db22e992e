#include "base/opt.h"

#include "base/arena.h"
#include "base/nearest.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_OPTIONS = 64;

static void append(struct opt_list *list, const char *text, size_t room, struct arena *a)
{
    if (!list->items)
        list->items = ARENA_ARRAY(a, const char *, room);
    list->items[list->n++] = text;
}

static enum err_code store_number(const struct opt *o, char *at, const char *text, struct err *e)
{
    char *end;
    errno = 0;
    if (o->type == OPT_U64) {
        const uint64_t v = strtoull(text, &end, 10);
        if (end == text || *end || errno || strchr(text, '-'))
            return err_set(e, ERR_USAGE, "--%s: '%s' is not a whole number", o->name, text);
        *(uint64_t *)at = v;
        return ERR_OK;
    }
    const double v = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(v))
        return err_set(e, ERR_USAGE, "--%s: '%s' is not a number", o->name, text);
    if (o->type == OPT_U32 && (v < 0 || v > UINT32_MAX || v != floor(v)))
        return err_set(e, ERR_USAGE, "--%s: '%s' is not a whole number", o->name, text);
    if (o->min < o->max && (v < o->min || v > o->max))
        return err_set(e, ERR_USAGE, "--%s: %s is outside %.15g..%.15g", o->name, text, o->min,
                       o->max);
    if (o->type == OPT_U32)
        *(uint32_t *)at = (uint32_t)v;
    else
        *(double *)at = v;
    return ERR_OK;
}

static enum err_code store_choice(const struct opt *o, char *at, const char *text, struct err *e)
{
    unsigned n = 0;
    for (; o->choice[n]; n++)
        if (strcmp(o->choice[n], text) == 0) {
            *(unsigned *)at = n;
            return ERR_OK;
        }
    const char *const near = nearest_word(text, o->choice, n);
    CLEANUP(str_done) struct str all = {};
    for (unsigned i = 0; i < n; i++)
        str_printf(&all, "%s%s", i ? "|" : "", o->choice[i]);
    if (near)
        return err_set(e, ERR_USAGE, "--%s: no such choice '%s'; did you mean '%s'? (%s)", o->name,
                       text, near, str_text(&all));
    return err_set(e, ERR_USAGE, "--%s: no such choice '%s' (%s)", o->name, text, str_text(&all));
}

static enum err_code store(const struct opt *o, void *args, const char *text, size_t room,
                           struct arena *a, struct err *e)
{
    char *const at = (char *)args + o->offset;
    switch (o->type) {
    case OPT_FLAG:
        *(bool *)at = true;
        return ERR_OK;
    case OPT_STR:
        *(const char **)at = text;
        return ERR_OK;
    case OPT_LIST:
        append((struct opt_list *)at, text, room, a);
        return ERR_OK;
    case OPT_U32:
    case OPT_U64:
    case OPT_F64:
        return store_number(o, at, text, e);
    case OPT_CHOICE:
        return store_choice(o, at, text, e);
    case OPT_END:
        break;
    }
    unreachable(); /* the tables are walked up to OPT_END */
}

/* word is "--name", "--name=value", "-n" or "-nVALUE"; *ret_value is what is glued to it, or
 * nullptr. */
static bool matches(const struct opt *o, const char *word, const char **ret_value)
{
    *ret_value = nullptr;
    if (word[1] != '-') {
        if (!o->letter || word[1] != o->letter)
            return false;
        *ret_value = word[2] ? word + 2 : nullptr;
        return o->type != OPT_FLAG || !word[2];
    }
    const size_t n = strlen(o->name);
    if (strncmp(word + 2, o->name, n) != 0 || (word[2 + n] && word[2 + n] != '='))
        return false;
    *ret_value = word[2 + n] ? word + 3 + n : nullptr;
    return true;
}

static const struct opt *lookup(const struct opt_set *sets, size_t n_sets, const char *word,
                                void **ret_args, const char **ret_value)
{
    for (size_t i = 0; i < n_sets; i++)
        for (const struct opt *o = sets[i].table; o && o->type != OPT_END; o++)
            if (matches(o, word, ret_value)) {
                *ret_args = sets[i].args;
                return o;
            }
    return nullptr;
}

static enum err_code unknown(const struct opt_set *sets, size_t n_sets, const char *word,
                             struct err *e)
{
    const char *names[MOST_OPTIONS];
    size_t n = 0;
    for (size_t i = 0; i < n_sets; i++)
        for (const struct opt *o = sets[i].table; o && o->type != OPT_END && n < MOST_OPTIONS; o++)
            names[n++] = o->name;
    CLEANUP(str_done) struct str bare = {};
    if (word[1] == '-')
        str_add(&bare, word + 2, strcspn(word + 2, "="));
    const char *const near = nearest_word(str_text(&bare), names, n);
    if (near)
        return err_set(e, ERR_USAGE, "no such option: %s; did you mean --%s?", word, near);
    return err_set(e, ERR_USAGE, "no such option: %s", word);
}

enum err_code opt_parse(const struct opt_set *sets, size_t n_sets, int argc, char **argv,
                        struct opt_list *ret_operands, struct arena *a, struct err *e)
{
    const size_t room = (size_t)argc + 1;
    for (size_t i = 0; i < n_sets; i++)
        for (const struct opt *o = sets[i].table; o && o->type != OPT_END; o++)
            if (o->def && store(o, sets[i].args, o->def, room, a, e))
                return err_wrap(e, "default of --%s", o->name);

    bool options = true;
    for (int i = 0; i < argc; i++) {
        const char *const word = argv[i];
        if (!options || word[0] != '-' || !word[1]) {
            append(ret_operands, word, room, a);
            continue;
        }
        if (strcmp(word, "--") == 0) {
            options = false;
            continue;
        }
        void *args;
        const char *value;
        const struct opt *const o = lookup(sets, n_sets, word, &args, &value);
        if (!o)
            return unknown(sets, n_sets, word, e);
        if (o->type == OPT_FLAG && value)
            return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
        if (o->type != OPT_FLAG && !value) {
            if (++i == argc)
                return err_set(e, ERR_USAGE, "--%s needs %s", o->name, o->arg);
            value = argv[i];
        }
        if (store(o, args, value, room, a, e))
            return e->code;
    }
    return ERR_OK;
}
