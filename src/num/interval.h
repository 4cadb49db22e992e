/* interval.h - the intervals that are published: of a mean, of a quantile, of the ratio of two
 * figures, from samples nested in units (invocations). Pure.
 *
 * Each was chosen because it covers: docs/METHOD.md has the table, `chimera selftest` measures it
 * again. Units are independent of each other, whatever their samples do among themselves, so that
 * with two units or more only what differs between units counts. With one unit there is nothing but
 * its samples: their dependence is estimated as an AR(1) (lag-1 autocorrelation, corrected for its
 * bias) and the interval is widened by it; that the next process may be another stays outside.
 *
 * Intervals of positive figures are positive: they are symmetric on the log scale.
 */
#pragma once

#include "num/nested.h"

#include <stdint.h>

enum interval_kind : uint8_t {
    INTERVAL_NONE,
    INTERVAL_STUDENT,        /* of a mean that is not positive: t, symmetric */
    INTERVAL_LOG_STUDENT,    /* at exp(-+ t se / at) (delta method) */
    INTERVAL_UNIT_QUANTILES, /* at exp(-+ t se), se from the logs of the units' own quantiles */
    INTERVAL_WOODRUFF, /* p -+ t se of the share below, over units, inverted (Woodruff 1952) */
    INTERVAL_ORDER,    /* order statistics, interpolated (Nyblom 1992) */
};

struct interval {
    double at, lo, hi;  /* the figure; an end that is NOT_MEASURED: no finite bound at this n */
    double log_se;      /* standard error of log(at), for ratios */
    double df;          /* of the t behind it */
    double n_effective; /* independent values behind it: units, or samples less their dependence */
    enum interval_kind kind;
    const char *reason; /* why an end is missing, one line; nullptr: both are there */
};

/* Units from which on the median's interval is Woodruff's. Below, the share of samples under the
 * median is known too badly to be inverted, and the medians of the units are compared instead;
 * above, those would be biased where units are small and the law is skewed. */
constexpr size_t INTERVAL_MANY_UNITS = 8;

/* Samples that the median's interval needs: of five, even the whole range covers 93.75 % only. */
constexpr size_t INTERVAL_LEAST_N = 6;

/* Of one unit, the least at which a dependence is estimated. */
constexpr size_t INTERVAL_SERIES_N = 20;

struct arena;

[[nodiscard]] struct interval interval_mean(const struct nested *s, double conf);

/* sorted: the same samples, ascending. The p-quantile is type 7. Ends beyond the samples have no
 * bound: a p95 of few units has a lower end only. */
[[nodiscard]] struct interval interval_quantile(const struct nested *s, const double *sorted,
                                                double p, double conf, struct arena *scratch);

/* Of the median where the number of units came of looking at the interval (stopping.h): the error
 * of Woodruff's share is taken at the ends too, and the larger of both counts. Where units are in
 * one of two states as a whole, that at the median is too small as soon as they are not half and
 * half, which is where a run would stop. It covers 0.5 to 1.5 % more on other laws. */
[[nodiscard]] struct interval interval_median_stopped(const struct nested *s, const double *sorted,
                                                      double conf, struct arena *scratch);

/* b.at / a.at, at exp(-+ t se) of their log_se; t has the degrees of freedom of
 * compare_few_df(). NOT_MEASURED where one is. */
[[nodiscard]] struct interval interval_ratio(const struct interval *b, const struct interval *a,
                                             double conf);

/* What the method is, for a file or a reader; nullptr for INTERVAL_NONE. */
[[nodiscard]] const char *interval_method(const struct interval *v, size_t n_units);

/* The factor by which the variance of a mean of n consecutive values (tau[0]), or of the share of
 * them below their p-quantile, exceeds that of independent ones; at least 1. n < INTERVAL_SERIES_N,
 * or a constant series: 1. */
[[nodiscard]] double interval_dependence_mean(const double *x, size_t n);
[[nodiscard]] double interval_dependence_quantile(const double *x, size_t n, double p);
/* tau of the mean for a comparison with another series: too little and too much by chance have to
 * be alike, so that it may be below 1, by what chance makes of independent values. */
[[nodiscard]] double interval_dependence_difference(const double *x, size_t n);
