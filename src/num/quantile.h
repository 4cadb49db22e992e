/* quantile.h - quantiles of a sample and their distribution-free intervals. Pure. */
#pragma once

#include <stddef.h>

void quantile_sort(double *x, size_t n); /* ascending */

/* The p-quantile of x[0..n), which must be ascending: Hyndman & Fan (1996) type 7, R's default.
 *
 * NOT_MEASURED when n is 0 or p is outside [0, 1]; not an error code, because an empty cell is
 * a fact to print and not a reason to stop.
 */
[[nodiscard]] double quantile_sorted(const double *x, size_t n, double p);

/* quantile_sorted() of x[0..n) in any order, in a fifth of the time of a sort; x is put in another
 * one. No NaN. */
[[nodiscard]] double quantile_unsorted(double *x, size_t n, double p);
[[nodiscard]] double quantile_median(double *x, size_t n);

/* The smallest n whose sample can say anything about the p-quantile: at least one value is expected
 * beyond it on its far side, n (1 - p) >= 1 for p > 1/2 (p95: 20, p99: 100) and n p >= 1 below.
 * Under it a type 7 "percentile" is the two largest values in disguise. */
[[nodiscard]] size_t quantile_least_n(double p);

/* Ranks of the distribution-free interval [x_(lo), x_(hi)] of the p-quantile (order statistics;
 * statistics.md, "Quantile CI"): lo the largest with P(Bin(n, p) < lo) <= (1 - conf) / 2, hi the
 * smallest with P(Bin(n, p) >= hi) <= (1 - conf) / 2. Ranks count from 1; lo 0 or hi n + 1: this
 * side has no finite bound at this n. The coverage that is really reached is at least conf. */
struct quantile_ranks {
    size_t lo, hi;
};
[[nodiscard]] struct quantile_ranks quantile_ranks(size_t n, double p, double conf);

/* P(lo <= Bin(n, p) < hi): what [x_(lo), x_(hi)] really covers; an end without a bound holds all.
 * Of the median of 7 values: the whole range 98.4 %, the next pair 87.5 %, and nothing between. */
[[nodiscard]] double quantile_ranks_level(struct quantile_ranks k, size_t n, double p);

/* The values at those ranks; NOT_MEASURED for a side without a bound. x ascending. */
struct quantile_interval {
    double lo, hi;
};
[[nodiscard]] struct quantile_interval quantile_interval(const double *x, size_t n, double p,
                                                         double conf);

/* The p-quantile of x[0..n), ascending, as Harrell & Davis (1982, Biometrika 69:635) estimate it:
 * all order statistics weighted with the beta law of their ranks,
 *     w_i = I_{i/n}(a, b) - I_{(i-1)/n}(a, b), a = (n + 1) p, b = (n + 1)(1 - p).
 * Smoother than type 7, which rests on two values; for p95 and beyond of moderate samples. p in
 * (0, 1), else NOT_MEASURED, as for n = 0; of one value it is that value. Costs follow the number
 * of weights that are not negligible, about 20 sqrt(n p (1 - p)). */
[[nodiscard]] double quantile_harrell_davis(const double *x, size_t n, double p);

/* Interval of the median at conf itself, between two order statistic intervals that cover more and
 * less (Hettmansperger & Sheather 1986, Stat. Probab. Letters 4:75): with g_d = P(d <= Bin(n, 1/2)
 * <= n - d), d the largest with g_d >= conf, I = (g_d - conf) / (g_d - g_{d+1}),
 * lambda = (n - d) I / (d + (n - 2 d) I), the bounds are (1 - lambda) x_(d) + lambda x_(d+1) and
 * its mirror. x ascending; NOT_MEASURED where n is too small for an interval at all (n < 6 at 95
 * %).
 */
[[nodiscard]] struct quantile_interval quantile_median_interval(const double *x, size_t n,
                                                                double conf);
