/* modes.h - has a sample one mode or two? Pure but for scratch. */
#pragma once

#include <stddef.h>

struct arena;

/* Hartigan & Hartigan's (1985) dip: the greatest distance between the sample's distribution
 * function and the nearest unimodal one; at least 1 / (2 n). p is against the uniform law, the
 * least favourable unimodal one, from a table made by simulation (modes_table.h): to about 5 % of
 * itself between 0.5 and 0.001, and no smaller than that. sorted[0..n) ascending; NOT_MEASURED when
 * n < 4 (any four values may have two modes). Time n. */
struct modes_dip {
    double dip, p;
};
constexpr double MODES_LEAST_P = 0.0005;
[[nodiscard]] struct modes_dip modes_dip(const double *sorted, size_t n, struct arena *scratch);

struct modes_part {
    double share, mean, sd;
};

/* Two normal parts by expectation and maximisation, from several starts, against one. Above
 * MODES_MOST_N values the sample is stood for by as many of its quantiles (n_used); the gain is of
 * that many values. */
struct modes_mixture {
    struct modes_part low, high; /* by mean */
    double bic_gain; /* BIC of one part minus that of two: above 10 is strong (Raftery 1995) */
    double ashman;   /* sqrt 2 |m1 - m2| / sqrt(s1^2 + s2^2): above 2 the parts are apart (1994) */
    size_t n_used;
};
constexpr size_t MODES_MOST_N = 1000;

/* sorted[0..n) ascending. least_sd > 0: no part is narrower (without it a part on two equal values
 * would be infinitely likely). All NOT_MEASURED when n < 6 or the sample is constant. */
[[nodiscard]] struct modes_mixture modes_mixture(const double *sorted, size_t n, double least_sd,
                                                 struct arena *scratch);
