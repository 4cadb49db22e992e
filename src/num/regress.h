/* regress.h - linear least squares: several predictors, or a polynomial in one.
 *
 * By Householder QR, never by normal equations. Problems of up to REGRESS_WIDE n * p * p are solved
 * in 113 bits (num/wide_ls.h), so that the certified sets of NIST come out to the last digits that
 * doubles can show; larger ones by GSL's QR in double. Without an intercept the total is Sum y^2
 * (NIST's NoInt1 and NoInt2). The formulas: Draper and Smith (1998), chapters 1, 5 and 8. Pure.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;

constexpr size_t REGRESS_WIDE = 400'000;

struct regress_data {
    const double *y;        /* n */
    const double *const *x; /* k columns of n; for a polynomial one column */
    size_t n, k;
    unsigned degree;   /* of a polynomial; 0 or 1: the columns as they are */
    bool no_intercept; /* the line goes through the origin */
    double confidence; /* of the intervals; 0 is 0.95 */
};

struct regress {
    size_t n, p; /* rows; coefficients, the intercept first */
    const double *coef, *se, *t, *p_value, *lower, *upper; /* p of each */
    const double *residual, *leverage, *cook;              /* n of each */
    const double *without; /* n rows of p: the coefficients with this row left out; NOT_MEASURED
                              where its leverage is 1 */
    double rss, total_ss, model_ss;
    double residual_sd; /* NOT_MEASURED where n == p */
    double r2;          /* 1 - rss / total_ss; NOT_MEASURED where y does not vary */
    double f, f_p, df_model, df_residual;
};

/* ERR_UNSUPPORTED: fewer rows than coefficients, or a column that is a combination of others.
 * ERR_USAGE: a value that is not finite. What ret points to lives in a. */
[[nodiscard]] enum err_code regress_fit(const struct regress_data *d, struct arena *a,
                                        struct regress *ret, struct err *e);
