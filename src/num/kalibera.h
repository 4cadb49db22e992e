/* kalibera.h - how many repetitions at which level: Kalibera & Jones, "Rigorous benchmarking in
 * reasonable time" (ISMM 2013), with the correction of their 2020 edition (arXiv 2007.10899).
 *
 * Levels count from 1, the innermost: iterations in an invocation, invocations in a build, ... The
 * arrays below hold level i at index i - 1. What varies at a level is what one repetition of that
 * level alone would not show.
 */
#pragma once

#include <stddef.h>

constexpr size_t KALIBERA_LEVELS = 4; /* at most */

struct kalibera {
    size_t levels;
    double reps[KALIBERA_LEVELS]; /* r_i that the figures rest on; means where they differ */
    double mean;
    /* S_i^2: the variance of the means of level i, averaged over the levels above. */
    double s2[KALIBERA_LEVELS];
    /* T_i^2 = S_i^2 - S_{i-1}^2 / r_{i-1}, T_1^2 = S_1^2: what level i adds. At or below 0: nothing
     * is seen, and one repetition of the level below suffices. */
    double t2[KALIBERA_LEVELS];
};

/* x: reps[0] values of the first repetition of level 2, then of its second, ...; reps[i]
 * repetitions at level i + 1, at least 2 each. levels in 1 .. KALIBERA_LEVELS. */
[[nodiscard]] struct kalibera kalibera_of(const double *x, const size_t *reps, size_t levels);

/* Two levels whose invocations have different numbers of values: invocation u owns
 * x[start[u] .. start[u + 1]). S_1^2 pools the invocations; T_2^2 = (MS between - MS within) / n0
 * with n0 = (N - sum n_u^2 / N) / (k - 1); S_2^2 = T_2^2 + S_1^2 / n0. The same as kalibera_of()
 * where all have as many. Empty invocations are left out. Fields are NOT_MEASURED where there are
 * fewer than two invocations (t2[1], s2[1]), or none has two values (all of them, but the mean). */
[[nodiscard]] struct kalibera kalibera_two(const double *x, const size_t *start, size_t n);

/* ret[0 .. levels - 1): the best r_i = sqrt(c_{i+1} / c_i * T_i^2 / T_{i+1}^2) below the top, not
 * rounded; c_i = cost[i - 1] is the time of one more repetition at level i, without what it
 * contains. At least 1. T_{i+1}^2 at or below 0 leaves r_i without a bound: INFINITY. */
void kalibera_optimal(const struct kalibera *k, const double *cost, double *ret);

/* Half of the interval of the mean: t[(1 + conf) / 2, r_n - 1] sqrt(S_n^2 / r_n). */
[[nodiscard]] double kalibera_half(const struct kalibera *k, double conf);

/* S_n^2 that repetitions r[0 .. levels - 1) below the top would give: T_n^2 + T_{n-1}^2 / r_{n-1} +
 * T_{n-2}^2 / (r_{n-1} r_{n-2}) + ..., terms below 0 counting as 0. */
[[nodiscard]] double kalibera_top_variance(const struct kalibera *k, const double *r);

/* The fewest repetitions at the top, at least 2 and at most `most`, whose interval has this half
 * width; most + 1 where not even `most` do. */
[[nodiscard]] size_t kalibera_top(double top_variance, double half, double conf, size_t most);

struct kalibera_ratio {
    double ratio, lo, hi;
    bool bounded; /* false: the denominator is not told from 0, the interval has no bounds */
};

/* Of the means, numerator / denominator, by Fieller (1954), each with its own h^2 = t^2 S_n^2 /
 * r_n.
 */
[[nodiscard]] struct kalibera_ratio kalibera_ratio_of(const struct kalibera *numerator,
                                                      const struct kalibera *denominator,
                                                      double conf);
