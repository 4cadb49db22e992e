/* onnx_form_fp16.h - weights in half precision, and the products by them.
 *
 * The activations are cast to half precision before a product and back after it; norms, softmax and
 * attention's own products stay float32, as in every form. NAME is float16, stored as the
 * checkpoint has it. Which engine really multiplies so is another question: ONNX Runtime's CPU
 * provider casts the weights back and multiplies floats (METHOD.md, Precision).
 */
#pragma once

#include "model/onnx_form.h"

extern const struct onnx_form onnx_form_fp16;
