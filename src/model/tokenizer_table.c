#include "model/tokenizer_table.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/byte_level.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_TOKENS = 1U << 24;
constexpr size_t MOST_WORD = 512; /* of two tokens that a merge joins */

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

/* The decoder's rule: the byte of each character, or, where one is not in the alphabet, the text.
 */
static void decode_bytes(struct tokenizer_token *k, struct arena *a)
{
    char *const bytes = arena_alloc(a, (size_t)k->n_text + 1, 1);
    uint32_t n = 0;
    k->bytes = k->text;
    k->n_bytes = k->n_text;
    for (size_t i = 0, length = 0; i < k->n_text; i += length) {
        const uint32_t c = unicode_class_decode(k->text + i, k->n_text - i, &length);
        const int byte = c == UINT32_MAX ? -1 : byte_level_byte(c);
        if (byte < 0)
            return;
        bytes[n++] = (char)byte;
    }
    k->bytes = bytes;
    k->n_bytes = n;
}

enum err_code tokenizer_table_add(struct tokenizer_table *t, const char *text, size_t n, int64_t id,
                                  struct arena *a, struct err *e)
{
    if (id < 0 || (uint64_t)id >= t->n_tokens)
        return err_set(e, ERR_PARSE, "token '%.100s' has the impossible id %lld", text,
                       (long long)id);
    struct tokenizer_token *const k = &t->tokens[id];
    if (k->text && (k->n_text != n || memcmp(k->text, text, n) != 0))
        return err_set(e, ERR_PARSE, "tokens '%.100s' and '%.100s' have the same id %lld", k->text,
                       text, (long long)id);
    if (k->text)
        return ERR_OK;
    k->text = text;
    k->n_text = (uint32_t)n;
    decode_bytes(k, a);
    size_t i = hash_of(text, n) & (t->text_room - 1);
    while (t->by_text[i] >= 0)
        i = (i + 1) & (t->text_room - 1);
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

enum err_code tokenizer_table_finish(struct tokenizer_table *t, struct arena *a, struct err *e)
{
    for (unsigned b = 0; b < 256; b++) {
        const uint32_t c = byte_level_char((uint8_t)b);
        const char text[] = {(char)(c < 128 ? c : 0xc0 | c >> 6), (char)(0x80 | (c & 63))};
        t->byte_ids[b] = tokenizer_table_find(t, text, c < 128 ? 1 : 2);
        if (t->byte_ids[b] < 0)
            return err_set(e, ERR_UNSUPPORTED,
                           "the vocabulary has no token for the byte 0x%02x: not byte-level BPE",
                           b);
    }
    int32_t *const added = ARENA_ARRAY(a, int32_t, t->n_tokens + 1);
    for (size_t id = 0; id < t->n_tokens; id++) {
        if (!t->tokens[id].added || t->tokens[id].n_text == 0)
            continue;
        size_t i = t->n_added++; /* insertion: there are few */
        for (; i > 0 && t->tokens[added[i - 1]].n_text < t->tokens[id].n_text; i--)
            added[i] = added[i - 1];
        added[i] = (int32_t)id;
    }
    t->added = added;
    return ERR_OK;
}
