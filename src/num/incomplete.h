/* incomplete.h - the incomplete beta and gamma functions, both tails, in arithmetic wider than
 * double: for what libRmath loses (dist.h says where). Pure.
 */
#pragma once

#include "num/wide.h"

/* P(X <= x) and P(X > x), and their logarithms, which stay finite where the tails underflow. */
struct incomplete {
    double lower, upper, log_lower, log_upper;
};

/* I_x(a, b), a and b > 0, 0 <= x <= 1, y = 1 - x as exact as the caller has it. By the continued
 * fraction (Abramowitz and Stegun 26.5.8) on the side where it converges in O(sqrt(max(a, b)))
 * steps. Relative error about 1e-15 in both tails while a and b are between 1e-16 and 1e10; above,
 * the fraction's steps cancel. */
[[nodiscard]] struct incomplete incomplete_beta(double a, double b, wide_t x, wide_t y);

/* P(a, x) = integral of t^(a-1) e^-t / Gamma(a) from 0 to x; a > 0, x >= 0. By the series below
 * a + 1, the continued fraction above. The same error. */
[[nodiscard]] struct incomplete incomplete_gamma(double a, double x);
