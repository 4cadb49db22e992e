/* onnx_shares.h - what an ONNX graph is really made of: the types of its weights, the types that
 * its products by weights are computed in, and its nodes. Read from the file, never from a label.
 *
 * Products are multiply-adds by weights for one token: a matrix [K, N] counts K * N. The products
 * of attention, activations by activations, are not counted. What the file asks for and what a
 * runtime makes of it are two things: onnx_proof.h looks at the second.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct jsonw;

enum onnx_shares_type : uint8_t {
    ONNX_SHARES_F32,
    ONNX_SHARES_F16,
    ONNX_SHARES_BF16,
    ONNX_SHARES_I8,
    ONNX_SHARES_I4,
    ONNX_SHARES_OTHER,
    ONNX_SHARES_COUNT,
};

/* The arithmetic of a product. AxB: weights stored as A, multiplied in B. */
enum onnx_shares_product : uint8_t {
    ONNX_SHARES_IN_F32,
    ONNX_SHARES_IN_F16,
    ONNX_SHARES_IN_BF16,
    ONNX_SHARES_IN_INT8,
    ONNX_SHARES_INT4_IN_INT8,
    ONNX_SHARES_INT4_IN_FLOAT,
    ONNX_SHARES_INT8_IN_FLOAT,
    ONNX_SHARES_IN_OTHER,
    ONNX_SHARES_PRODUCTS,
};

constexpr size_t ONNX_SHARES_OPS = 64;

struct onnx_shares_op {
    char name[32];
    uint32_t nodes;
};

struct onnx_shares {
    double elements[ONNX_SHARES_COUNT], bytes[ONNX_SHARES_COUNT];
    double products[ONNX_SHARES_PRODUCTS];
    struct onnx_shares_op ops[ONNX_SHARES_OPS]; /* kinds beyond that many are not kept */
    size_t n_ops;
    int64_t block_bits;     /* of MatMulNBits, 0: no such node */
    int64_t block_accuracy; /* its accuracy_level: 4 asks for int8 arithmetic, 0 leaves it to the
                               runtime, which takes the activations' own type */
};

/* path: model.onnx. Its weights may lie beside it; only their descriptions are read. */
[[nodiscard]] enum err_code onnx_shares_read(const char *path, struct onnx_shares *ret,
                                             struct err *e);
/* "f32", "int8", "int4xint8". */
const char *onnx_shares_type_name(enum onnx_shares_type t);
const char *onnx_shares_product_name(enum onnx_shares_product p);
/* How MatMulNBits multiplies at that accuracy level. */
[[nodiscard]] enum onnx_shares_product onnx_shares_blocks(int64_t bits, int64_t accuracy);

/* Writes why the label is not true, or "". by: products by their kind, those of the file, or of the
 * proof. */
void onnx_shares_check(const struct onnx_shares *s, const double *by, const char *precision,
                       char *reason, size_t room);
/* The keys weights_by_dtype, weights_elements_by_dtype and matmul_by_dtype of an open object. */
void onnx_shares_write(const struct onnx_shares *s, const double *by, struct jsonw *w);
