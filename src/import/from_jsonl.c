#include "import/from_jsonl.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/mem.h"
#include "base/str.h"
#include "import/document.h"
#include "import/guess.h"
#include "import/numbering.h"
#include "import/session.h"
#include "io/file.h"
#include "io/json.h"
#include "io/json_pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t LOOKED_AT = 1000; /* objects, for their keys */
constexpr size_t MOST_KEYS = 4096;
constexpr size_t MOST_LINE = (size_t)64 << 20;
constexpr unsigned MOST_DEPTH = 8;

constexpr char PLACE_IN_ARRAY[] = "(its place in the array)";

struct keys {
    struct arena *a;
    struct numbering seen;
    const char **names;
    size_t n;
    bool arrays; /* some value is an array of numbers: of several samples, maybe */
};

static void keys_done(struct keys *k)
{
    numbering_done(&k->seen);
}

static void add_keys(struct keys *k, const struct json *object, const char *path, unsigned depth)
{
    struct json_iter it = json_iter(object);
    const char *key;
    for (const struct json *v; (v = json_next(&it, &key));) {
        const char *const name = *path ? arena_printf(k->a, "%s.%s", path, key) : key;
        if (json_is_object(v) && depth < MOST_DEPTH) {
            add_keys(k, v, name, depth + 1);
            continue;
        }
        k->arrays = k->arrays || (json_is_array(v) && json_is_num(json_at(v, 0)));
        bool fresh;
        (void)numbering_of(&k->seen, numbering_hash(name, strlen(name), 0), &fresh);
        if (fresh && k->n < MOST_KEYS)
            k->names[k->n++] = arena_strdup(k->a, name);
    }
}

/* The value that a column's name means: a key of just that name, or the way that its dots show. */
static const struct json *follow(const struct json *object, const char *name)
{
    const struct json *v = json_get(object, name);
    char part[256];
    while (!v && *name) {
        const char *const dot = strchr(name, '.');
        if (!dot || (size_t)(dot - name) >= sizeof part)
            return json_get(object, name);
        memcpy(part, name, (size_t)(dot - name));
        part[dot - name] = '\0';
        object = json_get(object, part);
        name = dot + 1;
        v = json_get(object, name);
    }
    return v;
}

static bool take_value(const struct mapping_column *c, const struct json *v, struct record *r,
                       struct str *why)
{
    if (!v || json_is_null(v))
        return true;
    const double x = json_f64(v, NOT_MEASURED);
    if (json_is_num(v) && c->truth && (x == 0 || x == 1)) {
        const char *const word = x == 1 ? "true" : "false";
        return record_take(r, c->field, word, strlen(word), nullptr, 1, why);
    }
    if (json_is_num(v))
        return record_take_number(r, c->field, x, c->unit, c->times, why);
    if (json_is_str(v) && memchr(json_str(v, ""), '\0', json_len(v))) {
        str_printf(why, "%s: the text holds a NUL", field_table[c->field].name);
        return false;
    }
    if (json_is_str(v))
        return record_take(r, c->field, json_str(v, ""), json_len(v), c->unit, c->times, why);
    if (json_is_array(v) || json_is_object(v)) {
        str_printf(why, "%s: '%s' is %s; one value was expected", field_table[c->field].name,
                   c->name, json_is_array(v) ? "an array" : "an object");
        return false;
    }
    const char *const word = json_bool(v, false) ? "true" : "false";
    return record_take(r, c->field, word, strlen(word), c->unit, c->times, why);
}

/* An object, or one sample of it: where its latency is an array, each element is a sample, with the
 * element at that place of every other array that is as long. */
struct entry {
    const struct json *object;
    size_t at, n;             /* n 0: no array */
    const struct json *outer; /* the document, for what is the same in all rows; nullptr: none */
    const char *name;         /* its key, of an object of objects; else nullptr */
};

constexpr char ITS_KEY[] = "name"; /* the column of such keys */

static const struct json *value_of(const struct entry *x, const char *column)
{
    const struct json *const v = follow(x->object, column);
    return v || !x->outer ? v : follow(x->outer, column);
}

static bool take_key(const struct mapping_column *c, const void *row, struct record *r,
                     struct str *why)
{
    const struct entry *const x = row;
    if (c->name == PLACE_IN_ARRAY)
        return x->n == 0 || record_take_number(r, c->field, (double)x->at, nullptr, 1, why);
    const struct json *const v = value_of(x, c->name);
    if (!v && x->name && strcmp(c->name, ITS_KEY) == 0)
        return record_take(r, c->field, x->name, strlen(x->name), c->unit, c->times, why);
    const bool each = x->n && json_is_array(v) && json_len(v) == x->n;
    if (c->field == FIELD_STARTED_AT && x->at > 0 && !each)
        return true; /* the first one's */
    return take_value(c, each ? json_at(v, x->at) : v, r, why);
}

static size_t samples_in(const struct mapping *m, const struct json *object)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == FIELD_LATENCY_MS) {
            const struct json *const v = follow(object, m->columns[i].name);
            return json_is_array(v) ? json_len(v) : 0;
        }
    return 0;
}

static enum err_code take_entry(struct session *s, struct entry *x, uint64_t place, struct err *e)
{
    const uint64_t bad = s->bad;
    x->n = samples_in(&s->map, x->object);
    do
        if (session_row(s, x, place, take_key, e))
            return e->code;
    while (s->bad == bad && ++x->at < x->n);
    return ERR_OK;
}

static enum err_code take_object(struct session *s, const struct json *v, uint64_t place,
                                 struct err *e)
{
    if (json_is_object(v))
        return take_entry(s, &(struct entry){.object = v}, place, e);
    s->rows++;
    return session_bad(s, place, "no object; {\"latency_ms\": ...} was expected", e);
}

static enum err_code resolve(struct session *s, const struct keys *k, struct err *e)
{
    const struct import_request *const q = s->q;
    const struct mapping_request columns = {.source = s->source.file,
                                            .names = k->names,
                                            .n_names = k->n,
                                            .map = q->map,
                                            .n_map = q->n_map,
                                            .wide = q->wide,
                                            .constants = q->constants,
                                            .n_constants = q->n_constants};
    if (mapping_resolve(&columns, s->a, &s->map, e))
        return e->code;
    /* Samples of one array: of the prompts, where the object says which repetition it is. */
    const enum field place =
        mapping_has(&s->map, FIELD_REPETITION) ? FIELD_PROMPT_INDEX : FIELD_REPETITION;
    if (k->arrays && s->map.form == MAPPING_SAMPLES && !mapping_has(&s->map, place))
        s->map.columns[s->map.n++] = (struct mapping_column){
            .field = place, .why = MAPPING_SAME_NAME, .name = PLACE_IN_ARRAY, .times = 1};
    return session_begin(s, e);
}

/* ---- a document: an array, or an object with one inside ---- */

constexpr size_t MOST_TABLES = 64;

/* A document's rows: itself where it is a list, or its one table; rows nullptr: it is a row. */
static enum err_code choose_table(struct session *s, const struct document_table *t, size_t n,
                                  struct document_table *ret, struct err *e)
{
    CLEANUP(str_done) struct str list = {};
    for (size_t i = 0; i < n; i++) {
        if (s->q->rows ? strcmp(t[i].path, s->q->rows) == 0 : n == 1) {
            *ret = t[i];
            return ERR_OK;
        }
        str_printf(&list, "%s%s (%zu)", i ? ", " : "", t[i].path, json_len(t[i].rows));
    }
    if (n == 0 && !s->q->rows)
        return ERR_OK;
    return s->q->rows
               ? err_set(e, ERR_USAGE, "import: --rows '%s': '%s' has no such list of rows%s%s",
                         s->q->rows, s->source.file, n ? "; it has: " : "", str_text(&list))
               : err_set(e, ERR_USAGE,
                         "import: '%s' has %zu lists that could be the rows: %s; --rows KEY says "
                         "which",
                         s->source.file, n, str_text(&list));
}

/* Keys of the document outside of its tables. */
static void add_outer_keys(struct keys *k, const struct json *v, const char *path,
                           const struct document_table *t, size_t n, unsigned depth)
{
    struct json_iter it = json_iter(v);
    const char *key;
    for (const struct json *x; json_is_object(v) && (x = json_next(&it, &key));) {
        const char *const name = *path ? arena_printf(k->a, "%s.%s", path, key) : key;
        bool inside = json_is_array(x);
        for (size_t i = 0; i < n; i++)
            inside = inside || t[i].rows == x;
        if (json_is_object(x) && !inside && depth < MOST_DEPTH)
            add_outer_keys(k, x, name, t, n, depth + 1);
        else if (!inside && !json_is_object(x) && k->n < MOST_KEYS)
            k->names[k->n++] = arena_strdup(k->a, name);
    }
}

static enum err_code read_table(struct session *s, struct keys *k, const struct json *document,
                                const struct document_table *tables, size_t n_tables,
                                const struct document_table *t, struct err *e)
{
    const bool inside = t->rows != document;
    struct json_iter it = json_iter(t->rows);
    size_t i = 0;
    for (const struct json *v; i < LOOKED_AT && (v = json_next(&it, nullptr)); i++)
        if (json_is_object(v))
            add_keys(k, v, "", 0);
    if (t->keyed && k->n < MOST_KEYS)
        k->names[k->n++] = ITS_KEY;
    if (inside) {
        session_note(s, "the rows are those of %s", t->path);
        add_outer_keys(k, document, "", tables, n_tables, 0);
    }
    if (resolve(s, k, e))
        return e->code;
    it = json_iter(t->rows);
    i = 0;
    const char *key = nullptr;
    for (const struct json *v; (v = json_next(&it, &key));) {
        struct entry x = {
            .object = v, .outer = inside ? document : nullptr, .name = t->keyed ? key : nullptr};
        if (json_is_object(v) ? take_entry(s, &x, ++i, e) : take_object(s, v, ++i, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code read_document(struct session *s, struct keys *k, struct err *e)
{
    char *text;
    size_t n;
    const struct json *document;
    struct document_table tables[MOST_TABLES], chosen = {};
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)16 << 30);
    if (file_read(s->q->source, a, &text, &n, e) ||
        json_parse_nan(text, n, s->source.file, a, &document, e))
        return e->code;
    digest_of(text, n, s->source.sha256);
    s->source_bytes = n;
    const bool list = json_is_array(document);
    const size_t n_tables = list ? 0 : document_tables(document, a, tables, MOST_TABLES);
    if (list)
        chosen.rows = document;
    else if (choose_table(s, tables, n_tables, &chosen, e))
        return e->code;
    if (chosen.rows)
        return read_table(s, k, document, tables, n_tables, &chosen, e);
    add_keys(k, document, "", 0);
    return resolve(s, k, e) || take_object(s, document, 1, e) ? e->code : ERR_OK;
}

/* ---- lines ---- */

struct lines {
    FILE *file;
    struct digest *digest;
    char *text;
    size_t room;
    uint64_t line, bytes;
};

static void lines_done(struct lines *l)
{
    if (l->file && l->file != stdin)
        (void)fclose(l->file);
    if (l->digest)
        digest_freep(&l->digest);
    free(l->text);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* The next line that is not blank, without its end; nullptr at the end, or where e says why. */
static const char *next_line(struct lines *l, const char *name, size_t *ret_n, struct err *e)
{
    for (;;) {
        const ssize_t n = getline(&l->text, &l->room, l->file);
        if (n < 0) {
            if (ferror(l->file))
                (void)err_sys(e, "'%s'", name);
            return nullptr;
        }
        l->line++;
        l->bytes += (uint64_t)n;
        digest_add(l->digest, l->text, (size_t)n);
        if ((size_t)n > MOST_LINE) {
            (void)err_set(e, ERR_PARSE, "%s:%zu: a line of over %zu MiB", name, (size_t)l->line,
                          MOST_LINE >> 20);
            return nullptr;
        }
        *ret_n = (size_t)n;
        if (!is_blank(l->text) || memchr(l->text, '\0', (size_t)n))
            return l->text;
    }
}

static enum err_code take_line(struct session *s, struct json_pool *pool, const char *text,
                               size_t n, uint64_t line, struct err *e)
{
    const struct json *const v = json_pool_parse(pool, text, n);
    if (v)
        return take_object(s, v, line, e);
    s->rows++;
    return session_bad(s, line, "no JSON; an object on one line was expected", e);
}

struct kept { /* lines that were read for their keys */
    const char *text;
    size_t n;
    uint64_t line;
};

static enum err_code read_lines(struct session *s, struct keys *k, struct lines *l, struct err *e)
{
    CLEANUP(json_pool_freep) struct json_pool *pool = json_pool_new();
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)LOOKED_AT * MOST_LINE);
    struct kept *const first = ARENA_ARRAY(a, struct kept, LOOKED_AT);
    size_t kept = 0, n;
    const char *text;
    json_pool_accept_nan(pool);
    for (; kept < LOOKED_AT && (text = next_line(l, s->source.file, &n, e)); kept++) {
        first[kept] = (struct kept){arena_strndup(a, text, n), n, l->line};
        const struct json *const v = json_pool_parse(pool, text, n);
        if (json_is_object(v))
            add_keys(k, v, "", 0);
    }
    if (e->code)
        return e->code;
    if (k->n == 0 && kept && !guess_is_json(first[0].text)) {
        const size_t length = strcspn(first[0].text, "\r\n");
        return err_set(
            e, ERR_PARSE,
            "%s:%zu: '%.*s' is no object; {\"latency_ms\": ...} was expected on each line",
            s->source.file, (size_t)first[0].line, (int)(length < 40 ? length : 40), first[0].text);
    }
    if (k->n == 0 && kept)
        return err_set(
            e, ERR_PARSE,
            "%s:%zu: no object on one line; of a document that spans lines the rows must "
            "be an array ('jq .KEY FILE' makes one of a list inside)",
            s->source.file, (size_t)first[0].line);
    if (kept == 0)
        return err_set(e, ERR_PARSE, "'%s' is empty", s->source.file);
    if (resolve(s, k, e))
        return e->code;
    for (size_t i = 0; i < kept; i++)
        if (take_line(s, pool, first[i].text, first[i].n, first[i].line, e))
            return e->code;
    while ((text = next_line(l, s->source.file, &n, e)))
        if (take_line(s, pool, text, n, l->line, e))
            return e->code;
    digest_end(l->digest, s->source.sha256);
    s->source_bytes = l->bytes;
    return e->code;
}

/* Not an object on each line: one that spans lines, or tables inside the only line. */
static bool is_document(FILE *f)
{
    CLEANUP(json_pool_freep) struct json_pool *pool = json_pool_new();
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    struct document_table table;
    char *line = nullptr;
    size_t room = 0;
    rewind(f);
    json_pool_accept_nan(pool);
    const ssize_t n = getline(&line, &room, f);
    const struct json *const v = n > 0 ? json_pool_parse(pool, line, (size_t)n) : nullptr;
    const int next = getc(f);
    const bool ret = (!v && next != EOF && next != '{') ||
                     (json_is_object(v) && next == EOF && document_tables(v, a, &table, 1) > 0);
    free(line);
    return ret;
}

enum err_code from_jsonl_read(struct session *s, struct err *e)
{
    /* names of keys stay in the mapping, for the manifest */
    CLEANUP(keys_done)
    struct keys k = {.a = s->a, .names = ARENA_ARRAY(s->a, const char *, MOST_KEYS)};
    CLEANUP(lines_done) struct lines l = {.digest = digest_new()};
    const bool is_stdin = strcmp(s->q->source, "-") == 0;
    *e = (struct err){};
    l.file = is_stdin ? stdin : fopen(s->q->source, "re");
    if (!l.file)
        return err_sys(e, "'%s'", s->q->source);
    int c;
    do
        c = getc(l.file);
    while (c == ' ' || c == '\n' || c == '\r' || c == '\t');
    if (c == '[' && is_stdin)
        return err_set(e, ERR_USAGE,
                       "import: an array is read from a file, not from standard input");
    if (c == '[' || (c == '{' && !is_stdin && is_document(l.file)))
        return read_document(s, &k, e);
    if (!is_stdin)
        rewind(l.file);
    else
        (void)ungetc(c, l.file);
    return read_lines(s, &k, &l, e);
}
