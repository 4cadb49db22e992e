/* export_gguf.h - a checkpoint of any family as one GGUF file, as llama.cpp reads it. Streamed:
 * memory is the largest weight that has to be transposed (GPT-2's).
 *
 * "fp32", "fp16" or "bf16". Norms, biases and the position table are F32 in all: llama.cpp adds
 * them in F32. A tied head is not written twice: llama.cpp then takes the token table. Without a
 * tokenizer there is no GGUF; ids that the model has and the tokenizer has not are written as
 * unused tokens.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;
struct checkpoint;

bool export_gguf_knows(const char *precision);

/* ERR_UNSUPPORTED: what llama.cpp's architecture cannot express (gguf_family.h), another precision.
 */
[[nodiscard]] enum err_code export_gguf(const struct checkpoint *m, const char *precision,
                                        const char *path, struct arena *a, struct export_report *r,
                                        struct err *e);
