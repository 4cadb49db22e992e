/* export.h - from a Hugging Face folder to what another engine loads: ONNX or GGUF, in a precision.
 *
 * Whole or not at all: made beside its place and renamed. A folder that an earlier export made is
 * replaced in one step; anything else that stands there is not touched.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;
struct onnx_ranges;

/* Grows with every change of what is written for the same model: it is part of the cache's address.
 */
constexpr int EXPORT_VERSION = 3;

enum export_format : uint8_t { EXPORT_ONNX, EXPORT_GGUF };

/* out: a folder for ONNX (model.onnx, model.onnx.data, chimera.json, config and tokenizer), a file
 * for GGUF, and beside it OUT.json, which says what it was made from (origin.h). ONNX: "fp32",
 * "fp16", "int8", "int4". GGUF: "fp32", "fp16", and what quantize.h knows
 * ("int8" is q8_0). ERR_UNSUPPORTED: what the format or the engine behind it cannot express.
 * ERR_USAGE: out stands in the way. */
[[nodiscard]] enum err_code export_make(const char *source, enum export_format f,
                                        const char *precision, const char *out, struct arena *a,
                                        struct export_report *ret, struct err *e);

/* The ONNX forms beside the plain ones: form "int8-qdq" with the ranges of a calibration
 * (onnx_form_qdq.h), "fp32-watched" with none, to make one. */
[[nodiscard]] enum err_code export_make_form(const char *source, const char *form,
                                             const struct onnx_ranges *ranges, const char *out,
                                             struct arena *a, struct export_report *ret,
                                             struct err *e);

/* Remove a folder that holds files only, as an export makes it; what cannot be removed stays. */
void export_remove(const char *path, struct arena *a);
