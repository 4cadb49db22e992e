/* nonlinear.h - nonlinear least squares for a model that is written as text (num/formula.h).
 *
 * Two stages. GSL's trust-region solvers go in double from the starting point to a minimum: each of
 * several (Levenberg-Marquardt with three scalings, with geodesic acceleration, double dogleg),
 * because none reaches every certified minimum of NIST's; the least sum of squares is taken.
 * Gauss-Newton steps in 113 bits (num/wide_ls.h) then polish it until the parameters stand still,
 * so that parameters and standard deviations hold every digit that the data determine.
 * Deterministic, pure.
 */
#pragma once

#include "base/err.h"
#include "num/wide.h"

#include <stddef.h>

struct arena;
struct formula;

struct nonlinear_data {
    const struct formula *model;
    const wide_t *y; /* n responses, before the model's left side (log[y]) is applied */
    const wide_t *x; /* n rows of k predictors */
    size_t n, k;
};

struct nonlinear {
    size_t n, p;
    const wide_t *coef, *sd; /* p of each; sd from the linearised model, NaN where n == p */
    const wide_t *inverse;   /* p * p: of J'J at the solution */
    const wide_t *residual;  /* n */
    wide_t rss, residual_sd;
    unsigned polished; /* steps of the second stage */
};

/* start: formula_parameters() numbers. ERR_UNSUPPORTED: no solver found a minimum, a parameter that
 * the data do not determine there, or fewer rows than parameters; ERR_USAGE: the model has more
 * predictors than the data. What ret points to lives in a. */
[[nodiscard]] enum err_code nonlinear_fit(const struct nonlinear_data *d, const double *start,
                                          struct arena *a, struct nonlinear *ret, struct err *e);
