#include "model/tokenizer_file.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "model/tokenizer_class.h"
#include "model/tokenizer_part.h"
#include "model/tokenizer_special.h"

#include <string.h>

constexpr size_t SPECIALS = 64; /* that a class or tokenizer_config.json adds by name, at most */

void tokenizer_file_done(struct tokenizer_file *t)
{
    tokenizer_normalizer_done(&t->normalizer);
    tokenizer_added_done(&t->added);
    tokenizer_splitter_done(&t->splitter);
    tokenizer_bpe_done(&t->bpe);
    tokenizer_decoder_done(&t->decoder);
}

static bool is_set(const struct json *v) /* neither absent, null, false nor "" */
{
    return v && !json_is_null(v) && json_bool(v, true) && !(json_is_str(v) && json_len(v) == 0);
}

/* One more than the largest id of the vocabulary. */
static size_t count_ids(const struct json *vocabulary)
{
    int64_t most = -1, id;
    const struct json *v;
    for (struct json_iter it = json_iter(vocabulary); (v = json_next(&it, nullptr));)
        most = (id = json_i64(v, -1)) > most ? id : most;
    return most >= INT32_MAX ? SIZE_MAX / 2 : (size_t)(most + 1);
}

/* Ids that the file gives to added tokens, and one for each that has to get its own. */
static size_t count_added(const struct json *added, const struct tokenizer_class *class)
{
    return json_len(added) + json_len(json_get(class->settings, "added_tokens_decoder")) +
           json_len(json_get(class->settings, "extra_special_tokens")) +
           json_len(json_get(class->settings, "additional_special_tokens")) +
           json_len(class->settings) + json_len(class->specials) +
           json_len(json_get(class->specials, "extra_special_tokens")) +
           json_len(json_get(class->specials, "additional_special_tokens")) + SPECIALS;
}

static enum err_code add_vocabulary(const struct json *vocabulary, struct tokenizer_table *t,
                                    struct err *e)
{
    const struct json *v;
    const char *key;
    for (struct json_iter it = json_iter(vocabulary); (v = json_next(&it, &key));)
        if (tokenizer_table_add(t, key, it.key_len, json_i64(v, -1), e))
            return e->code;
    return ERR_OK;
}

/* "a b" */
static enum err_code add_merge_line(struct tokenizer_table *t, const char *line, size_t n,
                                    struct err *e)
{
    const char *const space = memchr(line, ' ', n);
    if (!space || space == line || space == line + n - 1)
        return err_set(e, ERR_PARSE, "merge %zu is not two tokens: '%.*s'", t->n_merges,
                       (int)(n < 100 ? n : 100), line);
    const size_t left = (size_t)(space - line);
    return tokenizer_table_add_merge(t, line, left, space + 1, n - left - 1, e);
}

static enum err_code add_merges(const struct json *merges, struct tokenizer_table *t, struct err *e)
{
    const struct json *v;
    for (struct json_iter it = json_iter(merges); (v = json_next(&it, nullptr));) {
        if (json_is_str(v)) {
            if (add_merge_line(t, json_str(v, ""), json_len(v), e))
                return e->code;
            continue;
        }
        const struct json *const left = json_at(v, 0), *const right = json_at(v, 1);
        if (json_len(v) != 2 || !json_is_str(left) || !json_is_str(right))
            return err_set(e, ERR_PARSE, "merge %zu is not two tokens", t->n_merges);
        if (tokenizer_table_add_merge(t, json_str(left, ""), json_len(left), json_str(right, ""),
                                      json_len(right), e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code check_model(const struct json *model, struct err *e)
{
    static const char *const refused[] = {"dropout", "continuing_subword_prefix",
                                          "end_of_word_suffix"};
    const char *const type = json_str(json_get(model, "type"), "BPE"); /* old files have none */
    if (strcmp(type, "BPE") != 0)
        return err_set(e, ERR_UNSUPPORTED, "model '%.60s' is not implemented; want BPE", type);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (is_set(json_get(model, refused[i])) && json_f64(json_get(model, refused[i]), 1) != 0)
            return err_set(e, ERR_UNSUPPORTED, "model: '%s' is not implemented", refused[i]);
    return ERR_OK;
}

/* The token that stands for what the vocabulary does not have. */
static enum err_code set_unknown(struct tokenizer_bpe *m, const struct json *model,
                                 const struct tokenizer_class *class, struct err *e)
{
    const struct json *const named = json_get(class->settings, "unk_token");
    const struct json *v = json_get(model, "unk_token");
    m->unknown = -1;
    if (class->rebuilds && !class->unknown_counts)
        return ERR_OK;
    if (class->rebuilds)
        v = json_is_object(named) ? json_get(named, "content") : named;
    const char *const text = json_str(v, class->rebuilds ? class->defaults.unk : nullptr);
    if (!text)
        return ERR_OK;
    m->unknown = tokenizer_table_find(&m->table, text, strlen(text));
    if (m->unknown < 0)
        return err_set(e, ERR_PARSE, "model: the unk_token '%.100s' is not in the vocabulary",
                       text);
    return ERR_OK;
}

static enum err_code read_model(struct tokenizer_file *t, const struct json *model,
                                const struct tokenizer_class *class, size_t n_added,
                                struct arena *a, struct err *e)
{
    struct tokenizer_bpe *const m = &t->bpe;
    const struct json *const vocabulary = json_get(model, "vocab");
    const struct json *const merges = json_get(model, "merges");
    if (!json_is_object(vocabulary) || !json_is_array(merges))
        return err_set(e, ERR_PARSE, "model needs the object 'vocab' and the list 'merges'");
    if (tokenizer_table_init(&m->table, count_ids(vocabulary) + n_added, json_len(merges), a, e) ||
        add_vocabulary(vocabulary, &m->table, e) || add_merges(merges, &m->table, e))
        return e->code;
    m->byte_level = t->splitter.byte_level;
    m->byte_fallback =
        class->rebuilds ? class->byte_fallback : json_bool(json_get(model, "byte_fallback"), false);
    m->fuse_unknown =
        class->rebuilds ? class->fuse_unknown : json_bool(json_get(model, "fuse_unk"), false);
    m->ignore_merges = !class->rebuilds && json_bool(json_get(model, "ignore_merges"), false);
    if (set_unknown(m, model, class, e))
        return e->code;
    return tokenizer_bpe_finish(m, a, e);
}

static enum err_code read_parts(struct tokenizer_file *t, const struct json *root,
                                const struct tokenizer_class *c, struct arena *a, struct err *e)
{
    if (tokenizer_normalizer_read(
            &t->normalizer, c->rebuilds ? c->normalizer : json_get(root, "normalizer"), a, e) ||
        tokenizer_splitter_read(
            &t->splitter, c->rebuilds ? c->pre_tokenizer : json_get(root, "pre_tokenizer"), a, e) ||
        tokenizer_decoder_read(&t->decoder, c->rebuilds ? c->decoder : json_get(root, "decoder"), a,
                               e))
        return e->code;
    if (t->splitter.first_only && tokenizer_normalizer_cuts(&t->normalizer))
        return err_set(e, ERR_UNSUPPORTED,
                       "a Metaspace with prepend_scheme 'first' after a normaliser that takes the "
                       "text's beginning away is not implemented");
    return ERR_OK;
}

static enum err_code read_json(const char *path, struct arena *a, const struct tokenizer_class *c,
                               struct tokenizer_file *t, struct err *e)
{
    const struct json *root;
    if (json_read_file(path, a, &root, e))
        return e->code;
    const struct json *const model = json_get(root, "model"), *const added =
                                                                  json_get(root, "added_tokens");
    if (check_model(model, e) || read_parts(t, root, c, a, e) ||
        read_model(t, model, c, count_added(added, c), a, e) ||
        tokenizer_special_read(t, added, c, a, e) ||
        tokenizer_special_around(t, json_get(root, "post_processor"), a, e))
        return err_wrap(e, "'%s'", path);
    return ERR_OK;
}

static enum err_code add_merge_lines(const char *text, struct tokenizer_table *t, struct err *e)
{
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        const char *const next = line + n + (line[n] == '\n');
        if (n && line[n - 1] == '\r')
            n--;
        if (n && !(line == text && strncmp(line, "#version", 8) == 0) &&
            add_merge_line(t, line, n, e))
            return e->code;
        line = next;
    }
    return ERR_OK;
}

/* GPT-2's first format: a vocabulary and its merges; all else is the class's. */
static enum err_code read_pair(const char *folder, struct arena *a, const struct tokenizer_class *c,
                               struct tokenizer_file *t, struct err *e)
{
    const char *const path = file_join(a, folder, "vocab.json"), *const merges = file_join(
                                                                     a, folder, "merges.txt");
    const struct json *vocabulary;
    char *text;
    size_t n, lines = 1;
    if (json_read_file(path, a, &vocabulary, e) || file_read(merges, a, &text, &n, e))
        return e->code;
    if (!json_is_object(vocabulary))
        return err_set(e, ERR_PARSE, "'%s' is not an object of tokens and ids", path);
    if (json_bool(json_get(c->settings, "add_bos_token"), false) ||
        json_bool(json_get(c->settings, "add_eos_token"), false))
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s': add_bos_token and add_eos_token without a tokenizer.json are not "
                       "implemented",
                       folder);
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    t->bpe.byte_level = true;
    t->bpe.unknown = -1;
    if (read_parts(t, nullptr, c, a, e))
        return e->code;
    if (!t->splitter.byte_level)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s': vocab.json and merges.txt of a %s are not implemented", folder,
                       c->name);
    if (tokenizer_table_init(&t->bpe.table, count_ids(vocabulary) + count_added(nullptr, c), lines,
                             a, e) ||
        add_vocabulary(vocabulary, &t->bpe.table, e))
        return err_wrap(e, "'%s'", path);
    if (add_merge_lines(text, &t->bpe.table, e))
        return err_wrap(e, "'%s'", merges);
    if (tokenizer_bpe_finish(&t->bpe, a, e) || tokenizer_special_read(t, nullptr, c, a, e))
        return err_wrap(e, "'%s'", path);
    return ERR_OK;
}

enum err_code tokenizer_file_read(const char *folder, struct arena *a, struct tokenizer_file *ret,
                                  struct err *e)
{
    char *const path = file_join(a, folder, "tokenizer.json");
    struct tokenizer_class class;
    if (tokenizer_class_read(folder, a, &class, e))
        return e->code;
    if (file_exists(path))
        return read_json(path, a, &class, ret, e);
    if (file_exists(file_join(a, folder, "vocab.json")) &&
        file_exists(file_join(a, folder, "merges.txt"))) {
        if (!class.rebuilds && tokenizer_class_of("GPT2Tokenizer", a, &class, e))
            return e->code;
        return read_pair(folder, a, &class, ret, e);
    }
    if (file_exists(file_join(a, folder, "tokenizer.model")))
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' has a SentencePiece tokenizer.model and no tokenizer.json; make one: "
                       "python3 -c \"from transformers import AutoTokenizer as T; "
                       "T.from_pretrained('%s').save_pretrained('%s')\"",
                       folder, folder, folder);
    return err_set(e, ERR_USAGE,
                   "'%s' has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt",
                   folder);
}
