/* hf_config.h - the shape of a model as its Hugging Face config.json states it. */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;

enum hf_activation : uint8_t {
    HF_GELU_TANH, /* gelu_new, gelu_pytorch_tanh, gelu_fast: the tanh form */
    HF_GELU_ERF,  /* gelu */
    HF_RELU,
    HF_SILU, /* silu, swish */
    HF_ACTIVATION_OTHER,
};

struct hf_config {
    const char *architecture;    /* model_type: "gpt2", "llama", ... */
    const char *activation_name; /* as written; nullptr: not given */
    const char *synth;           /* "synth:gpt2/..." where chimera made it; else nullptr */
    enum hf_activation activation;
    uint32_t n_layers, d_model, n_heads, d_inner, vocab_size, n_ctx;
    double layer_norm_eps;
    bool tie_word_embeddings;
    bool scale_attention;               /* by 1/sqrt(head size): GPT-2's scale_attn_weights */
    bool scale_attention_by_layer;      /* GPT-2's scale_attn_by_inverse_layer_idx */
    int64_t bos_token_id, eos_token_id; /* -1: none */
};

/* Reads folder/config.json. ERR_PARSE names file, line, key, and what was expected there. Keys that
 * a GPT-2 may leave out have the defaults of transformers' GPT2Config. Another architecture than
 * gpt2 is read by the usual names (hidden_size, num_hidden_layers, ...); what is absent is 0. */
[[nodiscard]] enum err_code hf_config_read(const char *folder, struct arena *a,
                                           struct hf_config *ret, struct err *e);
