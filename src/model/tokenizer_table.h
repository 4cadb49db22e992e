/* tokenizer_table.h - a vocabulary and its merges, ready to be asked. Filled by tokenizer_file.c.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

struct tokenizer_token {
    const char *text;  /* as the file has it; nullptr: a hole */
    const char *shown; /* what the decoder gets: an added token's normal form, where it has one */
    uint32_t n_text, n_shown;
    bool in_model; /* of the model's vocabulary, not only of the added tokens */
    bool added, special;
};

struct tokenizer_merge {
    int32_t left, right, result;
};

struct tokenizer_table {
    struct tokenizer_token *tokens; /* by id */
    size_t n_tokens, n_in_model;
    int32_t *by_text; /* hash table of the model's ids; -1: free */
    size_t text_room;
    int32_t *by_bytes; /* the same for what a byte-level text stands for; nullptr: not made */
    size_t bytes_room;
    struct tokenizer_merge *merges; /* by rank */
    size_t n_merges;
    int32_t *by_pair; /* hash table of ranks */
    size_t pair_room;
};

/* Room for ids below n. ERR_LIMIT where that is not believable. */
[[nodiscard]] enum err_code tokenizer_table_init(struct tokenizer_table *t, size_t n_tokens,
                                                 size_t n_merges, struct arena *a, struct err *e);
/* A token of the model. text is borrowed and belongs to the same arena. Of two ids for a text the
 * later counts, as in tokenizers; two texts for an id are ERR_PARSE. */
[[nodiscard]] enum err_code tokenizer_table_add(struct tokenizer_table *t, const char *text,
                                                size_t n, int64_t id, struct err *e);
/* -1: the model has no such token. */
int32_t tokenizer_table_find(const struct tokenizer_table *t, const char *text, size_t n);
[[nodiscard]] enum err_code tokenizer_table_add_merge(struct tokenizer_table *t, const char *left,
                                                      size_t n_left, const char *right,
                                                      size_t n_right, struct err *e);
/* -1: the pair is not merged. */
int32_t tokenizer_table_rank(const struct tokenizer_table *t, int32_t left, int32_t right);

/* Finds the tokens of a byte-level model by the bytes that they stand for. */
[[nodiscard]] enum err_code tokenizer_table_index_bytes(struct tokenizer_table *t, struct arena *a,
                                                        struct err *e);
int32_t tokenizer_table_find_bytes(const struct tokenizer_table *t, const char *bytes, size_t n);
