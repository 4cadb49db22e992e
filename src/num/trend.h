/* trend.h - does a series rise or fall, by how much, whatever its law. Pure but for scratch. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* The median of the slopes (x[j] - x[i]) / (t[j] - t[i]) over all pairs with t[i] != t[j] (Theil
 * 1950, Sen 1968), and Sen's interval: the slopes whose ranks are (N -+ z sqrt(Var S)) / 2. */
struct trend_slope {
    double slope;     /* per unit of t, or per value; NOT_MEASURED: no two t differ */
    double intercept; /* median of x - slope t */
    double lo, hi;
    uint64_t pairs; /* that the slope is the median of */
    bool sampled;   /* they are a seeded sample of all pairs: above TREND_EXACT_N values */
};
constexpr size_t TREND_EXACT_N = 1500;
constexpr size_t TREND_SAMPLED_PAIRS = 1 << 18; /* the slope's rank is then off by 0.1 % (1 sd) */

/* t[0..n) or nullptr: 0, 1, 2, ... The interval assumes independent values around the line. */
[[nodiscard]] struct trend_slope trend_theil_sen(const double *t, const double *x, size_t n,
                                                 double confidence, struct arena *scratch);

/* Mann (1945) and Kendall: S = pairs that rise - pairs that fall, n log n. Its variance has the
 * correction for ties, and is n / n_eff times larger where the values are dependent: n_eff is of
 * the series without its trend (trend_residuals()), or NOT_MEASURED: independent. */
struct trend_test {
    double s, var_s;
    double tau; /* Kendall's tau-b with time */
    double z;   /* with continuity correction */
    double p;   /* two-sided; NOT_MEASURED: n < 3 or a constant series */
};
[[nodiscard]] struct trend_test trend_mann_kendall(const double *x, size_t n, double n_eff,
                                                   struct arena *scratch);

/* ret[i] = x[i] - slope * i. In place is fine. */
void trend_residuals(const double *x, size_t n, double slope, double *ret);
