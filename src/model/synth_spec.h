/* synth_spec.h - what a synth model is, and the name that says so. */
#pragma once

#include "base/err.h"
#include "model/rope.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

enum synth_family : uint8_t {
    SYNTH_GPT2,
    SYNTH_LLAMA,
    SYNTH_MISTRAL,
    SYNTH_QWEN2,
    SYNTH_QWEN3,
    SYNTH_GEMMA3,
    SYNTH_FAMILIES,
};

enum synth_dtype : uint8_t { SYNTH_FP32, SYNTH_FP16, SYNTH_BF16 };

struct synth_spec {
    uint32_t n_layers, d_model, n_heads, vocab_size, n_ctx;
    uint64_t seed;
    enum synth_family family;
    enum synth_dtype dtype; /* of the weights in the file */
    enum rope_kind rope;
    bool other_head; /* tied where the family's head is not, or the reverse */
    bool biases;     /* llama: attention and MLP; qwen3: attention */
    /* 0: the family's default; synth_spec_complete() puts it in. */
    uint32_t n_kv_heads, head_dim, d_inner;
    uint32_t window;     /* 0: no layer slides */
    uint32_t full_every; /* gemma3: each so many-th layer is global */
    uint32_t n_shards;   /* 1: one file */
};

constexpr uint32_t SYNTH_SPEC_MOST_WIDTH = 1U << 16;
constexpr struct synth_spec SYNTH_SPEC_DEFAULT = {8, 512, 8, 50257, 1024, 42};

/* "synth:gpt2/L=8,d=512,h=8,vocab=50257,ctx=1024,seed=42"; what is left out has its default. The
 * other families have these keys too (n_heads kv, head size hd, MLP width ff, rope=, window=, ...).
 * ret is complete. ERR_USAGE names the key or the value and the nearest right word. */
[[nodiscard]] enum err_code synth_spec_parse(const char *name, struct synth_spec *ret,
                                             struct err *e);
/* Bounds, and what cannot be together. Fills in what is 0. */
[[nodiscard]] enum err_code synth_spec_complete(struct synth_spec *s, struct err *e);

/* s is complete. */
[[nodiscard]] char *synth_spec_name(const struct synth_spec *s,
                                    struct arena *a);  /* with every key */
int64_t synth_spec_params(const struct synth_spec *s); /* a tied head counted once */
bool synth_spec_tied(const struct synth_spec *s);
bool synth_spec_slides(const struct synth_spec *s, uint32_t layer);
size_t synth_spec_dtype_bytes(const struct synth_spec *s);
const char *synth_spec_model_type(const struct synth_spec *s); /* config.json's: "gemma3_text" */
