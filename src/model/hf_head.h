/* hf_head.h - which stored weights are the table of tokens and the head.
 *
 * As transformers 5 decides it while it loads: tie_word_embeddings ties the two where the file has
 * only one of them (whichever it is) or where both are there and equal; where both are there and
 * differ, the configuration is wrong and the head is its own.
 */
#pragma once

#include "base/err.h"

struct hf_config;
struct safetensors;
struct safetensors_tensor;

struct hf_head {
    const struct safetensors_tensor *tokens; /* nullptr: the file has none under a known name */
    const struct safetensors_tensor *head;   /* nullptr where it is tied, or not there */
    const struct safetensors_tensor *copy;   /* stored a second time, and not needed */
    bool tied;
};

/* Reads both tables where both are there and should be one. */
[[nodiscard]] enum err_code hf_head_find(const struct safetensors *f, const struct hf_config *c,
                                         struct hf_head *ret, struct err *e);
