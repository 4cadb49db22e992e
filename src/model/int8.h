/* int8.h - symmetric int8 weights, a scale per output: w ~ scale[j] * q, |q| <= 127. Pure.
 *
 * scale = largest |w| of the output / 127, so zero stays zero and no weight is clipped; rounding is
 * to nearest, ties to even. An output of zeros alone has scale 1.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* largest[j] = max(largest[j], |w[i][j]|) over the rows. false: a weight is no finite number. */
[[nodiscard]] bool int8_largest(const float *w, size_t rows, size_t columns, float *largest);
/* scale[j] from largest[j], in place. */
void int8_scales(float *largest, size_t n);
/* A scale per column. */
void int8_columns(const float *w, size_t rows, size_t columns, const float *scale, int8_t *ret);
/* A scale per row, written as columns: ret[i][first + r], ret having `total` columns. */
void int8_rows_as_columns(const float *w, size_t rows, size_t columns, const float *scale,
                          size_t first, size_t total, int8_t *ret);
