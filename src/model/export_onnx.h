/* export_onnx.h - a GPT-2 checkpoint as ONNX: model.onnx, model.onnx.data, and the tokenizer beside
 * it.
 *
 * The graph is that of onnx_gpt2.h. Weights are streamed: memory is the largest linear weight's
 * int8 form at most. "int8": every linear layer, the head and the token table are int8 with a scale
 * per output, activations are quantised as they come (DynamicQuantizeLinear, one scale for all
 * positions of a forward); norms, biases and the position table stay fp32.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;
struct checkpoint;

/* Writes into folder, which exists. precision: "fp32" or "int8"; else ERR_UNSUPPORTED. */
[[nodiscard]] enum err_code export_onnx(const struct checkpoint *m, const char *precision,
                                        const char *folder, struct arena *a,
                                        struct export_report *r, struct err *e);
