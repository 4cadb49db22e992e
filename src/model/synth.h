/* synth.h - models with seeded weights, of every family: the same bytes on every machine.
 *
 * The scales are not a family's initialisation but chosen so that the model behaves like a trained
 * one where it matters to a measurement (synth_tensors.c).
 */
#pragma once

#include "model/synth_spec.h"

bool synth_is_name(const char *name); /* begins with "synth:" */

/* Where it lies in the cache; not created. s is complete. */
[[nodiscard]] char *synth_cache_path(const struct synth_spec *s, struct arena *a);

/* Writes config.json, generation_config.json, the weights, tokenizer.json and tokenizer_config.json
 * into folder, which must not exist or be empty. It is made beside and renamed: it is there whole
 * or not at all. */
[[nodiscard]] enum err_code synth_write(const struct synth_spec *given, const char *folder,
                                        struct arena *a, struct err *e);
/* The same in the cache, once: a lock keeps a second maker waiting, who then finds it done. */
[[nodiscard]] enum err_code synth_cached(const struct synth_spec *s, struct arena *a,
                                         const char **ret_path, struct err *e);
