/* tokenizer_file.h - reads tokenizer.json, or vocab.json + merges.txt, as transformers does. */
#pragma once

#include "model/tokenizer_added.h"
#include "model/tokenizer_bpe.h"
#include "model/tokenizer_decoder.h"
#include "model/tokenizer_normalizer.h"
#include "model/tokenizer_splitter.h"

struct tokenizer_file {
    struct tokenizer_normalizer normalizer;
    struct tokenizer_added added;
    struct tokenizer_splitter splitter;
    struct tokenizer_bpe bpe;
    struct tokenizer_decoder decoder;
    int32_t *before, *after; /* special tokens around a text */
    size_t n_before, n_after;
};

/* *ret begins as {}; tokenizer_file_done() frees it, whatever this returns. */
[[nodiscard]] enum err_code tokenizer_file_read(const char *folder, struct arena *a,
                                                struct tokenizer_file *ret, struct err *e);
void tokenizer_file_done(struct tokenizer_file *t);
