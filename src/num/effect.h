/* effect.h - how large a difference is, beside whether there is one. Pure.
 *
 * Signs are of a against b: positive where a is larger. Standardised differences are for samples
 * of one scale; a claim about speed is a ratio with its interval (num/equivalence.h,
 * num/bootstrap.h), not a d.
 */
#pragma once

#include "num/moment.h"

#include <stdint.h>

struct effect_interval {
    double lo, hi;
};

/* Cohen's d = (mean a - mean b) / pooled sd; NOT_MEASURED where that sd is 0 or unknown. */
[[nodiscard]] double effect_cohen_d(const struct moment *a, const struct moment *b);

/* Hedges' exact factor J = gamma(v/2) / (sqrt(v/2) gamma((v-1)/2)) (1981, J. Educ. Stat. 6:107);
 * NOT_MEASURED for df <= 1. Hedges' g is J(na + nb - 2) d, without the bias of d. */
[[nodiscard]] double effect_hedges_j(double df);
[[nodiscard]] double effect_hedges_g(double d, size_t na, size_t nb);

/* Glass's delta = (mean a - mean b) / sd of b, the control's: where the two spreads differ. */
[[nodiscard]] double effect_glass(const struct moment *a, const struct moment *b);

enum effect_size : uint8_t {
    EFFECT_UNKNOWN,
    EFFECT_NEGLIGIBLE,
    EFFECT_SMALL,
    EFFECT_MEDIUM,
    EFFECT_LARGE
};
[[nodiscard]] const char *effect_size_name(enum effect_size s);

/* Dominance: how often a value of a is above one of b. */
struct effect_dominance {
    double delta, lo, hi;       /* Cliff's: P(a > b) - P(a < b), in [-1, 1] */
    double a12, a12_lo, a12_hi; /* Vargha & Delaney's: P(a > b) + P(a = b) / 2 = (delta + 1) / 2 */
    double var;                 /* of delta: Cliff's (1993) unbiased estimate, with its floor */
    enum effect_size size;      /* of |delta|: below .147, .33, .474 (Romano et al. 2006) */
};

/* Of the two samples of a merge. The asymmetric interval of Feng & Cliff (2004, J. Modern Appl.
 * Stat. Methods 3:322), with t at na + nb - 2; where every a is above every b (or below) the
 * variance is 0 and the near bound is (m - t^2) / (m + t^2), m the smaller size. Bounds are
 * NOT_MEASURED where a sample has fewer than two values, all where one is empty. */
struct merge;
[[nodiscard]] struct effect_dominance effect_dominance_of(const struct merge *m, double conf);

/* The interval of Cohen's d from the noncentral t that its t has (Steiger & Fouladi 1997): the two
 * noncentralities at which the t that was seen is the (1 + conf) / 2 and (1 - conf) / 2 quantile,
 * times sqrt(1/na + 1/nb). Times effect_hedges_j() it is that of g. For normal values of one
 * variance. NOT_MEASURED where d is. */
[[nodiscard]] struct effect_interval effect_d_interval(double d, size_t na, size_t nb, double conf);
