/* synth.h - GPT-2 family models with seeded weights: the same bytes on every machine.
 *
 * Weights are sums of four uniform integers (Irwin and Hall): bell-shaped, bounded at 3.46 standard
 * deviations, and made without libm, so that the file is the same everywhere. Each tensor has a
 * stream of its own, rng_derive(seed, hash of its name). The scales are not GPT-2's initialisation
 * but chosen so that the model behaves like a trained one where it matters to a measurement (see
 * synth.c).
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct arena;

struct synth_spec {
    uint32_t n_layers, d_model, n_heads, vocab_size, n_ctx;
    uint64_t seed;
};

constexpr uint32_t SYNTH_MOST_WIDTH = 1U << 16;
constexpr struct synth_spec SYNTH_DEFAULT = {8, 512, 8, 50257, 1024, 42};

bool synth_is_name(const char *name); /* begins with "synth:" */

/* "synth:gpt2/L=8,d=512,h=8,vocab=50257,ctx=1024,seed=42"; what is left out has its default.
 * ERR_USAGE names the key or the value and the nearest right word. */
[[nodiscard]] enum err_code synth_parse(const char *name, struct synth_spec *ret, struct err *e);
[[nodiscard]] enum err_code synth_check(const struct synth_spec *s, struct err *e);
[[nodiscard]] char *synth_name(const struct synth_spec *s, struct arena *a); /* with every key */
int64_t synth_params(const struct synth_spec *s); /* the tied head counted once */
/* Where it lies in the cache; not created. */
[[nodiscard]] char *synth_cache_path(const struct synth_spec *s, struct arena *a);

/* Writes config.json, generation_config.json, model.safetensors, tokenizer.json and
 * tokenizer_config.json into folder, which must not exist or be empty. It is made beside and
 * renamed: it is there whole or not at all. */
[[nodiscard]] enum err_code synth_write(const struct synth_spec *s, const char *folder,
                                        struct arena *a, struct err *e);
/* The same in the cache, once: a lock keeps a second maker waiting, who then finds it done. */
[[nodiscard]] enum err_code synth_cached(const struct synth_spec *s, struct arena *a,
                                         const char **ret_path, struct err *e);
