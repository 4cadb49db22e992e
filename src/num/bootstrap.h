/* bootstrap.h - intervals by resampling, seeded: the same input gives the same interval. Pure but
 * for the scratch that it takes from the arena. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Samples in units (invocations): unit u owns x[start[u] .. start[u + 1]), in any order. */
struct bootstrap_nested {
    const double *x;
    const size_t *start; /* n_units + 1 */
    size_t n_units;
};

struct bootstrap_interval {
    double lo, hi;
    uint32_t resamples; /* that lo and hi rest on */
};

/* The least sample that a 95 % interval of a median can rest on: with five values even the whole
 * range covers only 1 - 2/2^5 = 93.75 %. */
constexpr size_t BOOTSTRAP_LEAST_N = 6;

/* How many resamples a sample of n is given: 2000 up to 5000 samples, fewer beyond, at least 500;
 * the Monte-Carlo error then is still far below the interval's own. 0 under BOOTSTRAP_LEAST_N. */
[[nodiscard]] size_t bootstrap_resamples(size_t n);

/* ret[0..b): medians of b resamples. A resample: draw n_units units with replacement, from each as
 * many samples as it has, with replacement; the median of all. in must not be empty. */
void bootstrap_medians(const struct bootstrap_nested *in, uint64_t seed, struct arena *scratch,
                       double *ret, size_t b);

/* Percentile interval of values[0..b), which are sorted in place; type 7. NOT_MEASURED when b is 0.
 *
 * Percentile and not BCa: the acceleration of BCa is a jackknife, and the jackknife of a median is
 * not consistent (Efron 1979; Miller 1974). With one unit it says nothing about the variation
 * between units; with fewer than about five it is narrower than it claims. Both are for the caller
 * to say. */
[[nodiscard]] struct bootstrap_interval bootstrap_percentile(double *values, size_t b, double conf);
