/* dunnett.h - the law of the largest of several differences from one control: Dunnett's (1955)
 * multivariate t, two-sided. Pure.
 *
 * T_i = (mean_i - mean_0) / (s sqrt(1/n_i + 1/n_0)) have correlations lambda_i lambda_j with
 * lambda_i = sqrt(n_i / (n_i + n_0)), so that given the control's deviation z and s they are
 * independent, and one integral over each is left. The integrand is 1 - product, summed in
 * logarithms, so that a small probability has as many digits as a large one; both integrals by the
 * trapezoidal rule, over z and over log s, whose error falls exponentially for such functions.
 */
#pragma once

#include <stddef.h>

/* P(max |T_i| >= t); lambda[0..k) in (0, 1), k >= 1, df > 0, INFINITY for a known spread. */
[[nodiscard]] double dunnett_upper(double t, const double *lambda, size_t k, double df);

/* The t at which that is q, 0 < q < 1. */
[[nodiscard]] double dunnett_upper_quantile(double q, const double *lambda, size_t k, double df);
