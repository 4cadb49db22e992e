/* equivalence.h - are two things the same, within what matters? Pure.
 *
 * Two one-sided tests (Schuirmann 1987, J. Pharmacokin. Biopharm. 15:657): equivalent at alpha when
 * both "the difference is at or below the lower limit" and "at or above the upper limit" are
 * rejected at alpha, which is the same as the 1 - 2 alpha interval lying inside the limits. A test
 * that finds no difference does not show that there is none; only this does.
 */
#pragma once

#include "num/moment.h"

#include <stdint.h>

enum equivalence_outcome : uint8_t {
    EQUIVALENCE_UNKNOWN,    /* no standard error: nothing can be said */
    EQUIVALENCE_DIFFERENT,  /* a difference, and not shown to be within the limits */
    EQUIVALENCE_EQUIVALENT, /* within the limits, no difference found */
    EQUIVALENCE_NEGLIGIBLE, /* different, but within the limits */
    EQUIVALENCE_UNDECIDED,  /* neither shown: see equivalence_runs */
};

/* "unknown", "different", "equivalent", "different but negligible", "undecided" */
[[nodiscard]] const char *equivalence_outcome_name(enum equivalence_outcome o);

struct equivalence_limits {
    double lo, hi; /* lo < 0 < hi, in units of the estimate */
};

/* (-margin, margin) for a difference, (log(1 - m), log(1 + m)) for a log ratio within m, such as
 * 0.05 for 5 %. NOT_MEASURED where margin is not above 0, and for the ratio where it is not below
 * 1. */
[[nodiscard]] struct equivalence_limits equivalence_limits_difference(double margin);
[[nodiscard]] struct equivalence_limits equivalence_limits_ratio(double margin);

struct equivalence {
    double estimate, se, df;
    double t_lower, p_lower; /* against the lower limit: small p, the estimate is above it */
    double t_upper, p_upper; /* against the upper limit */
    double p;                /* the larger of the two */
    double p_difference;     /* two-sided, against 0 */
    double lo, hi;           /* the 1 - 2 alpha interval of the estimate */
    enum equivalence_outcome outcome;
};

/* Of an estimate whose standard error se has df degrees of freedom. All but the estimate is
 * NOT_MEASURED and the outcome UNKNOWN where se is not above 0 or the limits are NOT_MEASURED. */
[[nodiscard]] struct equivalence equivalence_of(double estimate, double se, double df,
                                                struct equivalence_limits limits, double alpha);

/* mean a - mean b with Welch's standard error and degrees of freedom. With the logarithms of the
 * values and equivalence_limits_ratio, the ratio of the geometric means. */
[[nodiscard]] struct equivalence equivalence_welch(const struct moment *a, const struct moment *b,
                                                   struct equivalence_limits limits, double alpha);

/* From the two p-values, such as after an adjustment for the family (num/adjust.h). */
[[nodiscard]] enum equivalence_outcome equivalence_outcome_of(double p_difference,
                                                              double p_equivalence, double alpha);

constexpr double EQUIVALENCE_POWER = 0.8;

/* How many runs each of the two needs in all, so that with this power the answer is no longer
 * "undecided": the smaller of what the difference needs and of what equivalence needs, should the
 * estimate be the truth and sd_a, sd_b the spreads of single runs: the smallest n with
 *     (t[1 - alpha/2] + t[power]) se(n) <= |estimate|, or
 *     1 - P(T > near/se(n) - t[1 - alpha]) - P(T > far/se(n) - t[1 - alpha]) >= power
 * near and far being the distances to the two limits (Julious 2004, Stat. Med. 23:1921, with t for
 * the normal).
 * 0: unknown (a spread is NOT_MEASURED or both are 0); at most EQUIVALENCE_MOST_RUNS. */
constexpr size_t EQUIVALENCE_MOST_RUNS = 1'000'000;
[[nodiscard]] size_t equivalence_runs(double estimate, double sd_a, double sd_b,
                                      struct equivalence_limits limits, double alpha, double power);
