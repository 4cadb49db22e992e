/* onnx_decoder.h - a decoder of any family as an ONNX graph: prefill and decoding in one, any batch
 * and length.
 *
 * Inputs: input_ids[B,S], position_ids[B,S], attention_mask[B,T] (1: a real position; T = P + S),
 * logit_rows[R] (which of the B*S positions want logits), past.{i}.key and .value [B,Hkv,P,D].
 * Outputs: logits[R,V], present.{i}.key and .value [B,Hkv,T,D]; keys are rotated already.
 *
 * Position p of the S new ones sees the first P + p + 1 keys, less those that the mask forbids and,
 * in a layer that slides, those that lie `window` or more real positions back. A position that sees
 * nothing (padding) gets a number of no meaning, never a NaN.
 *
 * Plain operators of opset 20, which every provider knows, and which ONNX Runtime fuses as it loads
 * them: docs/adr/0007.
 */
#pragma once

struct arena;
struct checkpoint;
struct onnx_form;
struct onnx_weights;
struct onnx_write;

/* The names of the weights are those of the checkpoint without "transformer." or "model." before
 * them; matrices are stored and multiplied in form. Failures are kept by w. */
void onnx_decoder_graph(const struct checkpoint *m, const struct onnx_form *form,
                        struct onnx_weights *w, struct arena *a);
