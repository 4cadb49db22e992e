/* rope.h - the frequencies of rotary position embeddings (Su et al. 2021). Pure.
 *
 * The formulas are those of transformers' modeling_rope_utils (ROPE_INIT_FUNCTIONS), computed in
 * float32 in the same order, because the angle at position p carries a frequency's rounding p
 * times:
 *  - linear: Chen et al. 2023, position interpolation;
 *  - dynamic: NTK-aware, which changes the base only beyond the model's context. No engine here
 * goes beyond it, and within it the frequencies are the plain ones;
 *  - llama3: low frequencies divided, high ones kept, smooth between (Llama 3.1);
 *  - yarn: Peng et al. 2023, with its factor on the lengths of queries and keys.
 */
#pragma once

#include <stdint.h>

enum rope_kind : uint8_t {
    ROPE_DEFAULT,
    ROPE_LINEAR,
    ROPE_DYNAMIC,
    ROPE_LLAMA3,
    ROPE_YARN,
};

struct rope {
    double theta; /* the base; 0: the model has no rotary embedding */
    enum rope_kind kind;
    double factor;                            /* all but ROPE_DEFAULT; at least 1 */
    double low_freq_factor, high_freq_factor; /* ROPE_LLAMA3 */
    double beta_fast, beta_slow;              /* ROPE_YARN */
    bool truncate;                            /* ROPE_YARN: whole bounds of the ramp */
    uint32_t original_ctx;   /* ROPE_LLAMA3 and ROPE_YARN: context before scaling */
    double attention_factor; /* sine and cosine are multiplied by it; mostly 1 */
};

const char *rope_kind_name(enum rope_kind k); /* as config.json has it: "llama3" */

/* ret[head_dim / 2]: radians per position of the pairs (i, i + head_dim / 2), as transformers
 * rotates them. head_dim is even. */
void rope_frequencies(const struct rope *r, uint32_t head_dim, float *ret);

/* ret[head_dim / 2]: the plain frequencies divided by the scaled ones: GGUF's rope_freqs.weight. */
void rope_divisors(const struct rope *r, uint32_t head_dim, float *ret);

/* YaRN's attention factor where the configuration gives none; mscale and mscale_all_dim are 0 where
 * they are absent. */
double rope_yarn_attention(double factor, double mscale, double mscale_all_dim);
