/* gguf_family.h - how llama.cpp is told the shape of each family, and what it cannot express.
 *
 * llama.cpp knows an architecture per family; Mistral is its "llama". Keys are those of the GGUF
 * specification. One is chimera's own: "chimera.attention.window", where the model has a sliding
 * window that llama.cpp does not apply; up to so many positions the file computes the same, and
 * chimera's engine refuses to go beyond.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

struct checkpoint;
struct gguf_write;

/* ERR_UNSUPPORTED: a setting that llama.cpp's architecture lacks; the message names it. */
[[nodiscard]] enum err_code gguf_family_check(const struct checkpoint *m, struct err *e);
/* general.* and the architecture's keys. file_type: llama.cpp's number of the types within. */
void gguf_family_put(const struct checkpoint *m, const char *name, uint32_t file_type,
                     struct gguf_write *w);
/* Are the pairs of a rotary embedding neighbours there (Llama), so that the rows of queries and
 * keys change places? */
bool gguf_family_interleaves(const struct checkpoint *m);
