/* bootstrap.h - resampling one sample of independent values; several units: bootstrap_nested.h.
 *
 * Seeded, and the same for any number of threads: resamples come in chunks, each with a stream of
 * its own. Where a sample is so small that all n^n resamples can be enumerated, they are, and
 * nothing is random.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

enum bootstrap_of : uint8_t {
    BOOTSTRAP_MEAN,
    BOOTSTRAP_QUANTILE, /* type 7 */
    BOOTSTRAP_SD,       /* with n - 1 */
    BOOTSTRAP_RATIO,    /* sum of x over sum of y, pairs drawn together */
    BOOTSTRAP_FUNCTION,
};

struct bootstrap_statistic {
    enum bootstrap_of of;
    double p;        /* of BOOTSTRAP_QUANTILE; 0.5: the median */
    const double *y; /* of BOOTSTRAP_RATIO, n of them */
    /* of BOOTSTRAP_FUNCTION: the figure of x[0..n); called by several threads at once */
    double (*function)(void *context, const double *x, size_t n);
    void *context;
};

struct bootstrap_plan {
    uint64_t seed;
    size_t resamples;
    size_t threads;   /* at most; 0: all CPUs that are allowed */
    bool never_exact; /* draw even where all resamples could be enumerated */
};

/* The largest n whose n^n resamples are enumerated, as C(2n - 1, n) distinct ones with their
 * weights: 92,378 of 10^10. That is no more work than the resamples that it stands for. */
constexpr size_t BOOTSTRAP_EXACT_N = 10;

struct bootstrap { /* the distribution of a figure over resamples */
    size_t n;
    double theta; /* the sample's own figure */
    bool exact;   /* over all n^n resamples */
    size_t n_values;
    const double *values;  /* ascending; exact: distinct */
    const uint64_t *up_to; /* exact: resamples of values[0..i]; nullptr: i + 1 */
    uint64_t total;
    double mean, se;                /* of the distribution; se with the divisor `total` */
    double share_less, share_equal; /* resamples under theta, and at it */
    double z0;                      /* of BCa: Phi^-1(share_less + share_equal / 2), ties at half */
    double acceleration;            /* of BCa, by the jackknife; 0 where no value matters */
};

/* x is not kept; the arrays of the result belong to a. theta is NOT_MEASURED for n = 0, and so are
 * the figures that need it. n at most UINT32_MAX. */
[[nodiscard]] struct bootstrap bootstrap_of(const double *x, size_t n,
                                            const struct bootstrap_statistic *s,
                                            const struct bootstrap_plan *plan, struct arena *a);

enum bootstrap_method : uint8_t { BOOTSTRAP_PERCENTILE, BOOTSTRAP_BASIC, BOOTSTRAP_BCA };

struct bootstrap_ends {
    double lo, hi;
    double level_lo, level_hi; /* of the distribution, that were taken */
    double error_lo, error_hi; /* standard errors of lo and hi from drawing and not enumerating */
};

/* Exact: quantiles are the inverse of the distribution function (the smallest value that it reaches
 * at the level); drawn: interpolated at level (B + 1). BCa: Efron (1987). An end is NOT_MEASURED
 * where its level is (z0 infinite: theta is beyond all resamples), and of fewer than two values. */
[[nodiscard]] struct bootstrap_ends bootstrap_ends(const struct bootstrap *b,
                                                   enum bootstrap_method method, double conf);

/* Bootstrap-t of the mean: mean - quantiles of (mean* - mean) / se*, times se. Resamples of one
 * value only have no se and are left out. NOT_MEASURED for a constant sample, and below
 * BOOTSTRAP_T_LEAST_N values, of which few resamples are left (of two, all at t = 0). */
constexpr size_t BOOTSTRAP_T_LEAST_N = 6;
[[nodiscard]] struct bootstrap_ends bootstrap_t(const double *x, size_t n,
                                                const struct bootstrap_plan *plan, double conf,
                                                struct arena *scratch);

struct bootstrap_interval {
    double lo, hi;
    uint32_t resamples; /* that lo and hi rest on */
};

/* Percentile interval of values[0..b), which are sorted in place; type 7. NOT_MEASURED when b is 0.
 */
[[nodiscard]] struct bootstrap_interval bootstrap_percentile(double *values, size_t b, double conf);
