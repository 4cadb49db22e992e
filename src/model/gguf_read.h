/* gguf_read.h - what a .gguf file says of itself: metadata and tensor table, never the weights.
 *
 * Everything is checked against the size of the file before it is believed or allocated; memory
 * does not grow with the vocabulary.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;

constexpr uint32_t GGUF_READ_TYPES = 48;

struct gguf_read_type { /* what is stored as one ggml type */
    const char *name;   /* "F32", "Q8_0" */
    int64_t elements, bytes;
    /* Multiply-adds by these weights for one token: of the layers' matrices, and of the head (the
     * token table where there is no output.weight). A look-up multiplies nothing. Of a mixture's
     * experts those count that a token uses. */
    int64_t layers, head;
};

struct gguf_read {
    const char *architecture; /* nullptr: not stated */
    const char *tokenizer;    /* tokenizer.ggml.model; nullptr: none */
    uint32_t version, n_layers, d_model, n_heads, vocab_size, n_ctx; /* 0: unknown */
    uint32_t n_kv_heads, head_dim; /* 0: unknown, or different from layer to layer */
    int file_type; /* general.file_type, what the file says of itself; -1: nothing */
    uint32_t n_experts, n_experts_used; /* 0: no mixture */
    int64_t n_tensors, params, embedding_params, weight_bytes;
    struct gguf_read_type types[GGUF_READ_TYPES]; /* most elements first */
    uint32_t n_types;
};

/* ERR_PARSE: what is wrong at which byte; a truncated file says how many bytes are missing. */
[[nodiscard]] enum err_code gguf_read(const char *path, struct arena *a, struct gguf_read *ret,
                                      struct err *e);
