/* quantize.h - GGUF weights in llama.cpp's block formats, made by llama.cpp's own quantiser.
 *
 * It runs in a child process, because it may abort, and needs libllama at run time. What it cannot
 * take (a row whose length the block does not divide) it stores in another type; the shares say so.
 */
#pragma once

#include "model/export_report.h"

#include "base/err.h"

struct arena;

bool quantize_knows(const char *precision); /* "int8" (= q8_0), "q8_0", "q4_0", "q4_k_m", ... */

/* in: an F32 or F16 GGUF. out is made beside its place and renamed.
 * ERR_UNAVAILABLE: no libllama. ERR_UNSUPPORTED: most weights of this shape cannot be stored so.
 * ERR_BACKEND: the quantiser failed; its words. */
[[nodiscard]] enum err_code quantize_gguf(const char *in, const char *out, const char *precision,
                                          struct arena *a, struct export_report *r, struct err *e);
