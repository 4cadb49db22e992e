/* dist.h - probabilities and quantiles of the distributions that the tests need.
 *
 * Of each distribution: P(X <= x) as _cdf, P(X > x) as _upper (never as 1 - cdf: it holds its
 * digits down to 1e-307, below which it is 0), both as natural logarithms where a tail may
 * underflow, and the quantiles of both: _quantile(p) has P(X <= it) = p, _upper_quantile(q) has P(X
 * > it) = q. Degrees of freedom may be fractions. Relative error at most 1e-12 in both tails, of
 * quantiles too (tests/unit/test_dist.c has the tables). NOT_MEASURED goes in, NOT_MEASURED comes
 * out, as it does for a parameter or a probability outside its range. Thread-safe.
 *
 * libRmath computes what it computes to 1e-12. It does not, measured with mpmath at 80 digits:
 *   pf(0.0079, 580.9, 54.4)      4.1e-286, is 3 % off: pbeta's recursion underflows in the far tail
 *   pf, pbeta with both a, b > 1e5, a tail below 1e-20        1e-12 to 3e-11
 *   pbinom with n > 1e6                                       1e-12 to 4e-11
 *   pchisq with df > 1e4, a tail below 1e-100                 1e-12
 *   pnt (noncentral t): no relative accuracy in the upper tail, normal approximation above ncp 37.6
 * In these regions (a tail below 1e-30, or both parameters of a beta above 1e5) num/incomplete.h
 * computes in 128 bits; the noncentral t is num/noncentral_t.h. dist.c is the only file that
 * includes Rmath.h, because that header defines macros over common names.
 */
#pragma once

#include <stddef.h>

[[nodiscard]] double dist_normal_cdf(double z);
[[nodiscard]] double dist_normal_upper(double z);
[[nodiscard]] double dist_normal_log_cdf(double z);
[[nodiscard]] double dist_normal_log_upper(double z);
[[nodiscard]] double dist_normal_quantile(double p);
[[nodiscard]] double dist_normal_upper_quantile(double q);
[[nodiscard]] double dist_normal_log_quantile(double log_p); /* of a p too small for a double */
[[nodiscard]] double dist_normal_two_sided(double z);        /* P(|Z| >= |z|) */

[[nodiscard]] double dist_t_cdf(double t, double df); /* df > 0; INFINITY is the normal */
[[nodiscard]] double dist_t_upper(double t, double df);
[[nodiscard]] double dist_t_log_upper(double t, double df);
[[nodiscard]] double dist_t_quantile(double p, double df);
[[nodiscard]] double dist_t_upper_quantile(double q, double df);
[[nodiscard]] double dist_t_two_sided(double t, double df); /* P(|T| >= |t|) */

[[nodiscard]] double dist_f_cdf(double f, double df1, double df2);
[[nodiscard]] double dist_f_upper(double f, double df1, double df2);
[[nodiscard]] double dist_f_log_upper(double f, double df1, double df2);
[[nodiscard]] double dist_f_quantile(double p, double df1, double df2);
[[nodiscard]] double dist_f_upper_quantile(double q, double df1, double df2);

[[nodiscard]] double dist_chi2_cdf(double x, double df);
[[nodiscard]] double dist_chi2_upper(double x, double df);
[[nodiscard]] double dist_chi2_log_cdf(double x, double df);
[[nodiscard]] double dist_chi2_log_upper(double x, double df);
[[nodiscard]] double dist_chi2_quantile(double p, double df);
[[nodiscard]] double dist_chi2_upper_quantile(double q, double df);

[[nodiscard]] double dist_beta_cdf(double x, double a, double b); /* a, b > 0 */
[[nodiscard]] double dist_beta_upper(double x, double a, double b);
[[nodiscard]] double dist_beta_quantile(double p, double a, double b);
[[nodiscard]] double dist_beta_upper_quantile(double q, double a, double b);

[[nodiscard]] double dist_binomial_cdf(double k, size_t n, double p);   /* P(X <= k) */
[[nodiscard]] double dist_binomial_upper(double k, size_t n, double p); /* P(X > k) */
/* The smallest k with P(X <= k) >= prob, where a difference of 1e-13 of prob counts as equal. */
[[nodiscard]] double dist_binomial_quantile(double prob, size_t n, double p);
