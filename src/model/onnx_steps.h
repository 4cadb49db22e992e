/* onnx_steps.h - a run of nodes written as a table, for the forms of a product by a matrix.
 *
 * In the texts %x is the activations (or the ids), %w the matrix, %b the bias, %o the result: names
 * of nodes and values of the table's own begin with %o.
 */
#pragma once

#include <stddef.h>

struct onnx_weights;

struct onnx_step {
    const char *op, *inputs, *outputs, *attributes; /* as in onnx_write.h */
};

struct onnx_steps_words {
    const char *x, *weight, *bias, *out;
};

void onnx_steps_add(struct onnx_weights *w, const struct onnx_step *steps, size_t n,
                    const struct onnx_steps_words *words);
