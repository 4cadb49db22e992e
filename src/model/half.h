/* half.h - float32 to IEEE half precision and to bfloat16, to nearest, ties to even. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t half_from(float x); /* too large becomes an infinity */
/* false: a finite x became infinite. */
[[nodiscard]] bool half_from_all(const float *x, size_t n, uint16_t *ret);

/* bfloat16: float32's upper half. */
uint16_t half_bf16(float x);
[[nodiscard]] bool half_bf16_all(const float *x, size_t n, uint16_t *ret);
