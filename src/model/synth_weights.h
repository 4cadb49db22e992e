/* synth_weights.h - draws the weights of a synth model and writes them.
 *
 * Weights are sums of four uniform integers (Irwin and Hall): bell-shaped, bounded at 3.46 standard
 * deviations, and made without libm, so that the file is the same everywhere. Each tensor has a
 * stream of its own, rng_derive(seed, hash of its name): fp16 and bf16 files are the rounded fp32
 * ones, and shards hold what one file holds. The scales: synth_tensors.c.
 */
#pragma once

#include "model/synth_spec.h"

/* Writes folder/model.safetensors, or the shards and their index; memory does not grow with the
 * model. s is complete. */
[[nodiscard]] enum err_code synth_weights_write(const struct synth_spec *s, const char *folder,
                                                struct arena *a, struct err *e);
/* The name of a shard, counted from 0; of the one file where there are none. */
[[nodiscard]] char *synth_weights_file(const struct synth_spec *s, uint32_t shard, struct arena *a);
