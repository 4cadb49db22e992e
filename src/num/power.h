/* power.h - how likely a two-sample t test is to find a difference, how many runs that takes, and
 * what it could have found. Pure.
 *
 * Two-sided at alpha, equal sizes; a rejection counts where it has the right sign, as in R's
 * power.t.test. d is the true difference in units of the spread of single values.
 */
#pragma once

#include <stddef.h>

/* n: of each group, above 1, need not be whole. NOT_MEASURED outside. */
[[nodiscard]] double power_t_test(double d, double n, double alpha);

/* The n of each group at which that is `power`, not rounded; at least 2. NOT_MEASURED where d is 0,
 * power is not in (alpha / 2, 1), or n would be above 1e9. */
[[nodiscard]] double power_n(double d, double power, double alpha);

/* The smallest true d that is found with this power. Multiply by the sd for the difference. */
[[nodiscard]] double power_detectable(double n, double power, double alpha);

/* The same for any t test, whose estimate has df degrees of freedom behind its standard error: the
 * true value, in standard errors, that is found with this power. The noncentrality at which the t
 * that is asked for has `power` above it. */
[[nodiscard]] double power_shift(double df, double power, double alpha);

/* The n of each group (of pairs: sd_b 0) at which Welch's (the paired) t test finds a difference
 * with this power, as the spreads of single values are sd_a and sd_b; from 2. 0: unknown, or above
 * POWER_MOST_RUNS. */
constexpr size_t POWER_MOST_RUNS = 1'000'000'000;
[[nodiscard]] size_t power_runs(double difference, double sd_a, double sd_b, double power,
                                double alpha);
