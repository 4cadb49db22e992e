/* compare.h - two-sample tests. Pure. Signs: every t is for a - b, like R's t.test(a, b). */
#pragma once

#include "num/moment.h"

struct compare_t {
    double t, df, p; /* two-sided */
    double lo, hi;   /* interval of mean(a) - mean(b) at the level asked for */
};

/* Student's test with one variance for both (the seed's), and Welch's (1947) without that
 * assumption. All fields NOT_MEASURED where a group has fewer than two values; t and p also where
 * neither group varies, because then there is no scale to compare with. */
[[nodiscard]] struct compare_t compare_pooled(const struct moment *a, const struct moment *b,
                                              double conf);
[[nodiscard]] struct compare_t compare_welch(const struct moment *a, const struct moment *b,
                                             double conf);

struct compare_u {
    double u;     /* of a: pairs with a > b, and half of the equal ones */
    double p;     /* two-sided */
    bool exact;   /* else normal approximation with tie and continuity correction */
    double cliff; /* Cliff's delta: P(a > b) - P(a < b), from the same ranks */
};

/* Mann-Whitney. a[0..na) and b[0..nb) ascending. Exact where both have fewer than 50 values and
 * none are equal, as R's wilcox.test decides. */
[[nodiscard]] struct compare_u compare_mann_whitney(const double *a, size_t na, const double *b,
                                                    size_t nb);
