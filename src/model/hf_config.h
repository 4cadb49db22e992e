/* hf_config.h - the shape of a model as its Hugging Face config.json states it. */
#pragma once

#include "base/err.h"
#include "model/rope.h"

#include <stdint.h>

struct arena;

enum hf_activation : uint8_t {
    HF_GELU_TANH, /* gelu_new, gelu_pytorch_tanh, gelu_fast: the tanh form */
    HF_GELU_ERF,  /* gelu */
    HF_RELU,
    HF_SILU, /* silu, swish */
    HF_ACTIVATION_OTHER,
};

enum hf_norm : uint8_t {
    HF_LAYER_NORM,
    HF_RMS_NORM,
    HF_RMS_NORM_1P, /* Gemma: multiplied by 1 + weight */
};

struct hf_config {
    const char *architecture;    /* model_type: "gpt2", "llama", ... */
    const char *unsupported;     /* why it cannot be exported, in words; nullptr: it can */
    const char *activation_name; /* as written; nullptr: not given */
    const char *synth;           /* "synth:gpt2/..." where chimera made it; else nullptr */
    const char *dtype;           /* "bfloat16": as config.json names it; nullptr: not given */
    enum hf_activation activation;
    enum hf_norm norm;
    uint32_t n_layers, d_model, n_heads, d_inner, vocab_size, n_ctx;
    uint32_t n_kv_heads; /* n_heads is a multiple of it */
    uint32_t head_dim;   /* of one head; n_heads * head_dim need not be d_model */
    double norm_eps;
    bool tie_word_embeddings;
    bool learned_positions; /* a table of n_ctx (GPT-2); else rope */
    bool gated;             /* act(gate(x)) * up(x); else act(up(x)) */
    bool qk_norm;           /* each head's query and key, before they are rotated */
    bool post_norms;        /* Gemma 3: each branch is normed before it is added */
    bool qkv_bias, attn_out_bias, mlp_bias;
    struct rope rope;              /* .theta 0 where positions are learned */
    struct rope rope_local;        /* of the layers in sliding[]; the same where it is one */
    const bool *sliding;           /* [n_layers]: sees the last `window` keys, its own included */
    uint32_t window;               /* 0: no layer slides */
    double embedding_scale;        /* Gemma: sqrt(d_model); else 1 */
    double attention_scale;        /* of the products of queries and keys */
    bool scale_attention_by_layer; /* GPT-2's scale_attn_by_inverse_layer_idx */
    double attn_softcap, logit_softcap; /* s * tanh(x / s); 0: none */
    int64_t bos_token_id, eos_token_id; /* -1: none */
};

/* Reads folder/config.json, both in transformers 5's spelling (rope_parameters) and in the older
 * one (rope_theta, rope_scaling). ERR_PARSE names file, line, key, and what was expected there.
 * Keys that one of the families may leave out have the defaults of transformers' configuration
 * classes.
 *
 * An architecture or a setting that chimera does not know is no error: it is said in `unsupported`,
 * because transformers may run the model all the same. The usual names (hidden_size,
 * num_hidden_layers, ...) are read then; what is absent is 0. */
[[nodiscard]] enum err_code hf_config_read(const char *folder, struct arena *a,
                                           struct hf_config *ret, struct err *e);
