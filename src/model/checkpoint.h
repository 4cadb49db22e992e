/* checkpoint.h - a checkpoint in Hugging Face's layout: its shape, and its weights by their role.
 *
 * Opening checks that every weight is there with the shape that config.json promises, so that an
 * exporter never stops half-way. Weights are read in pieces; nothing of their size is held.
 */
#pragma once

#include "model/hf_config.h"
#include "model/safetensors.h"

struct arena;

/* Sizes: d is d_model, q = n_heads * head_dim, kv = n_kv_heads * head_dim. Linear weights are given
 * as [outputs, inputs]; where linear_in_out is set they are stored [inputs, outputs]. */
enum checkpoint_weight : uint8_t {
    CHECKPOINT_TOKENS,          /* [vocab, d] */
    CHECKPOINT_POSITIONS,       /* [ctx, d]: where positions are learned */
    CHECKPOINT_FINAL_NORM,      /* [d] */
    CHECKPOINT_FINAL_NORM_BIAS, /* [d], as all biases of norms: layer norms only */
    CHECKPOINT_HEAD,            /* [vocab, d]; absent where the head is tied to the tokens */
    CHECKPOINT_ATTN_NORM,       /* from here on: one per layer */
    CHECKPOINT_ATTN_NORM_BIAS,
    CHECKPOINT_QKV,      /* [3 d, d] in one: GPT-2, which then has no _Q, _K, _V */
    CHECKPOINT_QKV_BIAS, /* [3 d] */
    CHECKPOINT_Q,        /* [q, d] */
    CHECKPOINT_Q_BIAS,   /* [q] */
    CHECKPOINT_K,        /* [kv, d] */
    CHECKPOINT_K_BIAS,
    CHECKPOINT_V, /* [kv, d] */
    CHECKPOINT_V_BIAS,
    CHECKPOINT_Q_NORM,   /* [head_dim] */
    CHECKPOINT_K_NORM,   /* [head_dim] */
    CHECKPOINT_ATTN_OUT, /* [d, q] */
    CHECKPOINT_ATTN_OUT_BIAS,
    CHECKPOINT_ATTN_POST_NORM, /* [d]: of the branch, before it is added */
    CHECKPOINT_FFN_NORM,
    CHECKPOINT_FFN_NORM_BIAS,
    CHECKPOINT_GATE, /* [inner, d] */
    CHECKPOINT_GATE_BIAS,
    CHECKPOINT_UP, /* [inner, d] */
    CHECKPOINT_UP_BIAS,
    CHECKPOINT_DOWN, /* [d, inner] */
    CHECKPOINT_DOWN_BIAS,
    CHECKPOINT_FFN_POST_NORM,
    CHECKPOINT_WEIGHTS,
};

struct checkpoint {
    const char *folder;
    struct hf_config config;
    struct safetensors *file;
    const struct safetensors_tensor **weights; /* use checkpoint_weight() */
    bool tied;                                 /* the head is the table of tokens */
    bool linear_in_out; /* GPT-2's Conv1D: linear weights are [inputs, outputs] */
    int64_t params;     /* elements; a tied head counts once */
};

/* ERR_UNSUPPORTED: of no family that chimera knows, or with a setting that it does not implement;
 * the message names it. ERR_PARSE names the weight that is missing or has another shape.
 * checkpoint_done() closes the files, before a dies. */
[[nodiscard]] enum err_code checkpoint_open(const char *folder, struct arena *a,
                                            struct checkpoint *ret, struct err *e);
void checkpoint_done(struct checkpoint *m); /* for CLEANUP() too */

/* nullptr where the model has none. layer is ignored for the weights that are there once. */
const struct safetensors_tensor *checkpoint_weight(const struct checkpoint *m,
                                                   enum checkpoint_weight w, uint32_t layer);
bool checkpoint_is_layered(enum checkpoint_weight w); /* one per layer */
bool checkpoint_is_linear(enum checkpoint_weight w);  /* multiplied: not a table, norm or bias */
