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

/* Degrees of freedom for the difference of two means (or logs of medians) whose squared standard
 * errors are va and vb, each with its own degrees of freedom (values behind it, less one): Welch's
 * (1947) second form, no more than that form, with 1/2 for his 2, gives where both vary alike.
 * Of few values. By simulation (normal, 200,000 runs), like cells are called different in %:
 *
 *     values        2, 2   3, 3   5, 5   2, 3   2, 10   3, 10   5, 30
 *     this           4.3    4.6    4.9    4.3     1.0     3.9     4.5
 *     Satterthwaite  2.3    3.5    4.5    3.6    10.0     6.4     5.7
 *
 * and where one of 3, 3 varies 2 or 4 times as much as the other, in 5.5 and 6.8 (his: 4.3, 5.6).
 * Both variances 0: da + db. */
[[nodiscard]] double compare_few_df(double va, double da, double vb, double db);

/* Student's test that the mean is 0: with the differences of pairs, the paired test. lo and hi are
 * of the mean. As above where there are fewer than two values or they do not vary. */
[[nodiscard]] struct compare_t compare_paired(const struct moment *differences, double conf);
