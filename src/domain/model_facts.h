/* model_facts.h - what a model is, read from its files; never from its name or a label. */
#pragma once

#include "base/defs.h"

#include <stdint.h>

enum model_kind : uint8_t {
    MODEL_HF,      /* a Hugging Face folder: config.json, *.safetensors, tokenizer.json */
    MODEL_GGUF,    /* one .gguf file */
    MODEL_ONNX,    /* a folder with model.onnx */
    MODEL_TAG,     /* an Ollama tag or a served name: only a server knows it */
    MODEL_MISSING, /* nothing of that name was found */
};

struct model_facts {
    enum model_kind kind;
    const char *name;         /* as the experiment wrote it */
    const char *path;         /* where it lies; nullptr for MODEL_TAG and MODEL_MISSING */
    const char *architecture; /* "gpt2", "llama", ...; nullptr: unknown */
    const char *why_missing;  /* MODEL_MISSING: what was looked for, and how to get it */
    uint32_t n_layers, d_model, n_heads, vocab_size, n_ctx; /* 0: unknown */
    uint32_t n_kv_heads, head_dim;                          /* of keys and values; 0: unknown */
    int64_t params;       /* elements of all distinct weights, counted from the file; -1 unknown */
    int64_t weight_bytes; /* as stored; -1 unknown */
    const char *dtype;    /* of most weights: "F32", "F16", "Q8_0"; nullptr: unknown */
    /* MODEL_GGUF: bit i: what is multiplied bears out precision_at(i). MODEL_ONNX: 0; the graph is
     * looked at by the engine that loads it. */
    uint64_t holds;
    /* What the file says of itself: GGUF general.file_type, chimera.json's precision; nullptr:
     * nothing. A claim, not a fact. */
    const char *claims;
};

/* Does the model, which is already in an engine's format, hold this precision? */
[[nodiscard]] bool model_facts_holds(const struct model_facts *m, const char *precision);
/* Does it say so, of itself or by the name of its file (model-Q8_0.gguf)? */
[[nodiscard]] bool model_facts_claims(const struct model_facts *m, const char *precision);
