/* power_law_offset.h - y = a x^b + c by its exponent alone: for each b the best a and c are linear
 * least squares in (x^b - 1) / b, which is log x at b = 0. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct power_law_offset {
    double a, b, c;
};

/* Exponents are looked for between -6 and 6. pick: the n rows to use, as indices of x and y;
 * nullptr is all. false: no minimum between them (three different x, at least, are needed). */
[[nodiscard]] bool power_law_offset_fit(const double *x, const double *y, const uint32_t *pick,
                                        size_t n, struct power_law_offset *ret);
