#include "model/tokenizer_special.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/json.h"
#include "model/tokenizer_class.h"
#include "model/tokenizer_part.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_AROUND = 64; /* special tokens around a text */

struct reader {
    struct tokenizer_file *t;
    struct arena *a;
    int64_t next; /* the id that a token which the model has not gets */
};

/* Gives it an id as tokenizers does: the model's, or the one that it has already, or the next. */
static enum err_code put(struct reader *r, struct tokenizer_added_token k, int64_t want,
                         struct err *e)
{
    struct tokenizer_table *const table = &r->t->bpe.table;
    const struct tokenizer_added_token *const old = tokenizer_added_find(&r->t->added, k.text, k.n);
    if (k.n == 0)
        return ERR_OK;
    int64_t id = old ? old->id : tokenizer_table_find(table, k.text, k.n);
    const bool is_new = id < 0;
    if (is_new)
        id = r->next;
    if (want >= 0 && want != id)
        return err_set(e, ERR_PARSE,
                       "the added token '%.100s' has the id %lld in the file, but tokenizers gives "
                       "it %lld",
                       k.text, (long long)want, (long long)id);
    if ((size_t)id >= table->n_tokens)
        return err_set(e, ERR_LIMIT, "the added token '%.100s' is one too many", k.text);
    struct tokenizer_token *const token = &table->tokens[id];
    if (is_new && token->text)
        return err_set(e, ERR_UNSUPPORTED,
                       "the added token '%.100s' gets the id %lld, which '%.100s' has: the "
                       "vocabulary has holes",
                       k.text, (long long)id, token->text);
    if (is_new)
        *token = (struct tokenizer_token){
            .text = k.text, .shown = k.text, .n_text = (uint32_t)k.n, .n_shown = (uint32_t)k.n};
    r->next = id >= r->next ? id + 1 : r->next;
    k.id = (int32_t)id;
    return tokenizer_added_put(&r->t->added, k, r->a, e);
}

static enum err_code put_object(struct reader *r, const struct json *v, bool named_special,
                                int64_t want, struct err *e)
{
    static const bool no = false;
    struct tokenizer_added_token k = {};
    bool normalized = false;
    if (tokenizer_part_text(v, "content", &k.text, &k.n, e) ||
        tokenizer_part_bool(v, "single_word", &no, &k.single_word, e) ||
        tokenizer_part_bool(v, "lstrip", &no, &k.lstrip, e) ||
        tokenizer_part_bool(v, "rstrip", &no, &k.rstrip, e) ||
        tokenizer_part_bool(v, "special", &no, &k.special, e))
        return e->code;
    normalized = !k.special;
    if (tokenizer_part_bool(v, "normalized", &normalized, &k.normalized, e))
        return e->code;
    k.special |= named_special;
    return put(r, k, want, e);
}

/* tokenizer.json's: each has its id. */
static enum err_code put_added(struct reader *r, const struct json *added, struct err *e)
{
    const struct json *v;
    if (added && !json_is_null(added) && !json_is_array(added))
        return err_set(e, ERR_PARSE, "'added_tokens' is not a list");
    for (struct json_iter it = json_iter(added); (v = json_next(&it, nullptr));) {
        const int64_t id = json_i64(json_get(v, "id"), -1);
        if (id < 0)
            return err_set(e, ERR_PARSE, "added_tokens: '%.100s' has no id",
                           json_str(json_get(v, "content"), ""));
        if (put_object(r, v, false, id, e))
            return e->code;
    }
    return ERR_OK;
}

struct row {
    long id;
    const struct json *token;
};

static int by_id(const void *x, const void *y)
{
    const long i = ((const struct row *)x)->id, j = ((const struct row *)y)->id;
    return (i > j) - (i < j);
}

/* tokenizer_config.json's added_tokens_decoder, by id; the ids are only an order. */
static enum err_code put_decoder(struct reader *r, const struct json *decoder, struct err *e)
{
    const size_t n = json_len(decoder);
    struct row *const rows = arena_try_alloc(r->a, n + 1, sizeof *rows);
    const struct json *v;
    const char *key;
    size_t i = 0;
    if (!rows)
        return err_set(e, ERR_LIMIT, "no memory for %zu added tokens", n);
    if (n && !json_is_object(decoder))
        return err_set(e, ERR_PARSE, "tokenizer_config.json: added_tokens_decoder is no object");
    for (struct json_iter it = json_iter(decoder); (v = json_next(&it, &key)); i++)
        rows[i] = (struct row){strtol(key, nullptr, 10), v};
    if (n > 1)
        qsort(rows, n, sizeof *rows, by_id);
    for (i = 0; i < n; i++)
        if (put_object(r, rows[i].token, false, -1, e))
            return err_wrap(e, "tokenizer_config.json: added_tokens_decoder");
    return ERR_OK;
}

/* A special token that the files or the class name; it is there already in most cases. */
static enum err_code put_named(struct reader *r, const struct json *v, const char *otherwise,
                               bool resets, struct err *e)
{
    const struct json *const content = json_is_object(v) ? json_get(v, "content") : v;
    struct tokenizer_added_token k = {.special = true};
    k.text = json_is_str(content) ? json_str(content, "") : v ? nullptr : otherwise;
    if (!k.text)
        return ERR_OK;
    k.n = json_is_str(content) ? json_len(content) : strlen(k.text);
    if (!resets && tokenizer_added_find(&r->t->added, k.text, k.n))
        return ERR_OK;
    return json_is_object(v) && !resets ? put_object(r, v, true, -1, e) : put(r, k, -1, e);
}

static enum err_code put_list(struct reader *r, const struct json *list, bool resets, struct err *e)
{
    const struct json *v;
    for (struct json_iter it = json_iter(list); (v = json_next(&it, nullptr));)
        if (put_named(r, v, nullptr, resets, e))
            return e->code;
    return ERR_OK;
}

static const struct json *setting(const struct tokenizer_class *c, const char *key)
{
    const struct json *const v = json_get(c->specials, key);
    return v ? v : json_get(c->settings, key);
}

static bool is_one_of(const char *key, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, list[i]) == 0)
            return true;
    return false;
}

static enum err_code put_specials(struct reader *r, const struct tokenizer_class *c, bool resets,
                                  struct err *e)
{
    static const char *const keys[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                       "pad_token", "cls_token", "mask_token"};
    const char *const defaults[] = {c->defaults.bos, c->defaults.eos, c->defaults.unk, nullptr,
                                    c->defaults.pad, nullptr,         c->defaults.mask};
    const struct json *const files[] = {c->settings, c->specials}, *v;
    const char *key;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (put_named(r, setting(c, keys[i]), defaults[i], resets, e))
            return e->code;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        for (struct json_iter it = json_iter(files[i]); (v = json_next(&it, &key));) {
            const size_t n = strlen(key);
            if (n > 6 && strcmp(key + n - 6, "_token") == 0 && json_is_str(v) &&
                !is_one_of(key, keys, COUNT_OF(keys)) && put_named(r, v, nullptr, resets, e))
                return e->code;
        }
    const struct json *const extra = setting(c, "extra_special_tokens");
    return put_list(r, extra ? extra : setting(c, "additional_special_tokens"), resets, e);
}

/* added_tokens.json is read by transformers in old folders; what tokenizer.json repeats is no
 * matter. */
static enum err_code check_unread(const struct tokenizer_class *c, const struct json *added,
                                  struct err *e)
{
    if (!c->unread || json_len(added) > 0)
        return ERR_OK;
    return err_set(e, ERR_UNSUPPORTED, "the folder's %s is not implemented", c->unread);
}

static enum err_code index_all(struct tokenizer_file *t, struct arena *a, struct err *e)
{
    struct tokenizer_added *const added = &t->added;
    const char **const texts = ARENA_ARRAY(a, const char *, added->n + 1);
    size_t *const lengths = ARENA_ARRAY(a, size_t, added->n + 1);
    size_t bytes = 0;
    for (size_t i = 0; i < added->n; i++) {
        texts[i] = added->tokens[i].text;
        lengths[i] = added->tokens[i].n;
        if (added->tokens[i].normalized && t->normalizer.n_steps > 0) {
            if (tokenizer_normalizer_run(&t->normalizer, &texts[i], &lengths[i], e))
                return e->code;
            texts[i] = arena_strndup(a, texts[i], lengths[i]);
        }
        bytes += lengths[i];
    }
    if (tokenizer_added_begin(added, bytes, a, e))
        return e->code;
    for (size_t i = 0; i < added->n; i++) {
        struct tokenizer_token *const k = &t->bpe.table.tokens[added->tokens[i].id];
        k->added = true;
        k->special |= added->tokens[i].special;
        k->shown = texts[i];
        k->n_shown = (uint32_t)lengths[i];
        if (tokenizer_added_index(added, i, texts[i], lengths[i], e))
            return e->code;
    }
    return ERR_OK;
}

enum err_code tokenizer_special_read(struct tokenizer_file *t, const struct json *added,
                                     const struct tokenizer_class *c, struct arena *a,
                                     struct err *e)
{
    struct tokenizer_table *const table = &t->bpe.table;
    struct reader r = {t, a, (int64_t)table->n_in_model};
    const struct json *const decoder = json_get(c->settings, "added_tokens_decoder");
    if (check_unread(c, added, e))
        return e->code;
    if (!(c->rebuilds && decoder) && put_added(&r, added, e))
        return e->code;
    if (put_decoder(&r, decoder, e) || put_specials(&r, c, false, e) ||
        (c->resets_specials && put_specials(&r, c, true, e)) || index_all(t, a, e))
        return e->code;
    while (table->n_tokens > 0 && !table->tokens[table->n_tokens - 1].text)
        table->n_tokens--; /* room that no token needed */
    return ERR_OK;
}

/* ---- around a text ---- */

static enum err_code put_around(struct tokenizer_file *t, const struct json *specials,
                                const struct json *piece, bool after, struct arena *a,
                                struct err *e)
{
    const char *const name = json_str(json_get(piece, "id"), nullptr);
    const struct json *const ids = name ? json_get(json_get(specials, name), "ids") : nullptr, *v;
    if (json_len(ids) == 0)
        return err_set(e, ERR_PARSE, "TemplateProcessing: no ids for the special token '%.100s'",
                       name ? name : "");
    for (struct json_iter it = json_iter(ids); (v = json_next(&it, nullptr));) {
        const int64_t id = json_i64(v, -1);
        if (id < 0 || (uint64_t)id >= t->bpe.table.n_tokens)
            return err_set(e, ERR_PARSE,
                           "TemplateProcessing: '%.100s' has the id %lld, and there are %zu tokens",
                           name, (long long)id, t->bpe.table.n_tokens);
        if (t->n_before + t->n_after == MOST_AROUND)
            return err_set(e, ERR_LIMIT, "more than %zu special tokens around a text", MOST_AROUND);
        if (!t->before) {
            t->before = ARENA_ARRAY(a, int32_t, MOST_AROUND);
            t->after = ARENA_ARRAY(a, int32_t, MOST_AROUND);
        }
        if (after)
            t->after[t->n_after++] = (int32_t)id;
        else
            t->before[t->n_before++] = (int32_t)id;
    }
    return ERR_OK;
}

static enum err_code read_template(struct tokenizer_file *t, const struct json *v, struct arena *a,
                                   struct err *e)
{
    const struct json *const specials = json_get(v, "special_tokens"), *piece;
    bool seen = false;
    if (t->n_before + t->n_after > 0)
        return err_set(e, ERR_UNSUPPORTED,
                       "post_processor: a second TemplateProcessing is not "
                       "implemented");
    for (struct json_iter it = json_iter(json_get(v, "single"));
         (piece = json_next(&it, nullptr));) {
        const struct json *const text = json_get(piece, "Sequence");
        const struct json *const special = json_get(piece, "SpecialToken");
        if (text && !seen && strcmp(json_str(json_get(text, "id"), ""), "A") == 0)
            seen = true;
        else if (!special)
            return err_set(e, ERR_UNSUPPORTED,
                           "TemplateProcessing: 'single' must have the sequence "
                           "A once and special tokens around it");
        else if (put_around(t, specials, special, seen, a, e))
            return e->code;
    }
    return seen ? ERR_OK
                : err_set(e, ERR_PARSE, "TemplateProcessing: 'single' is without the sequence A");
}

enum err_code tokenizer_special_around(struct tokenizer_file *t, const struct json *v,
                                       struct arena *a, struct err *e)
{
    struct tokenizer_part_list list = {};
    if (tokenizer_part_flatten(v, "post_processor", "processors", &list, e))
        return e->code;
    for (size_t i = 0; i < list.n; i++) {
        if (strcmp(list.type[i], "ByteLevel") == 0)
            continue; /* it moves offsets, which nobody asks for */
        if (strcmp(list.type[i], "TemplateProcessing") != 0)
            return err_set(e, ERR_UNSUPPORTED,
                           "the post-processor '%.60s' is not implemented; want "
                           "TemplateProcessing or ByteLevel",
                           list.type[i]);
        if (read_template(t, list.part[i], a, e))
            return e->code;
    }
    return ERR_OK;
}
