/* export_gguf.h - a GPT-2 checkpoint as one GGUF file, as llama.cpp reads it. Streamed: memory is
 * the largest linear weight, which has to be transposed.
 *
 * "fp32" or "fp16". Norms, biases and the position table are F32 in both: llama.cpp adds them in
 * F32. A tied head is not written twice: llama.cpp then takes the token table. Without a tokenizer
 * there is no GGUF; ids that the model has and the tokenizer has not are written as unused tokens.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;
struct checkpoint;

/* ERR_UNSUPPORTED: what llama.cpp's GPT-2 cannot express (another activation, another scale). */
[[nodiscard]] enum err_code export_gguf(const struct checkpoint *m, const char *precision,
                                        const char *path, struct arena *a, struct export_report *r,
                                        struct err *e);
