/* onnx_gpt2.h - GPT-2 as an ONNX graph: prefill and decoding in one, any batch and length.
 *
 * Inputs: input_ids[B,S], position_ids[B,S], attention_mask[B,T] (1: a real position; T = P + S),
 * logit_rows[R] (which of the B*S positions want logits), past.{i}.key and .value [B,H,P,D].
 * Outputs: logits[R,V], present.{i}.key and .value [B,H,T,D].
 *
 * Position p of the S new ones sees the first P + p + 1 keys, less those that the mask forbids. A
 * position that sees nothing (padding) gets a number of no meaning, never a NaN.
 */
#pragma once

struct checkpoint;
struct onnx_write;

/* The names of the weights are those of the checkpoint without "transformer."
 * (h.0.attn.c_attn.weight). Linear weights are [inputs, outputs]. fp32: wte and, unless tied,
 * lm_head.weight are [vocab, d]. int8: each linear weight is int8 with NAME.scale, fp32 per output;
 * wte (and lm_head.weight) are [d, vocab] with a scale per token, so that one table serves look-up
 * and head. */
void onnx_gpt2_graph(const struct checkpoint *m, bool int8, struct onnx_write *w);
