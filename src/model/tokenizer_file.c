#include "model/tokenizer_file.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <string.h>

static bool is_set(const struct json *v) /* neither absent, null, false nor "" */
{
    return v && !json_is_null(v) && json_bool(v, true) && !(json_is_str(v) && json_len(v) == 0);
}

/* A part of tokenizer.json must be of the one type that is implemented; absent where that is
 * allowed. */
static enum err_code expect(const struct json *root, const char *key, const char *type,
                            bool may_lack, struct err *e)
{
    const struct json *const v = json_get(root, key);
    const char *const is = json_str(json_get(v, "type"), nullptr);
    if (type && is && strcmp(is, type) == 0)
        return ERR_OK;
    if ((!v || json_is_null(v)) && may_lack)
        return ERR_OK;
    if (!v || json_is_null(v))
        return err_set(e, ERR_UNSUPPORTED, "'%s' is missing; only %s is implemented", key, type);
    return err_set(e, ERR_UNSUPPORTED, "%s '%s' is not implemented%s%s", key,
                   is ? is : "of unknown type", type ? "; want " : "", type ? type : "");
}

static enum err_code check_parts(const struct json *root, struct err *e)
{
    static const char *const refused[] = {"dropout", "continuing_subword_prefix",
                                          "end_of_word_suffix", "byte_fallback", "ignore_merges"};
    if (expect(root, "model", "BPE", false, e) || expect(root, "normalizer", nullptr, true, e) ||
        expect(root, "pre_tokenizer", "ByteLevel", false, e) ||
        expect(root, "post_processor", "ByteLevel", true, e) ||
        expect(root, "decoder", "ByteLevel", false, e))
        return e->code;
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        if (is_set(json_get(json_get(root, "model"), refused[i])))
            return err_set(e, ERR_UNSUPPORTED, "model: '%s' is not implemented", refused[i]);
    return ERR_OK;
}

/* One more than the largest id of the vocabulary and of the added tokens. */
static size_t count_ids(const struct json *vocabulary, const struct json *added)
{
    int64_t most = -1, id;
    const struct json *v;
    for (struct json_iter it = json_iter(vocabulary); (v = json_next(&it, nullptr));)
        most = (id = json_i64(v, -1)) > most ? id : most;
    for (struct json_iter it = json_iter(added); (v = json_next(&it, nullptr));)
        most = (id = json_i64(json_get(v, "id"), -1)) > most ? id : most;
    return most == INT64_MAX ? SIZE_MAX : (size_t)(most + 1);
}

static enum err_code add_vocabulary(const struct json *vocabulary, struct tokenizer_table *t,
                                    struct arena *a, struct err *e)
{
    const struct json *v;
    const char *key;
    for (struct json_iter it = json_iter(vocabulary); (v = json_next(&it, &key));)
        if (tokenizer_table_add(t, key, strlen(key), json_i64(v, -1), a, e))
            return e->code;
    return ERR_OK;
}

static enum err_code add_added(const struct json *added, struct tokenizer_table *t, struct arena *a,
                               struct err *e)
{
    static const char *const refused[] = {"single_word", "lstrip", "rstrip"};
    const struct json *v;
    for (struct json_iter it = json_iter(added); (v = json_next(&it, nullptr));) {
        const char *const text = json_str(json_get(v, "content"), nullptr);
        const int64_t id = json_i64(json_get(v, "id"), -1);
        if (!text)
            return err_set(e, ERR_PARSE, "added_tokens: a token has no content");
        for (size_t i = 0; i < COUNT_OF(refused); i++)
            if (is_set(json_get(v, refused[i])))
                return err_set(e, ERR_UNSUPPORTED, "added token '%.100s': '%s' is not implemented",
                               text, refused[i]);
        if (tokenizer_table_add(t, text, strlen(text), id, a, e))
            return e->code;
        t->tokens[id].added = true;
        t->tokens[id].special = json_bool(json_get(v, "special"), false);
        t->tokens[id].in_normalized = json_bool(json_get(v, "normalized"), false);
    }
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
        const char *const left = json_str(json_at(v, 0), nullptr), *const right = json_str(
                                                                       json_at(v, 1), nullptr);
        if (json_len(v) != 2 || !left || !right)
            return err_set(e, ERR_PARSE, "merge %zu is not two tokens", t->n_merges);
        if (tokenizer_table_add_merge(t, left, strlen(left), right, strlen(right), e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code read_json(const char *path, struct arena *a, struct tokenizer_table *t,
                               struct err *e)
{
    const struct json *root;
    if (json_read_file(path, a, &root, e))
        return e->code;
    if (check_parts(root, e))
        return err_wrap(e, "'%s'", path);
    const struct json *const model = json_get(root, "model"), *const added =
                                                                  json_get(root, "added_tokens");
    const struct json *const vocabulary = json_get(model, "vocab"), *const merges =
                                                                        json_get(model, "merges");
    const struct json *const words = json_get(root, "pre_tokenizer");
    if (!json_is_object(vocabulary) || !json_is_array(merges))
        return err_set(e, ERR_PARSE, "'%s': model needs the object 'vocab' and the list 'merges'",
                       path);
    t->prefix_space = json_bool(json_get(words, "add_prefix_space"), true);
    t->split_words = json_bool(json_get(words, "use_regex"), true);
    if (tokenizer_table_init(t, count_ids(vocabulary, added), json_len(merges), a, e) ||
        add_vocabulary(vocabulary, t, a, e) || add_merges(merges, t, e) ||
        add_added(added, t, a, e) || tokenizer_table_finish(t, a, e))
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

/* GPT-2's first format. It names no special tokens: <|endoftext|> is the one that its class has. */
static enum err_code read_pair(const char *folder, struct arena *a, struct tokenizer_table *t,
                               struct err *e)
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
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    t->split_words = true;
    if (tokenizer_table_init(t, count_ids(vocabulary, nullptr), lines, a, e) ||
        add_vocabulary(vocabulary, t, a, e))
        return err_wrap(e, "'%s'", path);
    if (add_merge_lines(text, t, e))
        return err_wrap(e, "'%s'", merges);
    const int32_t end = tokenizer_table_find(t, "<|endoftext|>", 13);
    if (end >= 0)
        t->tokens[end].added = t->tokens[end].special = true;
    return tokenizer_table_finish(t, a, e) ? err_wrap(e, "'%s'", path) : ERR_OK;
}

enum err_code tokenizer_file_read(const char *folder, struct arena *a, struct tokenizer_table *ret,
                                  struct err *e)
{
    char *const path = file_join(a, folder, "tokenizer.json");
    if (file_exists(path))
        return read_json(path, a, ret, e);
    if (file_exists(file_join(a, folder, "vocab.json")) &&
        file_exists(file_join(a, folder, "merges.txt")))
        return read_pair(folder, a, ret, e);
    return err_set(e, ERR_USAGE,
                   "'%s' has no tokenizer: neither tokenizer.json nor vocab.json with merges.txt",
                   folder);
}
