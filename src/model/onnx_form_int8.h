/* onnx_form_int8.h - int8 weights with a scale per output; the activations are quantised as they
 * come (DynamicQuantizeLinear: uint8, one step and zero for all positions of a forward).
 *
 * The products of integers are exact, and are scaled by the activations' step x the output's scale.
 * NAME is int8 [inputs, outputs], NAME.scale float32 [outputs]; of a table of tokens, a column and
 * its scale are a token's row, so that one table serves look-up and head.
 */
#pragma once

#include "model/onnx_form.h"

extern const struct onnx_form onnx_form_int8;
/* "int8-row": the same weights; a scale for each row of activations, symmetric. Neither padding nor
 * another sequence of the batch changes a result; ONNX Runtime has no fused kernel for it. */
extern const struct onnx_form onnx_form_int8_row;
