/* tokenizer_bpe.h - byte-pair encoding of one word, as Hugging Face tokenizers' BPE model does it.
 */
#pragma once

#include "base/str.h"
#include "model/tokenizer_table.h"

struct json;
struct tokenizer_symbol;
struct tokenizer_candidate;

struct tokenizer_bpe { /* begins as {} */
    struct tokenizer_table table;
    bool byte_level;    /* words are bytes, and a symbol is a byte of them; else a character */
    bool ignore_merges; /* a word that is a token is that token */
    bool fuse_unknown;
    bool byte_fallback;    /* a character that is no token becomes its bytes, where those are */
    int32_t unknown;       /* -1: an unknown character leaves nothing */
    int32_t byte_ids[256]; /* -1: none */
    struct tokenizer_symbol *symbols;
    struct tokenizer_candidate *heap;
    size_t room, n_heap, n_symbols; /* room of symbols; the heap has three times as much */
};

struct tokenizer_ids { /* where tokens go */
    int32_t *ids;
    size_t n, room;
};

[[nodiscard]] enum err_code tokenizer_bpe_put(struct tokenizer_ids *out, int32_t id, struct err *e);

/* After the table and the flags: looks the bytes up. ERR_UNSUPPORTED: byte_level, and one lacks. */
[[nodiscard]] enum err_code tokenizer_bpe_finish(struct tokenizer_bpe *m, struct arena *a,
                                                 struct err *e);
void tokenizer_bpe_done(struct tokenizer_bpe *m);

/* Adds the tokens of text[0..n) to out. */
[[nodiscard]] enum err_code tokenizer_bpe_word(struct tokenizer_bpe *m, const char *text, size_t n,
                                               struct tokenizer_ids *out, struct err *e);
