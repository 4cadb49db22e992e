/* onnx_calibrate.h - run a watched export (model/onnx_form_qdq.h) over token sequences in ONNX
 * Runtime, and keep how large the activations before each product became. */
#pragma once

#include "base/err.h"
#include "model/onnx_ranges.h"

#include <stdint.h>

struct arena;

/* folder: of an export "fp32-watched". tokens: n_sequences of length each, one after the other; ids
 * below the model's vocabulary. ret->from is the caller's to write. ERR_UNAVAILABLE: no library. */
[[nodiscard]] enum err_code onnx_calibrate(const char *folder, const int64_t *tokens,
                                           uint32_t n_sequences, uint32_t length, uint32_t threads,
                                           struct arena *a, struct onnx_ranges *ret, struct err *e);
