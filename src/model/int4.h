/* int4.h - weights in blocks of 32 along the inputs, four bits each and a scale per block: w ~
 * scale
 * * (q - 8), q in 0..15. Pure.
 *
 * scale = the weight of the largest magnitude / -8, so that it lies on the grid and all sixteen
 * values are used (llama.cpp's Q4_0 rounds so too); zero stays zero. A block of zeros has scale 0.
 * Two weights lie in a byte, the first in its lower half: the packing of ONNX Runtime's
 * MatMulNBits.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t INT4_BLOCK = 32;

static inline size_t int4_blocks(size_t n) /* of a row of n weights; the last is filled up */
{
    return (n + INT4_BLOCK - 1) / INT4_BLOCK;
}

/* A row of n weights into int4_blocks(n) * 16 bytes and as many scales. false: a weight is no
 * finite number. */
[[nodiscard]] bool int4_row(const float *w, size_t n, float *scales, uint8_t *ret);
