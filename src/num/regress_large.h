/* regress_large.h - linear least squares in double, by GSL's Householder QR, for problems that are
 * too large for num/wide_ls.h. */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct regress_large { /* the caller's memory */
    double *coef;      /* p */
    double *inverse;   /* p * p: of X'X */
    double *hat;       /* n: leverages */
    double *residual;  /* n */
};

/* x: n rows of p. ERR_UNSUPPORTED: a column that is a combination of others. */
[[nodiscard]] enum err_code regress_large_solve(const double *x, const double *y, size_t n,
                                                size_t p, const struct regress_large *ret,
                                                struct err *e);
