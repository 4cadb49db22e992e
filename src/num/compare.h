/* compare.h - tests of means. Pure. Signs: every t is for a - b, like R's t.test(a, b). */
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

/* Student's test that the mean is 0: with the differences of pairs, the paired test. lo and hi are
 * of the mean. As above where there are fewer than two values or they do not vary. */
[[nodiscard]] struct compare_t compare_paired(const struct moment *differences, double conf);
