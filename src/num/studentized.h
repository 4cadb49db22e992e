/* studentized.h - the studentized range: of k normal means, the largest difference over an
 * independent estimate of their error with df degrees of freedom.
 *
 * P(Q <= q) = Int f_df(s) W(q s) ds, f_df the density of sqrt(chi2_df / df), W(w) = k Int phi(z)
 * (Phi(z) - Phi(z - w))^(k-1) dz (Copenhaver and Holland 1988). Both integrands are analytic with
 * one peak, in z and in log s, so that the trapezoidal rule converges exponentially where
 * Gauss-Legendre panels would have to know how wide each peak is. The upper tail has an integrand
 * of its own, Phi(z)^(k-1) (1 - (1 - Phi(z - w) / Phi(z))^(k-1)), and keeps its digits. Relative
 * error at most 1e-10 in both tails, k from 2 to 1000, fractional df from 1 up (INFINITY: a known
 * error). About a millisecond, a quantile ten; with what many of one k share, a hundredth. Pure.
 * NOT_MEASURED goes in, NOT_MEASURED comes out, as it does for k < 2 or df <= 0.
 */
#pragma once

#include <stddef.h>

[[nodiscard]] double studentized_cdf(double q, size_t k, double df);   /* P(Q <= q) */
[[nodiscard]] double studentized_upper(double q, size_t k, double df); /* P(Q > q) */
[[nodiscard]] double studentized_quantile(double p, size_t k, double df);
[[nodiscard]] double studentized_upper_quantile(double p, size_t k, double df);

/* For many upper tails of one k, with any q and df: the ranges, which depend on k only, are
 * interpolated: 1e-12 of relative error more, 1e-11 in tails below 1e-100. k < 2: nullptr, and
 * NOT_MEASURED of it. Not for two threads at once. */
struct studentized;
[[nodiscard]] struct studentized *studentized_new(size_t k);
void studentized_freep(struct studentized **t); /* for CLEANUP() */
[[nodiscard]] double studentized_upper_of(const struct studentized *t, double q, double df);
[[nodiscard]] double studentized_upper_quantile_of(const struct studentized *t, double p,
                                                   double df);
