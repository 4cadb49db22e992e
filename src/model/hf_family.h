/* hf_family.h - the families of decoders that chimera knows: what sets one apart from the others,
 * and what its config.json may leave out. Defaults are those of transformers' configuration
 * classes.
 */
#pragma once

#include "model/hf_config.h"

#include <stddef.h>

/* A weight that a family always has, never has, or has where its configuration says so. */
enum hf_bias : uint8_t { HF_BIAS_NEVER, HF_BIAS_ALWAYS, HF_BIAS_IF_CONFIGURED };

struct hf_family {
    const char *name;  /* model_type */
    const char *class; /* of "architectures" */
    enum hf_norm norm;
    bool learned_positions, gated, qk_norm, post_norms, tied, scaled_embedding;
    bool linear_in_out; /* linear weights are stored [inputs, outputs] */
    enum hf_bias qkv_bias, attn_out_bias, mlp_bias; /* configured: attention_bias, mlp_bias */
    /* Defaults. kv_heads and inner 0: as many as heads, 4 d; head_dim 0: d / heads. */
    uint32_t layers, d_model, heads, kv_heads, head_dim, inner, vocab, ctx;
    uint32_t window;     /* of a config without the key; 0: none */
    uint32_t full_every; /* Gemma 3: each so many-th layer is global; 0: no pattern */
    double theta, theta_local, norm_eps;
    const char *activation;
    int64_t bos, eos; /* -1: none */
};

const struct hf_family *hf_family_find(const char *name); /* nullptr: not one of them */
/* All names, for messages. */
const char *const *hf_family_names(size_t *ret_n);
