/* cluster.h - a mean per unit when the units come in clusters that are not independent inside: its
 * standard error, its interval, and the smallest difference that could have been seen. Pure.
 *
 * The estimate is a ratio of sums, R = sum_g y_g / sum_g m_g, where cluster g has the total y_g
 * over m_g units (tokens, bytes). Its variance is the cluster-robust one (Liang & Zeger 1986,
 * Biometrika 73:13-22) of a regression on a constant, with the usual small-sample factor (CR1):
 *
 *     V = G / (G - 1) * sum_g (y_g - R m_g)^2 / (sum_g m_g)^2
 *
 * which is also the linearised variance of a ratio (Cochran 1977, Sampling Techniques, 6.3).
 * Intervals take t with G - 1 degrees of freedom; for clusters that are contiguous blocks of a
 * dependent series this is Bester, Conley & Hansen 2011 (J. Econometrics 165:137-151).
 */
#pragma once

#include <stddef.h>

constexpr double CLUSTER_CONFIDENCE = 0.95;

struct cluster_mean {
    double estimate;     /* NOT_MEASURED without units */
    double se, lo, hi;   /* NOT_MEASURED with fewer than two clusters that have units */
    double df;           /* G - 1 */
    size_t clusters;     /* that have units */
    double units, total; /* the sums of m and of y, compensated */
};

/* sum[g] and units[g] of clusters [0..n); units[g] at least 0, a cluster of 0 units is left out. */
[[nodiscard]] struct cluster_mean cluster_mean_of(const double *sum, const double *units, size_t n);

/* The smallest true difference that a two-sided test at alpha finds with this power:
 * (t[1 - alpha/2] + t[power]) * se, both at df (Bloom 1995, Evaluation Review 19:547-556). */
[[nodiscard]] double cluster_detectable(double se, double df, double alpha, double power);

/* A share: count[g] of units[g]. Wilson's interval (1927) with the effective number of units
 * n' = min(n, p (1 - p) / V) and t for z (Korn & Graubard 1998, Survey Methodology 24:193-201), so
 * that it stays inside [0, 1] and a share of 1 has a lower bound. With a share of 0 or 1, n' is n:
 * no dependence can be seen there. */
[[nodiscard]] struct cluster_mean cluster_share_of(const double *count, const double *units,
                                                   size_t n);
