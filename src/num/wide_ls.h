/* wide_ls.h - linear least squares by Householder reflections, in 113 bits. Pure.
 *
 * With doubles as data and a condition of the design up to 1e15 (Filip) what comes out is right to
 * the last bit of a double. About 0.2 microseconds for each of n * p * p steps.
 */
#pragma once

#include "base/err.h"
#include "num/wide.h"

#include <stddef.h>

struct arena;

struct wide_ls {
    size_t n, p;
    wide_t *coef;     /* p */
    wide_t *inverse;  /* p * p: of X'X */
    wide_t *hat;      /* n: leverages, the diagonal of X (X'X)^-1 X' */
    wide_t *residual; /* n: y - X coef */
    wide_t rss;       /* their squares' sum */
};

/* x: n rows of p. What ret points to lives in a. ERR_UNSUPPORTED: n < p, or a column that is a
 * combination of those before it. */
[[nodiscard]] enum err_code wide_ls_solve(const wide_t *x, const wide_t *y, size_t n, size_t p,
                                          struct arena *a, struct wide_ls *ret, struct err *e);
