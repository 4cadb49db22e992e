/* onnx_form_int4.h - four-bit weights in blocks of 32 (int4.h), multiplied by ONNX Runtime's own
 * operator MatMulNBits.
 *
 * accuracy_level 4: the activations are quantised in blocks of 32 too, and the products are int8
 * times int4, so that no row of a batch and no padding changes another. NAME is uint8 [outputs,
 * blocks, 16], NAME.scale float32 [outputs, blocks]. The table of tokens, and with it a tied head,
 * is int8 with a scale per row of activations (onnx_form_int8.h): it is what every recipe of
 * llama.cpp's keeps wider too.
 */
#pragma once

#include "model/onnx_form.h"

extern const struct onnx_form onnx_form_int4;
