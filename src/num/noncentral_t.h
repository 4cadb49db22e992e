/* noncentral_t.h - Student's t when the means do differ: (Z + ncp) / sqrt(chi2_df / df).
 *
 * For the interval of Hedges' g and the power of t tests. The probability is the integral over
 * s = sqrt(chi2_df / df) of its density times Phi(t s - ncp); in u = log s the integrand is
 * analytic with one peak, so that the trapezoidal rule around the peak converges exponentially
 * (Trefethen and Weideman 2014), in both tails alike: nothing is got by subtraction. Relative error
 * at most 1e-12 for df from 0.5 to 1e5, |ncp| <= 1000 and tails down to 1e-300
 * (tests/unit/test_dist.c). About 50 microseconds, the inversions ten times that. Pure.
 *
 * Above ncp 100 the integral is over the normal instead, where its integrand has no step.
 * NOT_MEASURED goes in, NOT_MEASURED comes out, as it does for df <= 0. df INFINITY is the normal.
 */
#pragma once

[[nodiscard]] double noncentral_t_cdf(double t, double df, double ncp);   /* P(T <= t) */
[[nodiscard]] double noncentral_t_upper(double t, double df, double ncp); /* P(T > t) */

/* The t with P(T <= t) = p. */
[[nodiscard]] double noncentral_t_quantile(double p, double df, double ncp);

/* The ncp with P(T > t; df, ncp) = q: the ends of the interval of ncp that a seen t gives at
 * confidence c are q = (1 - c) / 2 (the lower) and (1 + c) / 2 (the upper). With d = ncp
 * sqrt(1/n1 + 1/n2) they are those of Cohen's d. */
[[nodiscard]] double noncentral_t_ncp(double q, double t, double df);
