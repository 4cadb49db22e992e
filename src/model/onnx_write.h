/* onnx_write.h - an ONNX model, built node by node and written with its weights beside it.
 *
 * Names are copied into the arena. A list of inputs or outputs is one text with blanks between the
 * names; "-" stands for an optional input that is left out. Shapes are one text with commas:
 * "B,12,P,64", a word is a symbolic size. Knows nothing of any architecture.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct onnx_write;
struct onnx_write_node;

enum onnx_write_type : uint8_t {
    ONNX_WRITE_F32 = 1,
    ONNX_WRITE_U8 = 2,
    ONNX_WRITE_I8 = 3,
    ONNX_WRITE_I64 = 7,
    ONNX_WRITE_BOOL = 9,
    ONNX_WRITE_F16 = 10
};

/* data_name: the file of the external weights, beside the model. */
[[nodiscard]] struct onnx_write *onnx_write_new(struct arena *a, const char *graph,
                                                const char *data_name);

void onnx_write_input(struct onnx_write *w, const char *name, enum onnx_write_type t,
                      const char *shape);
void onnx_write_output(struct onnx_write *w, const char *name, enum onnx_write_type t,
                       const char *shape);

/* Small constants, inside the model file. shape "" is a scalar. */
void onnx_write_i64(struct onnx_write *w, const char *name, const char *shape, const int64_t *x);
void onnx_write_u8(struct onnx_write *w, const char *name, const char *shape, const uint8_t *x);
void onnx_write_i8(struct onnx_write *w, const char *name, const char *shape, const int8_t *x);
void onnx_write_f32(struct onnx_write *w, const char *name, const char *shape, const float *x);
/* A weight that lies in the data file at [offset, offset + bytes). */
void onnx_write_external(struct onnx_write *w, const char *name, enum onnx_write_type t,
                         const char *shape, uint64_t offset, uint64_t bytes);

/* op: "Gemm"; of another domain "com.microsoft:MatMulNBits". */
struct onnx_write_node *onnx_write_node(struct onnx_write *w, const char *op, const char *inputs,
                                        const char *outputs);
/* "axis=-1 perm=0,2,1,3 approximate=tanh": whole numbers, lists of them, words. */
void onnx_write_attrs(struct onnx_write_node *n, const char *text);
void onnx_write_attr_float(struct onnx_write_node *n, const char *name, float x);

/* Write the model file itself: opset 20. */
[[nodiscard]] enum err_code onnx_write_save(struct onnx_write *w, const char *path, struct err *e);
