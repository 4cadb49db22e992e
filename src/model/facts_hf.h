/* facts_hf.h - the facts of a Hugging Face folder, from its config and the headers of its weights.
 */
#pragma once

#include "domain/model_facts.h"
#include "model/hf_config.h"
#include "model/safetensors.h"

struct arena;

struct facts_hf_dtype { /* what is stored as one data type */
    const char *name;
    int64_t elements, bytes;
    int64_t products; /* multiply-adds by these weights for one token; a tied head counts */
};

struct facts_hf {
    struct hf_config config;
    struct safetensors *weights; /* open as long as the caller keeps it */
    int64_t params; /* elements of all distinct weights, without buffers such as attention masks */
    int64_t embedding_params; /* tokens and positions */
    int64_t weight_bytes;
    bool head_tied; /* counted once */
    struct facts_hf_dtype dtypes[SAFETENSORS_DTYPES];
    uint32_t n_dtypes; /* most elements first */
};

/* ret->weights is to be closed by the caller with safetensors_closep(), on success only. */
[[nodiscard]] enum err_code facts_hf_read(const char *folder, struct arena *a, struct facts_hf *ret,
                                          struct err *e);
