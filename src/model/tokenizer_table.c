#include "model/tokenizer_table.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/byte_level.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_TOKENS = 1U << 21; /* eight times the largest known */
constexpr size_t MOST_WORD = 1024;       /* of two tokens that a merge joins */

static uint64_t hash_of(const char *text, size_t n) /* FNV-1a */
{
    uint64_t h = 0xcbf29ce484222325U;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3U;
    return h ^ h >> 29;
}

static uint64_t hash_of_pair(int32_t left, int32_t right)
{
    const uint64_t h = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15U;
    return h ^ h >> 32;
}

static int32_t *new_index(size_t n, size_t *ret_room, struct arena *a)
{
    size_t room = 16;
    while (room < 2 * n)
        room *= 2;
    int32_t *const index = arena_try_alloc(a, room, sizeof *index);
    for (size_t i = 0; index && i < room; i++)
        index[i] = -1;
    *ret_room = room;
    return index;
}

enum err_code tokenizer_table_init(struct tokenizer_table *t, size_t n_tokens, size_t n_merges,
                                   struct arena *a, struct err *e)
{
    if (n_tokens > MOST_TOKENS || n_merges > MOST_TOKENS)
        return err_set(e, ERR_LIMIT, "%zu tokens and %zu merges are more than %zu", n_tokens,
                       n_merges, MOST_TOKENS);
    t->n_tokens = n_tokens;
    t->tokens = arena_try_alloc(a, n_tokens + 1, sizeof *t->tokens);
    t->merges = arena_try_alloc(a, n_merges + 1, sizeof *t->merges);
    t->by_text = new_index(n_tokens, &t->text_room, a);
    t->by_pair = new_index(n_merges, &t->pair_room, a);
    if (!t->tokens || !t->merges || !t->by_text || !t->by_pair)
        return err_set(e, ERR_LIMIT, "no memory for %zu tokens and %zu merges", n_tokens, n_merges);
    return ERR_OK;
}

enum err_code tokenizer_table_add(struct tokenizer_table *t, const char *text, size_t n, int64_t id,
                                  struct err *e)
{
    if (id < 0 || (uint64_t)id >= t->n_tokens || n > UINT32_MAX)
        return err_set(e, ERR_PARSE, "token '%.100s' has the impossible id %lld", text,
                       (long long)id);
    struct tokenizer_token *const k = &t->tokens[id];
    if (k->text && (k->n_text != n || memcmp(k->text, text, n) != 0))
        return err_set(e, ERR_PARSE, "tokens '%.100s' and '%.100s' have the same id %lld", k->text,
                       text, (long long)id);
    if (k->text)
        return ERR_OK;
    *k = (struct tokenizer_token){
        .text = text, .shown = text, .n_text = (uint32_t)n, .n_shown = (uint32_t)n};
    k->in_model = true;
    size_t i = hash_of(text, n) & (t->text_room - 1);
    for (; t->by_text[i] >= 0; i = (i + 1) & (t->text_room - 1)) {
        struct tokenizer_token *const other = &t->tokens[t->by_text[i]];
        if (other->n_text != n || memcmp(other->text, text, n) != 0)
            continue;
        *other = (struct tokenizer_token){};
        t->n_in_model--;
        break;
    }
    t->n_in_model++;
    t->by_text[i] = (int32_t)id;
    return ERR_OK;
}

int32_t tokenizer_table_find(const struct tokenizer_table *t, const char *text, size_t n)
{
    for (size_t i = hash_of(text, n) & (t->text_room - 1); t->by_text[i] >= 0;
         i = (i + 1) & (t->text_room - 1)) {
        const struct tokenizer_token *const k = &t->tokens[t->by_text[i]];
        if (k->n_text == n && memcmp(k->text, text, n) == 0)
            return t->by_text[i];
    }
    return -1;
}

enum err_code tokenizer_table_add_merge(struct tokenizer_table *t, const char *left, size_t n_left,
                                        const char *right, size_t n_right, struct err *e)
{
    char both[MOST_WORD];
    if (n_left + n_right > sizeof both)
        return err_set(e, ERR_LIMIT, "merge %zu makes a token longer than %zu bytes", t->n_merges,
                       MOST_WORD);
    memcpy(both, left, n_left);
    memcpy(both + n_left, right, n_right);
    const struct tokenizer_merge merge = {tokenizer_table_find(t, left, n_left),
                                          tokenizer_table_find(t, right, n_right),
                                          tokenizer_table_find(t, both, n_left + n_right)};
    if (merge.left < 0 || merge.right < 0 || merge.result < 0)
        return err_set(e, ERR_PARSE,
                       "merge %zu, '%.*s' with '%.*s', is not of tokens of the vocabulary",
                       t->n_merges, (int)n_left, left, (int)n_right, right);
    size_t i = hash_of_pair(merge.left, merge.right) & (t->pair_room - 1);
    for (; t->by_pair[i] >= 0; i = (i + 1) & (t->pair_room - 1)) {
        const struct tokenizer_merge *const m = &t->merges[t->by_pair[i]];
        if (m->left == merge.left && m->right == merge.right)
            break; /* the later one counts, as in tokenizers */
    }
    t->by_pair[i] = (int32_t)t->n_merges;
    t->merges[t->n_merges++] = merge;
    return ERR_OK;
}

int32_t tokenizer_table_rank(const struct tokenizer_table *t, int32_t left, int32_t right)
{
    for (size_t i = hash_of_pair(left, right) & (t->pair_room - 1); t->by_pair[i] >= 0;
         i = (i + 1) & (t->pair_room - 1)) {
        const struct tokenizer_merge *const m = &t->merges[t->by_pair[i]];
        if (m->left == left && m->right == right)
            return t->by_pair[i];
    }
    return -1;
}

/* The bytes that a text in the byte-level alphabet stands for. false: it is not in it. */
static bool bytes_of(const struct tokenizer_token *k, char *bytes, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0, length; i < k->n_text; i += length) {
        const int byte = byte_level_byte(unicode_class_decode(k->text + i, k->n_text - i, &length));
        if (byte < 0)
            return false;
        bytes[n++] = (char)byte;
    }
    *ret_n = n;
    return true;
}

enum err_code tokenizer_table_index_bytes(struct tokenizer_table *t, struct arena *a, struct err *e)
{
    t->by_bytes = new_index(t->n_tokens, &t->bytes_room, a);
    uint32_t most = 0;
    for (size_t id = 0; id < t->n_tokens; id++)
        most = t->tokens[id].n_text > most ? t->tokens[id].n_text : most;
    char *const bytes = arena_try_alloc(a, (size_t)most + 1, 1);
    if (!t->by_bytes || !bytes)
        return err_set(e, ERR_LIMIT, "no memory for %zu tokens", t->n_tokens);
    for (size_t id = 0; id < t->n_tokens; id++) {
        size_t n = 0;
        if (!t->tokens[id].in_model || !bytes_of(&t->tokens[id], bytes, &n))
            continue;
        size_t i = hash_of(bytes, n) & (t->bytes_room - 1);
        while (t->by_bytes[i] >= 0)
            i = (i + 1) & (t->bytes_room - 1);
        t->by_bytes[i] = (int32_t)id;
    }
    return ERR_OK;
}

/* Does the token's text stand for these bytes? It was found to be in the alphabet before. */
static bool stands_for(const struct tokenizer_token *k, const char *bytes, size_t n)
{
    size_t at = 0;
    for (size_t i = 0, length; i < k->n_text; i += length) {
        const uint32_t c = unicode_class_decode(k->text + i, k->n_text - i, &length);
        if (at == n || (unsigned char)bytes[at] != byte_level_byte(c))
            return false;
        at++;
    }
    return at == n;
}

int32_t tokenizer_table_find_bytes(const struct tokenizer_table *t, const char *bytes, size_t n)
{
    for (size_t i = hash_of(bytes, n) & (t->bytes_room - 1); t->by_bytes[i] >= 0;
         i = (i + 1) & (t->bytes_room - 1))
        if (stands_for(&t->tokens[t->by_bytes[i]], bytes, n))
            return t->by_bytes[i];
    return -1;
}
