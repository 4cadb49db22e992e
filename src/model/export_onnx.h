/* export_onnx.h - a checkpoint of any family as ONNX: model.onnx and model.onnx.data.
 *
 * The graph is that of onnx_decoder.h, the precisions are the forms of onnx_form.h. Weights are
 * streamed: onnx_weights.h says what is held of them.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;
struct checkpoint;
struct onnx_ranges;

/* Writes into folder, which exists. ranges: for forms with static scales, else nullptr.
 * ERR_UNSUPPORTED: no form of that precision, or a weight that it cannot store. */
[[nodiscard]] enum err_code export_onnx(const struct checkpoint *m, const char *precision,
                                        const struct onnx_ranges *ranges, const char *folder,
                                        struct arena *a, struct export_report *r, struct err *e);
