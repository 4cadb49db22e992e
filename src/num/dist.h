/* dist.h - probabilities and quantiles of the distributions that the tests need.
 *
 * The numerics are libRmath's; dist.c is the only file that includes Rmath.h, because that header
 * defines macros over common names. NOT_MEASURED goes in, NOT_MEASURED comes out.
 */
#pragma once

#include <stddef.h>

[[nodiscard]] double dist_t_two_sided(double t, double df); /* P(|T| >= |t|) */
[[nodiscard]] double dist_t_quantile(double p, double df);
[[nodiscard]] double dist_f_upper(double f, double df1, double df2); /* P(F >= f) */
[[nodiscard]] double dist_normal_two_sided(double z);
[[nodiscard]] double dist_binomial_cdf(double k, size_t n, double p); /* P(X <= k) */
[[nodiscard]] double dist_binomial_quantile(double prob, size_t n, double p);
/* P(W <= w) of the Mann-Whitney statistic without ties. Not for two threads at once. */
[[nodiscard]] double dist_wilcoxon_cdf(double w, size_t n1, size_t n2);
[[nodiscard]] double dist_binomial_upper(double k, size_t n, double p);
[[nodiscard]] double dist_chi2_upper(double x, double df);
[[nodiscard]] double dist_beta_cdf(double x, double a, double b);
[[nodiscard]] double dist_beta_quantile(double p, double a, double b);
[[nodiscard]] double dist_beta_upper_quantile(double q, double a, double b);
[[nodiscard]] double dist_normal_quantile(double p);
