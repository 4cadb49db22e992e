/* chi_kernel.h - the kernel of the density of s = sqrt(chi2 / df) on the log scale, per degree of
 * freedom: log s - (s^2 - 1) / 2 with u = log s. Pure. */
#pragma once

/* u - (e^2u - 1) / 2, at most 0, without the cancellation near 0, where it is -u^2. */
[[nodiscard]] double chi_kernel(double u);

/* The log of what makes it a density: with h = df / 2, log 2 + h log h - h - lgamma(h), whose terms
 * would leave few digits of a difference; a relative error of e^it below 1e-14. df > 0. */
[[nodiscard]] double chi_kernel_log_constant(double df);
