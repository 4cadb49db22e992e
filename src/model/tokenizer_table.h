/* tokenizer_table.h - a vocabulary and its merges, ready to be asked. Filled by tokenizer_file.c.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

struct tokenizer_token {
    const char *text;  /* as the file has it, in the byte-level alphabet; nullptr: a hole */
    const char *bytes; /* what it stands for */
    uint32_t n_text, n_bytes;
    bool added, special;
    bool in_normalized; /* of an added token: is looked for after those that are not */
};

struct tokenizer_merge {
    int32_t left, right, result;
};

struct tokenizer_table {
    struct tokenizer_token *tokens; /* by id */
    size_t n_tokens;
    int32_t *by_text; /* hash table of ids; -1: free */
    size_t text_room;
    struct tokenizer_merge *merges; /* by rank */
    size_t n_merges;
    int32_t *by_pair; /* hash table of ranks */
    size_t pair_room;
    const int32_t *added; /* ids of the added tokens, longest text first */
    size_t n_added;
    int32_t byte_ids[256];
    bool prefix_space, split_words;
};

/* Room for ids below n. ERR_LIMIT where that is not believable. */
[[nodiscard]] enum err_code tokenizer_table_init(struct tokenizer_table *t, size_t n_tokens,
                                                 size_t n_merges, struct arena *a, struct err *e);
/* text is borrowed and belongs to the same arena. An id that has another text already: ERR_PARSE.
 */
[[nodiscard]] enum err_code tokenizer_table_add(struct tokenizer_table *t, const char *text,
                                                size_t n, int64_t id, struct arena *a,
                                                struct err *e);
/* -1: no such token. */
int32_t tokenizer_table_find(const struct tokenizer_table *t, const char *text, size_t n);
[[nodiscard]] enum err_code tokenizer_table_add_merge(struct tokenizer_table *t, const char *left,
                                                      size_t n_left, const char *right,
                                                      size_t n_right, struct err *e);
/* -1: the pair is not merged. */
int32_t tokenizer_table_rank(const struct tokenizer_table *t, int32_t left, int32_t right);
/* After the last token: byte_ids and the order of the added tokens. ERR_UNSUPPORTED: a byte lacks.
 */
[[nodiscard]] enum err_code tokenizer_table_finish(struct tokenizer_table *t, struct arena *a,
                                                   struct err *e);
