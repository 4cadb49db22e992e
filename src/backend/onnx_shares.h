/* onnx_shares.h - what an ONNX graph is really made of: the types of its weights, and the types
 * that its matrix products run in. Read from the file that the engine loads, never from a label. */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct jsonw;

enum onnx_shares_type : uint8_t {
    ONNX_SHARES_F32,
    ONNX_SHARES_F16,
    ONNX_SHARES_BF16,
    ONNX_SHARES_I8,
    ONNX_SHARES_OTHER,
    ONNX_SHARES_COUNT,
};

struct onnx_shares {
    double elements[ONNX_SHARES_COUNT], bytes[ONNX_SHARES_COUNT];
    double matmul_float, matmul_integer; /* nodes */
};

/* path: model.onnx. Its weights may lie beside it; only their descriptions are read. */
[[nodiscard]] enum err_code onnx_shares_read(const char *path, struct onnx_shares *ret,
                                             struct err *e);
/* Writes why the label is not true, or "". */
void onnx_shares_check(const struct onnx_shares *s, const char *precision, char *reason,
                       size_t room);
void onnx_shares_write(const struct onnx_shares *s, struct jsonw *w); /* keys of an open object */
