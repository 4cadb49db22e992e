#include "model/tokenizer_added.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/unicode_class.h"

#include <string.h>

constexpr size_t MOST_ADDED = 1U << 18;
constexpr size_t MOST_BYTES = (size_t)1 << 24; /* of all their texts */

struct edge {          /* from a node by one byte */
    uint32_t node, to; /* to 0: free; nothing leads back to the root */
    uint8_t byte;
};

/* A tree of bytes. Its edges are in a hash table. */
struct tokenizer_trie {
    struct edge *edges;
    size_t room, n_nodes;
    int32_t *token; /* by node; -1: none ends here */
    bool begins[256];
};

static size_t slot_of(const struct tokenizer_trie *t, uint32_t node, uint8_t byte)
{
    const uint64_t h = ((uint64_t)node << 8 | byte) * 0x9e3779b97f4a7c15U;
    size_t i = (size_t)(h ^ h >> 32) & (t->room - 1);
    while (t->edges[i].to && (t->edges[i].node != node || t->edges[i].byte != byte))
        i = (i + 1) & (t->room - 1);
    return i;
}

/* Where in by_text the token is, or where it goes. */
static size_t place_of(const struct tokenizer_added *t, const char *text, size_t n)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3U;
    for (size_t i = (size_t)(h ^ h >> 29) & (2 * t->room - 1);; i = (i + 1) & (2 * t->room - 1)) {
        const struct tokenizer_added_token *const k =
            &t->tokens[t->by_text[i] < 0 ? 0 : t->by_text[i]];
        if (t->by_text[i] < 0 || (k->n == n && memcmp(k->text, text, n) == 0))
            return i;
    }
}

const struct tokenizer_added_token *tokenizer_added_find(const struct tokenizer_added *t,
                                                         const char *text, size_t n)
{
    const int32_t i = t->room ? t->by_text[place_of(t, text, n)] : -1;
    return i < 0 ? nullptr : &t->tokens[i];
}

static enum err_code grow(struct tokenizer_added *t, struct arena *a, struct err *e)
{
    const size_t room = t->room ? 2 * t->room : 16;
    struct tokenizer_added_token *const tokens = arena_try_alloc(a, room, sizeof *tokens);
    int32_t *const by_text = arena_try_alloc(a, 2 * room, sizeof *by_text);
    if (!tokens || !by_text || room > MOST_ADDED)
        return err_set(e, ERR_LIMIT, "%zu added tokens are too many", t->n);
    if (t->n)
        memcpy(tokens, t->tokens, t->n * sizeof *tokens);
    t->tokens = tokens;
    t->by_text = by_text;
    t->room = room;
    for (size_t i = 0; i < 2 * room; i++)
        by_text[i] = -1;
    for (size_t i = 0; i < t->n; i++)
        by_text[place_of(t, tokens[i].text, tokens[i].n)] = (int32_t)i;
    return ERR_OK;
}

enum err_code tokenizer_added_put(struct tokenizer_added *t, struct tokenizer_added_token token,
                                  struct arena *a, struct err *e)
{
    if (t->n == t->room && grow(t, a, e))
        return e->code;
    const size_t place = place_of(t, token.text, token.n);
    if (t->by_text[place] < 0)
        t->by_text[place] = (int32_t)t->n++;
    t->tokens[t->by_text[place]] = token;
    return ERR_OK;
}

enum err_code tokenizer_added_begin(struct tokenizer_added *t, size_t bytes, struct arena *a,
                                    struct err *e)
{
    static const char word[] = "[\\w\\x{200c}\\x{200d}]"; /* Rust's \w */
    if (bytes > MOST_BYTES)
        return err_set(e, ERR_LIMIT, "the added tokens have more than %zu bytes", MOST_BYTES);
    t->tries = ARENA_ARRAY(a, struct tokenizer_trie, 2);
    for (size_t k = 0; k < 2; k++) {
        struct tokenizer_trie *const trie = &t->tries[k];
        trie->room = 16;
        while (trie->room < 2 * (bytes + 1))
            trie->room *= 2;
        trie->edges = arena_try_alloc(a, trie->room, sizeof *trie->edges);
        trie->token = arena_try_alloc(a, bytes + 1, sizeof *trie->token);
        trie->n_nodes = 1;
        if (!trie->edges || !trie->token)
            return err_set(e, ERR_LIMIT, "no memory for added tokens of %zu bytes", bytes);
        trie->token[0] = -1;
    }
    for (size_t i = 0; i < t->n; i++)
        if (t->tokens[i].single_word)
            return tokenizer_pattern_regex(word, sizeof word - 1, a, &t->word, e);
    return ERR_OK;
}

enum err_code tokenizer_added_index(struct tokenizer_added *t, size_t i, const char *text, size_t n,
                                    struct err *e)
{
    struct tokenizer_trie *const trie = &t->tries[t->tokens[i].normalized];
    uint32_t node = 0;
    for (size_t k = 0; k < n; k++) {
        struct edge *const edge = &trie->edges[slot_of(trie, node, (uint8_t)text[k])];
        if (!edge->to) {
            *edge = (struct edge){node, (uint32_t)trie->n_nodes, (uint8_t)text[k]};
            trie->token[trie->n_nodes++] = -1;
        }
        node = edge->to;
    }
    if (node == 0 || trie->token[node] >= 0)
        return err_set(e, ERR_PARSE, "the added token '%.100s' is %s when it is normalised",
                       t->tokens[i].text, node == 0 ? "empty" : "the same text as another");
    trie->begins[(unsigned char)text[0]] = true;
    trie->token[node] = (int32_t)i;
    return ERR_OK;
}

void tokenizer_added_done(struct tokenizer_added *t)
{
    tokenizer_pattern_done(&t->word);
}

/* The longest token that stands at text, -1: none. */
static int32_t longest(const struct tokenizer_trie *t, const char *text, size_t n, size_t *ret_end)
{
    int32_t found = -1;
    uint32_t node = 0;
    for (size_t i = 0; i < n; i++) {
        node = t->edges[slot_of(t, node, (uint8_t)text[i])].to;
        if (!node)
            break;
        if (t->token[node] >= 0) {
            found = t->token[node];
            *ret_end = i + 1;
        }
    }
    return found;
}

static size_t character_before(const char *text, size_t end)
{
    size_t i = end - 1;
    while (i > 0 && ((unsigned char)text[i] & 0xc0) == 0x80)
        i--;
    return i;
}

static enum err_code is_word(const struct tokenizer_added *t, const char *text, size_t n, bool *ret,
                             struct err *e)
{
    struct tokenizer_pattern_walk w = tokenizer_pattern_begin(text, n);
    struct tokenizer_pattern_part part = {};
    bool more = false;
    if (tokenizer_pattern_next(&t->word, &w, &part, &more, e))
        return e->code;
    *ret = more && part.is_match;
    return ERR_OK;
}

/* Is text[begin..end) a word of its own? */
static enum err_code stands_alone(const struct tokenizer_added *t, const char *text, size_t n,
                                  size_t begin, size_t end, bool *ret, struct err *e)
{
    bool left = false, right = false;
    size_t length = 0;
    if (begin > 0) {
        const size_t i = character_before(text, begin);
        if (is_word(t, text + i, begin - i, &left, e))
            return e->code;
    }
    if (end < n) {
        (void)unicode_class_decode(text + end, n - end, &length);
        if (is_word(t, text + end, length, &right, e))
            return e->code;
    }
    *ret = !left && !right;
    return ERR_OK;
}

static size_t space_begin(const char *text, size_t end, size_t least)
{
    while (end > least) {
        const size_t i = character_before(text, end);
        size_t length;
        if (unicode_class(unicode_class_decode(text + i, end - i, &length)) != UNICODE_SPACE)
            break;
        end = i;
    }
    return end > least ? end : least;
}

static size_t space_end(const char *text, size_t n, size_t i)
{
    for (size_t length; i < n; i += length)
        if (unicode_class(unicode_class_decode(text + i, n - i, &length)) != UNICODE_SPACE)
            break;
    return i;
}

enum err_code tokenizer_added_next(const struct tokenizer_added *t, struct tokenizer_added_walk *w,
                                   struct tokenizer_added_match *ret, bool *ret_found,
                                   struct err *e)
{
    const struct tokenizer_trie *const trie = &t->tries[w->normalized];
    *ret_found = false;
    for (size_t i = w->at; i < w->n; i++) {
        size_t length = 0;
        if (!trie->begins[(unsigned char)w->text[i]])
            continue;
        const int32_t found = longest(trie, w->text + i, w->n - i, &length);
        if (found < 0)
            continue;
        const struct tokenizer_added_token *const k = &t->tokens[found];
        const size_t end = i + length;
        bool alone = true;
        if (k->single_word && stands_alone(t, w->text, w->n, i, end, &alone, e))
            return e->code;
        w->at = end;
        if (!alone) {
            i = end - 1;
            continue;
        }
        *ret = (struct tokenizer_added_match){k, w->taken, i, end};
        if (k->lstrip)
            ret->begin = space_begin(w->text, i, w->taken);
        if (k->rstrip)
            ret->end = space_end(w->text, w->n, end);
        w->taken = ret->end;
        *ret_found = true;
        return ERR_OK;
    }
    w->at = w->n;
    return ERR_OK;
}
