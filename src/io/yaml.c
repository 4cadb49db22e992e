#include "io/yaml.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
    struct anchor *older;
    const char *name;
    const struct yaml *node; /* nullptr while the node is still being read */
};

struct reader {
    yaml_parser_t parser;
    const char *name; /* of the file, for messages */
    struct arena *a;
    struct err *e;
    struct anchor *anchors; /* the newest first: a later anchor of the same name wins */
    uint32_t depth;
    uint32_t read; /* nodes of the text itself */
};

struct list { /* grows in the arena: what it leaves behind is at most what it holds */
    const struct yaml **items;
    uint32_t n, room;
};

static void reader_done(struct reader *r)
{
    yaml_parser_delete(&r->parser);
}

static void event_done(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static void append(struct list *l, const struct yaml *node, struct arena *a)
{
    if (l->n == l->room) {
        const uint32_t room = l->room ? 2 * l->room : 4;
        const struct yaml **const items = ARENA_ARRAY(a, const struct yaml *, room);
        if (l->n)
            memcpy(items, l->items, l->n * sizeof *items);
        l->items = items;
        l->room = room;
    }
    l->items[l->n++] = node;
}

[[gnu::format(printf, 4, 5)]]
static enum err_code complain(struct reader *r, enum err_code code, yaml_mark_t at, const char *fmt,
                              ...)
{
    va_list ap;
    va_start(ap);
    const char *const what = arena_vprintf(r->a, fmt, ap);
    va_end(ap);
    return err_set(r->e, code, "%s:%zu:%zu: %s", r->name, at.line + 1, at.column + 1, what);
}

/* libyaml's words are for those who know its scanner; the mistakes that people make have better
 * ones. */
static enum err_code malformed(struct reader *r)
{
    const yaml_parser_t *const p = &r->parser;
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_READER_ERROR)
        return err_set(r->e, ERR_PARSE, "%s: byte %zu: not UTF-8 text (%s)", r->name,
                       p->problem_offset, problem);
    if (p->error == YAML_MEMORY_ERROR)
        return err_set(r->e, ERR_LIMIT, "%s: out of memory", r->name);
    if (strstr(problem, "cannot start any token"))
        problem =
            "this character cannot begin a value: quote the text, and indent with spaces, not tabs";
    else if (strstr(problem, "mapping values are not allowed"))
        problem =
            "a ':' is not allowed here: quote text that holds ': ', and check the indentation";
    else if (strstr(problem, "could not find expected ':'"))
        problem = "a key without its ':', or a line with the wrong indentation before it";
    else if (strstr(problem, "did not find expected key"))
        problem = "a key is expected here: check the indentation";
    else if (strstr(problem, "did not find expected '-' indicator"))
        problem = "an item that begins with '- ' is expected here: check the indentation";
    if (p->context && p->context_mark.line != p->problem_mark.line)
        return complain(r, ERR_PARSE, p->problem_mark, "%s (%s from line %zu)", problem, p->context,
                        p->context_mark.line + 1);
    return complain(r, ERR_PARSE, p->problem_mark, "%s", problem);
}

static enum err_code next(struct reader *r, yaml_event_t *ret)
{
    return yaml_parser_parse(&r->parser, ret) ? ERR_OK : malformed(r);
}

static struct anchor *anchor_add(struct reader *r, const yaml_char_t *name)
{
    if (!name)
        return nullptr;
    struct anchor *const x = ARENA_ARRAY(r->a, struct anchor, 1);
    *x = (struct anchor){.older = r->anchors, .name = arena_strdup(r->a, (const char *)name)};
    return r->anchors = x;
}

static enum err_code alias(struct reader *r, const yaml_event_t *event, const struct yaml **ret)
{
    const char *const name = (const char *)event->data.alias.anchor;
    for (const struct anchor *x = r->anchors; x; x = x->older)
        if (strcmp(x->name, name) == 0) {
            if (!x->node)
                return complain(r, ERR_PARSE, event->start_mark, "*%s lies inside itself", name);
            *ret = x->node;
            return ERR_OK;
        }
    return complain(r, ERR_PARSE, event->start_mark, "*%s: no &%s stands before it", name, name);
}

static enum err_code scalar(struct reader *r, const yaml_event_t *event, struct yaml *ret)
{
    const size_t n = event->data.scalar.length;
    const char *const text = (const char *)event->data.scalar.value;
    if (memchr(text, '\0', n))
        return complain(r, ERR_PARSE, event->start_mark, "text with a NUL character");
    ret->type = YAML_SCALAR;
    ret->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    ret->text = arena_strndup(r->a, text, n);
    ret->bytes = n;
    return ERR_OK;
}

static int by_text(const void *x, const void *y)
{
    const struct yaml *const a = *(const struct yaml *const *)x, *const b =
                                                                     *(const struct yaml *const *)y;
    const int order = strcmp(a->text, b->text);
    if (order)
        return order;
    return a->line != b->line ? (a->line > b->line) - (a->line < b->line)
                              : (a->column > b->column) - (a->column < b->column);
}

static enum err_code check_keys(struct reader *r, const struct list *keys)
{
    if (keys->n < 2)
        return ERR_OK;
    const struct yaml **const sorted = ARENA_ARRAY(r->a, const struct yaml *, keys->n);
    memcpy(sorted, keys->items, keys->n * sizeof *sorted);
    qsort(sorted, keys->n, sizeof *sorted, by_text);
    for (uint32_t i = 1; i < keys->n; i++)
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
            return err_set(r->e, ERR_PARSE, "%s:%u:%u: the key '%s' stands twice, first in line %u",
                           r->name, sorted[i]->line, sorted[i]->column, sorted[i]->text,
                           sorted[i - 1]->line);
    return ERR_OK;
}

static enum err_code node(struct reader *r, const yaml_event_t *event, const struct yaml **ret);

static enum err_code key(struct reader *r, const yaml_event_t *event, const struct yaml **ret)
{
    if (node(r, event, ret))
        return r->e->code;
    if ((*ret)->type != YAML_SCALAR)
        return complain(r, ERR_PARSE, event->start_mark, "a key is one word, not a list or a map");
    if (!(*ret)->quoted && strcmp((*ret)->text, "<<") == 0)
        return complain(r, ERR_PARSE, event->start_mark,
                        "merging maps with '<<' is not supported: write the keys out");
    return ERR_OK;
}

/* Reads to the end of the list or map that *ret opens. */
static enum err_code members(struct reader *r, yaml_event_type_t end, struct yaml *ret)
{
    const bool map = end == YAML_MAPPING_END_EVENT;
    struct list keys = {}, items = {};
    for (;;) {
        CLEANUP(event_done) yaml_event_t event = {};
        const struct yaml *one = nullptr;
        if (next(r, &event))
            return r->e->code;
        if (event.type == end)
            break;
        const bool is_key = map && keys.n == items.n;
        if (is_key ? key(r, &event, &one) : node(r, &event, &one))
            return r->e->code;
        assert(one);
        append(is_key ? &keys : &items, one, r->a);
        ret->nodes += one->nodes;
        if (ret->nodes > YAML_MOST_NODES)
            return complain(r, ERR_LIMIT, event.start_mark,
                            "more than %u values (with every *alias written out)", YAML_MOST_NODES);
    }
    ret->type = map ? YAML_MAP : YAML_LIST;
    ret->n = items.n;
    ret->items = items.items;
    ret->keys = keys.items;
    return map ? check_keys(r, &keys) : ERR_OK;
}

static enum err_code node(struct reader *r, const yaml_event_t *event, const struct yaml **ret)
{
    if (event->type == YAML_ALIAS_EVENT)
        return alias(r, event, ret);
    if (++r->read > YAML_MOST_NODES)
        return complain(r, ERR_LIMIT, event->start_mark, "more than %u values", YAML_MOST_NODES);

    struct yaml *const x = ARENA_ARRAY(r->a, struct yaml, 1);
    x->line = (uint32_t)event->start_mark.line + 1;
    x->column = (uint32_t)event->start_mark.column + 1;
    x->nodes = 1;
    struct anchor *anchor;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = anchor_add(r, event->data.scalar.anchor);
        if (scalar(r, event, x))
            return r->e->code;
    } else {
        const bool map = event->type == YAML_MAPPING_START_EVENT;
        anchor = anchor_add(r, map ? event->data.mapping_start.anchor
                                   : event->data.sequence_start.anchor);
        if (++r->depth > YAML_MOST_DEPTH)
            return complain(r, ERR_LIMIT, event->start_mark, "nested deeper than %u levels",
                            YAML_MOST_DEPTH);
        if (members(r, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, x))
            return r->e->code;
        r->depth--;
    }
    if (anchor)
        anchor->node = x;
    *ret = x;
    return ERR_OK;
}

static enum err_code document(struct reader *r, const struct yaml **ret)
{
    const struct yaml *root = nullptr;
    for (;;) {
        CLEANUP(event_done) yaml_event_t event = {};
        if (next(r, &event))
            return r->e->code;
        if (event.type == YAML_STREAM_END_EVENT)
            break;
        if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
            continue;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            if (root)
                return complain(r, ERR_PARSE, event.start_mark,
                                "a second document ('---'): one file is one document");
            continue;
        }
        if (node(r, &event, &root))
            return r->e->code;
    }
    if (!root) {
        struct yaml *const empty = ARENA_ARRAY(r->a, struct yaml, 1);
        *empty = (struct yaml){.text = "", .line = 1, .column = 1, .nodes = 1};
        root = empty;
    }
    *ret = root;
    return ERR_OK;
}

enum err_code yaml_parse(const char *text, size_t n, const char *name, struct arena *a,
                         const struct yaml **ret, struct err *e)
{
    if (n > YAML_MOST_BYTES)
        return err_set(e, ERR_LIMIT, "%s: %zu bytes; the most is %zu", name, n, YAML_MOST_BYTES);
    CLEANUP(reader_done) struct reader r = {.name = name, .a = a, .e = e};
    if (!yaml_parser_initialize(&r.parser))
        return err_set(e, ERR_LIMIT, "%s: out of memory", name);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, n);
    return document(&r, ret);
}

enum err_code yaml_read_file(const char *path, struct arena *a, const struct yaml **ret,
                             struct err *e)
{
    char *text;
    size_t n;
    if (file_read(path, a, &text, &n, e))
        return e->code;
    return yaml_parse(text, n, path, a, ret, e);
}

const struct yaml *yaml_find(const struct yaml *map, const char *name)
{
    if (!map || map->type != YAML_MAP)
        return nullptr;
    for (uint32_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, name) == 0)
            return map->items[i];
    return nullptr;
}

static bool plain(const struct yaml *v)
{
    return v && v->type == YAML_SCALAR && !v->quoted;
}

static bool one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

bool yaml_is_null(const struct yaml *v)
{
    static const char *const words[] = {"", "~", "null", nullptr};
    return plain(v) && one_of(v->text, words);
}

bool yaml_bool(const struct yaml *v, bool *ret)
{
    static const char *const yes[] = {"true", "yes", "on", nullptr};
    static const char *const no[] = {"false", "no", "off", nullptr};
    if (!plain(v) || (!one_of(v->text, yes) && !one_of(v->text, no)))
        return false;
    *ret = one_of(v->text, yes);
    return true;
}

/* The digits of a number without the underscores that YAML 1.1 allows between them; false where it
 * is no decimal number: strtod() would take "0x1p3", "nan" and "infinity" as well. */
static bool digits(const struct yaml *v, const char *allowed, char ret[static 64])
{
    if (!plain(v) || v->bytes == 0 || v->bytes >= 64 || v->text[0] == '_')
        return false;
    size_t n = 0;
    for (const char *c = v->text; *c; c++)
        if (*c != '_')
            ret[n++] = *c;
    ret[n] = '\0';
    return n > 0 && strspn(ret, allowed) == n;
}

bool yaml_u64(const struct yaml *v, uint64_t *ret)
{
    char text[64];
    if (!digits(v, "0123456789", text))
        return false;
    errno = 0;
    const uint64_t x = strtoull(text, nullptr, 10);
    if (errno)
        return false;
    *ret = x;
    return true;
}

bool yaml_f64(const struct yaml *v, double *ret)
{
    char text[64], *end;
    if (!digits(v, "0123456789+-.eE", text))
        return false;
    const double x = strtod(text, &end);
    if (end == text || *end || !isfinite(x))
        return false;
    *ret = x;
    return true;
}

const char *yaml_type_name(const struct yaml *v)
{
    bool flag;
    double number;
    if (!v || yaml_is_null(v))
        return "nothing";
    if (v->type == YAML_LIST)
        return "a list";
    if (v->type == YAML_MAP)
        return "a map";
    if (yaml_bool(v, &flag))
        return "true or false";
    return yaml_f64(v, &number) ? "a number" : "text";
}
