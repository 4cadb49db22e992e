/* precision.h - every precision that an experiment, an export or a command may name. Pure.
 *
 * fp32, fp16, bf16, int8 and int4 are chimera's words, the same for every engine; the rest are the
 * names that llama.cpp gives to its recipes. A recipe is a mixture: Q4_K_M keeps some matrices in
 * Q5_K and Q6_K, and every recipe keeps the head in a wider type. What stands here are the types
 * that the recipe itself chooses (llama.cpp, src/llama-quant.cpp); a type that is not among them
 * is a fallback, taken because a block does not divide a row.
 */
#pragma once

#include <stddef.h>

struct precision {
    const char *name;
    double bits;   /* per weight, scales included; of mixtures the published figure of llama.cpp for
                      an 8B model. For estimates only. */
    int file_type; /* llama.cpp's number of the recipe (enum llama_ftype) */
    const char *gguf;   /* the ggml type that it is named after, "Q4_K"; nullptr: none */
    const char *layers; /* ggml types that its recipe gives to the layers' matrices: "Q4_K Q5_K" */
    const char *head;   /* and to the head, which a tied token table is */
};

const struct precision *precision_at(size_t i); /* nullptr: past the last */
[[nodiscard]] const struct precision *precision_find(const char *name);
/* Does the list "Q4_K Q5_K" name the type? nullptr: it names nothing. */
[[nodiscard]] bool precision_names(const char *types, const char *type);
/* The recipe of that number, by llama.cpp's own name where it has two; nullptr: none of these. */
[[nodiscard]] const char *precision_of_file_type(int file_type);
/* Why llama.cpp's quantiser cannot make a type that it has, or nullptr. */
[[nodiscard]] const char *precision_refused(const char *name);
/* The nearest right name, or nullptr. */
[[nodiscard]] const char *precision_nearest(const char *name);
