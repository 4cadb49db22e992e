/* onnx_form_qdq.h - int8 with static scales in QuantizeLinear and DequantizeLinear, and the graph
 * that finds the scales.
 *
 * The form that compilers of graphs build int8 kernels from (TensorRT's explicit quantisation,
 * OpenVINO): around each product the activations are quantised with one scale and zero 0 (signed,
 * symmetric), the weights are int8 with a scale per output and zero 0 and are dequantised in the
 * graph; MatMul itself stands between in float, and whoever builds the graph makes it integer.
 * Scales come from a calibration (onnx_ranges.h): largest |x| / 127. What lies beyond is clipped.
 *
 * NAME and NAME.scale are those of onnx_form_int8.h, so is the look-up; NAME.step is the
 * activations' scale.
 *
 * onnx_form_qdq_watched is fp32 with an output NAME.largest for each product: the largest |x| of a
 * forward, a scalar.
 */
#pragma once

#include "model/onnx_form.h"

extern const struct onnx_form onnx_form_qdq;
extern const struct onnx_form onnx_form_qdq_watched;
