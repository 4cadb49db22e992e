/* gpt2.h - a GPT-2 checkpoint in Hugging Face's layout: its shape, and its weights by their role.
 *
 * Opening checks that every weight is there with the shape that config.json promises, so that an
 * exporter never stops half-way. Weights are read in pieces; nothing of their size is held.
 */
#pragma once

#include "model/hf_config.h"
#include "model/safetensors.h"

struct arena;

enum gpt2_weight : uint8_t {           /* linear weights are stored [inputs, outputs] */
                             GPT2_WTE, /* [vocab, d] */
                             GPT2_WPE, /* [ctx, d] */
                             GPT2_LN_F_W,
                             GPT2_LN_F_B,
                             GPT2_HEAD,  /* [vocab, d]; absent where the head is tied to wte */
                             GPT2_LN1_W, /* from here on: one per layer */
                             GPT2_LN1_B,
                             GPT2_QKV_W,
                             GPT2_QKV_B,
                             GPT2_PROJ_W,
                             GPT2_PROJ_B,
                             GPT2_LN2_W,
                             GPT2_LN2_B,
                             GPT2_UP_W,
                             GPT2_UP_B,
                             GPT2_DOWN_W,
                             GPT2_DOWN_B,
                             GPT2_WEIGHTS,
};

struct gpt2 {
    const char *folder;
    struct hf_config config;
    struct safetensors *file;
    const struct safetensors_tensor **weights; /* use gpt2_weight() */
    bool tied;                                 /* the head is wte */
    int64_t params;                            /* elements; a tied head counts once */
};

/* ERR_UNSUPPORTED: not a GPT-2. ERR_PARSE names the weight that is missing or has another shape.
 * gpt2_done() closes the files, before a dies. */
[[nodiscard]] enum err_code gpt2_open(const char *folder, struct arena *a, struct gpt2 *ret,
                                      struct err *e);
void gpt2_done(struct gpt2 *m); /* for CLEANUP() too */

/* layer is ignored for the weights that are there once. */
const struct safetensors_tensor *gpt2_weight(const struct gpt2 *m, enum gpt2_weight w,
                                             uint32_t layer);
