/* tokenizer_added.h - the added tokens of a tokenizer, and finding them in a text.
 *
 * The leftmost is found first, of those the longest; then each token's own wishes hold: to be a
 * word of its own, and to take the white space at its left and right along.
 */
#pragma once

#include "model/tokenizer_pattern.h"

struct tokenizer_added_token {
    const char *text; /* what the file has */
    size_t n;
    int32_t id;
    bool single_word, lstrip, rstrip, normalized, special;
};

struct tokenizer_trie;

struct tokenizer_added { /* begins as {} */
    struct tokenizer_added_token *tokens;
    size_t n, room;
    int32_t *by_text;              /* hash table of indices, twice the room; -1: free */
    struct tokenizer_pattern word; /* one character that is part of a word */
    struct tokenizer_trie *tries;  /* [2]: of the text as it stands, and of the normalised one */
};

/* Adds one, or replaces the one that has the same text. */
[[nodiscard]] enum err_code tokenizer_added_put(struct tokenizer_added *t,
                                                struct tokenizer_added_token token, struct arena *a,
                                                struct err *e);
const struct tokenizer_added_token *tokenizer_added_find(const struct tokenizer_added *t,
                                                         const char *text, size_t n);

/* Before the first look: room for `bytes` of all the tokens' normal forms together. */
[[nodiscard]] enum err_code tokenizer_added_begin(struct tokenizer_added *t, size_t bytes,
                                                  struct arena *a, struct err *e);
/* tokens[i] is to be found as text[0..n). ERR_PARSE: another one is already, or it is empty. */
[[nodiscard]] enum err_code tokenizer_added_index(struct tokenizer_added *t, size_t i,
                                                  const char *text, size_t n, struct err *e);
void tokenizer_added_done(struct tokenizer_added *t);

struct tokenizer_added_walk {
    const char *text;
    size_t n, at, taken; /* where the search goes on; what earlier parts have taken */
    bool normalized;
};

struct tokenizer_added_match {
    const struct tokenizer_added_token *token;
    size_t before, begin, end; /* [before, begin) lies between it and the one before it */
};

/* false: there is none any more; what is left begins at w->taken. */
[[nodiscard]] enum err_code tokenizer_added_next(const struct tokenizer_added *t,
                                                 struct tokenizer_added_walk *w,
                                                 struct tokenizer_added_match *ret, bool *ret_found,
                                                 struct err *e);
