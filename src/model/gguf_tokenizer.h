/* gguf_tokenizer.h - the tokenizer's keys of a GGUF file, as llama.cpp reads them.
 *
 * llama.cpp has kinds of tokenizers and not parts: GPT-2's, Llama 3's and Qwen2's words over
 * byte-level BPE, and SentencePiece's merging by score. A tokenizer of another kind is refused.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;
struct gguf_write;
struct tokenizer;

enum gguf_tokenizer_kind : uint8_t {
    GGUF_TOKENIZER_OTHER,
    GGUF_TOKENIZER_GPT2,
    GGUF_TOKENIZER_LLAMA3,
    GGUF_TOKENIZER_QWEN2,
    GGUF_TOKENIZER_SENTENCEPIECE,
};

enum gguf_tokenizer_kind gguf_tokenizer_kind(const struct tokenizer *t);

/* The tokenizer of `folder`, for a model of so many rows. bos, eos: config.json's; below 0: none.
 */
[[nodiscard]] enum err_code gguf_tokenizer_write(struct gguf_write *w, const char *folder,
                                                 uint32_t vocab_size, int64_t bos, int64_t eos,
                                                 struct arena *a, struct err *e);
