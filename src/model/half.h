/* half.h - float32 to IEEE half precision, to nearest, ties to even. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t half_from(float x); /* too large becomes an infinity */
/* false: a finite x became infinite. */
[[nodiscard]] bool half_from_all(const float *x, size_t n, uint16_t *ret);
