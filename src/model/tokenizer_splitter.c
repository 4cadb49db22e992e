#include "model/tokenizer_splitter.h"

#include "base/defs.h"
#include "io/json.h"
#include "model/tokenizer_part.h"
#include "model/unicode_class.h"

#include <string.h>

/* Rust's \w, which has the two joiners and Oniguruma's has not. */
#define WORD "\\w\\x{200c}\\x{200d}"

static enum err_code read_split(struct tokenizer_split_step *s, const struct json *v,
                                struct arena *a, struct err *e)
{
    static const char *const names[] = {"Removed", "Isolated", "MergedWithPrevious",
                                        "MergedWithNext", "Contiguous"};
    const char *const name = json_str(json_get(v, "behavior"), "");
    size_t i = 0;
    while (i < COUNT_OF(names) && strcmp(name, names[i]) != 0)
        i++;
    if (i == COUNT_OF(names))
        return err_set(e, ERR_PARSE,
                       "Split: behavior '%.60s': want Removed, Isolated, MergedWithPrevious, "
                       "MergedWithNext or Contiguous",
                       name);
    s->behavior = (enum tokenizer_split_behavior)i;
    if (tokenizer_part_bool(v, "invert", nullptr, &s->invert, e))
        return e->code;
    return tokenizer_part_pattern(v, a, &s->pattern, e);
}

enum err_code tokenizer_splitter_metaspace(const struct json *v, const char **ret_mark,
                                           size_t *ret_n, enum tokenizer_split_scheme *ret_scheme,
                                           struct err *e)
{
    static const char *const names[] = {"always", "first", "never"};
    const char *const name = json_str(json_get(v, "prepend_scheme"), "always");
    size_t length = 0, i = 0;
    if (tokenizer_part_text(v, "replacement", ret_mark, ret_n, e))
        return e->code;
    if (*ret_n > 0)
        (void)unicode_class_decode(*ret_mark, *ret_n, &length);
    if (*ret_n == 0 || length != *ret_n)
        return err_set(e, ERR_PARSE, "Metaspace: 'replacement' must be one character");
    while (i < COUNT_OF(names) && strcmp(name, names[i]) != 0)
        i++;
    if (i == COUNT_OF(names))
        return err_set(e, ERR_PARSE,
                       "Metaspace: prepend_scheme '%.60s': want always, first or never", name);
    *ret_scheme = (enum tokenizer_split_scheme)i;
    if (json_bool(json_get(v, "add_prefix_space"), true) || *ret_scheme == METASPACE_NEVER)
        return ERR_OK;
    return err_set(e, ERR_PARSE, "Metaspace: add_prefix_space is false and prepend_scheme '%s'",
                   name);
}

static enum err_code read_metaspace(struct tokenizer_splitter *t, const struct json *v,
                                    struct err *e)
{
    static const bool yes = true;
    struct tokenizer_split_step *const s = &t->steps[t->n_steps];
    bool split = true;
    s->kind = SPLIT_METASPACE;
    if (tokenizer_splitter_metaspace(v, &s->mark, &s->n_mark, &s->scheme, e) ||
        (!json_is_null(json_get(v, "split")) && tokenizer_part_bool(v, "split", &yes, &split, e)))
        return e->code;
    t->first_only |= s->scheme == METASPACE_FIRST;
    t->n_steps++;
    if (split)
        t->steps[t->n_steps++] = (struct tokenizer_split_step){
            .behavior = SPLIT_MERGED_NEXT,
            .pattern = {.kind = PATTERN_TEXT, .text = s->mark, .n = s->n_mark}};
    return ERR_OK;
}

static enum err_code read_byte_level(struct tokenizer_splitter *t, const struct json *v,
                                     struct err *e)
{
    static const bool yes = true;
    bool space = true, words = true;
    if (tokenizer_part_bool(v, "add_prefix_space", nullptr, &space, e) ||
        tokenizer_part_bool(v, "use_regex", &yes, &words, e))
        return e->code;
    t->byte_level = true;
    if (space)
        t->steps[t->n_steps++] = (struct tokenizer_split_step){.kind = SPLIT_SPACE};
    if (words)
        t->steps[t->n_steps++] = (struct tokenizer_split_step){.behavior = SPLIT_ISOLATED,
                                                               .pattern = {.kind = PATTERN_GPT2}};
    return ERR_OK;
}

static enum err_code read_step(struct tokenizer_splitter *t, const char *type, const struct json *v,
                               struct arena *a, struct err *e)
{
    static const char words[] = "[" WORD "]+|[^\\s" WORD "]+";
    struct tokenizer_split_step *const s = &t->steps[t->n_steps];
    bool each = false;
    *s = (struct tokenizer_split_step){};
    if (t->byte_level)
        return err_set(e, ERR_UNSUPPORTED, "'%.60s' after ByteLevel is not implemented", type);
    if (strcmp(type, "ByteLevel") == 0)
        return read_byte_level(t, v, e);
    if (strcmp(type, "Metaspace") == 0)
        return read_metaspace(t, v, e);
    t->n_steps++;
    if (strcmp(type, "Split") == 0)
        return read_split(s, v, a, e);
    if (strcmp(type, "Digits") == 0) {
        if (tokenizer_part_bool(v, "individual_digits", nullptr, &each, e))
            return e->code;
        s->behavior = each ? SPLIT_ISOLATED : SPLIT_CONTIGUOUS;
        s->pattern.kind = PATTERN_NUMBER;
        return ERR_OK;
    }
    if (strcmp(type, "WhitespaceSplit") == 0) {
        s->pattern.kind = PATTERN_SPACE;
        return ERR_OK;
    }
    if (strcmp(type, "Whitespace") == 0) {
        s->invert = true;
        return tokenizer_pattern_regex(words, sizeof words - 1, a, &s->pattern, e);
    }
    return err_set(e, ERR_UNSUPPORTED,
                   "the pre-tokeniser '%.60s' is not implemented; want Sequence, Split, ByteLevel, "
                   "Metaspace, Digits, Whitespace or WhitespaceSplit",
                   type);
}

enum err_code tokenizer_splitter_read(struct tokenizer_splitter *t, const struct json *v,
                                      struct arena *a, struct err *e)
{
    struct tokenizer_part_list list = {};
    static_assert(TOKENIZER_SPLIT_STEPS >= 2 * TOKENIZER_PARTS);
    if (tokenizer_part_flatten(v, "pre_tokenizer", "pretokenizers", &list, e))
        return e->code;
    for (size_t i = 0; i < list.n; i++)
        if (read_step(t, list.type[i], list.part[i], a, e))
            return err_wrap(e, "pre_tokenizer");
    return ERR_OK;
}

void tokenizer_splitter_done(struct tokenizer_splitter *t)
{
    for (size_t i = 0; i < t->n_steps; i++) {
        tokenizer_pattern_done(&t->steps[i].pattern);
        str_done(&t->steps[i].buffer);
    }
}

struct run { /* of the steps over one text */
    struct tokenizer_splitter *t;
    const struct tokenizer_words *to;
};

struct piece {
    const char *text;
    size_t n;
    bool at_beginning;
};

/* Steps `at` and later. Recursion is as deep as there are steps. */
static enum err_code run_from(const struct run *r, size_t at, struct piece p, struct err *e);

static enum err_code emit(const struct run *r, size_t at, struct piece p, size_t begin, size_t end,
                          struct err *e)
{
    if (begin == end)
        return ERR_OK;
    const struct piece part = {p.text + begin, end - begin, p.at_beginning && begin == 0};
    return run_from(r, at, part, e);
}

/* Does a part join the one before it? */
static bool joins(enum tokenizer_split_behavior behavior, bool match, bool match_before)
{
    switch (behavior) {
    case SPLIT_CONTIGUOUS:
        return match == match_before;
    case SPLIT_MERGED_PREVIOUS:
        return match && !match_before;
    case SPLIT_MERGED_NEXT:
        return !match && match_before;
    case SPLIT_REMOVED:
    case SPLIT_ISOLATED:
        break;
    }
    return false;
}

static enum err_code cut(const struct run *r, size_t at, struct piece p, struct err *e)
{
    const struct tokenizer_split_step *const s = &r->t->steps[at];
    struct tokenizer_pattern_walk w = tokenizer_pattern_begin(p.text, p.n);
    struct tokenizer_pattern_part part = {}, held = {};
    bool any = false;
    for (bool more;;) {
        if (tokenizer_pattern_next(&s->pattern, &w, &part, &more, e))
            return e->code;
        if (!more)
            break;
        part.is_match ^= s->invert;
        if (s->behavior == SPLIT_REMOVED && part.is_match)
            continue;
        if (any && joins(s->behavior, part.is_match, held.is_match)) {
            held.end = part.end;
        } else {
            if (emit(r, at + 1, p, held.begin, held.end, e))
                return e->code;
            held.begin = part.begin;
            held.end = part.end;
        }
        held.is_match = part.is_match;
        any = true;
    }
    return emit(r, at + 1, p, held.begin, held.end, e);
}

static struct piece with_space(struct tokenizer_split_step *s, struct piece p)
{
    if (p.text[0] == ' ')
        return p;
    str_clear(&s->buffer);
    str_putc(&s->buffer, ' ');
    str_add(&s->buffer, p.text, p.n);
    return (struct piece){str_text(&s->buffer), s->buffer.n, p.at_beginning};
}

static struct piece with_marks(struct tokenizer_split_step *s, struct piece p)
{
    struct str *const out = &s->buffer;
    str_clear(out);
    const bool marked =
        p.text[0] == ' ' || (p.n >= s->n_mark && memcmp(p.text, s->mark, s->n_mark) == 0);
    if (!marked &&
        (s->scheme == METASPACE_ALWAYS || (s->scheme == METASPACE_FIRST && p.at_beginning)))
        str_add(out, s->mark, s->n_mark);
    for (size_t from = 0; from < p.n;) {
        const char *const space = memchr(p.text + from, ' ', p.n - from);
        const size_t end = space ? (size_t)(space - p.text) : p.n;
        str_add(out, p.text + from, end - from);
        if (space)
            str_add(out, s->mark, s->n_mark);
        from = end + 1;
    }
    return (struct piece){str_text(out), out->n, p.at_beginning};
}

static enum err_code run_from(const struct run *r, size_t at, struct piece p, struct err *e)
{
    if (at == r->t->n_steps)
        return r->to->word(r->to->context, p.text, p.n, e);
    struct tokenizer_split_step *const s = &r->t->steps[at];
    switch (s->kind) {
    case SPLIT_PATTERN:
        return cut(r, at, p, e);
    case SPLIT_SPACE:
        return run_from(r, at + 1, with_space(s, p), e);
    case SPLIT_METASPACE:
        return run_from(r, at + 1, with_marks(s, p), e);
    }
    return ERR_OK;
}

enum err_code tokenizer_splitter_run(struct tokenizer_splitter *t, const char *text, size_t n,
                                     bool at_beginning, const struct tokenizer_words *to,
                                     struct err *e)
{
    return run_from(&(struct run){t, to}, 0, (struct piece){text, n, at_beginning}, e);
}
