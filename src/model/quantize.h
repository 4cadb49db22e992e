/* quantize.h - GGUF weights in llama.cpp's block formats, made by llama.cpp's own quantiser.
 *
 * It runs in a child process, because it may abort, and needs libllama at run time. What it cannot
 * take (a row whose length the block does not divide) it stores in another type; the shares say so.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;

/* Every name of domain/precision.h but fp32. "int8" is q8_0: blocks of 32 with a scale; "int4" is
 * q4_0, for the same reason: blocks of 32, one type in all layers, as chimera's ONNX int4. q4_k_m
 * is a mixture of 4 to 6 bits and has its own name. */
bool quantize_knows(const char *precision);

/* in: an F32, F16 or BF16 GGUF; what is quantised already is not quantised again. out is made
 * beside its place and renamed. ERR_UNAVAILABLE: no libllama. ERR_UNSUPPORTED: no such type, or
 * most of the matrix work of this shape would be in other types (gguf_label.h). ERR_BACKEND: the
 * quantiser failed; its words. */
[[nodiscard]] enum err_code quantize_gguf(const char *in, const char *out, const char *precision,
                                          struct arena *a, struct export_report *r, struct err *e);
