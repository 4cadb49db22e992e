/* rank.h - tests that look at ranks only: no law is assumed, and one wild value counts as one.
 * Pure but for the scratch. Where the exact law is used is where R 4.2 uses it.
 */
#pragma once

#include <stddef.h>

struct arena;
struct merge;

struct rank_u {
    double u;     /* of a: pairs with a > b, and half of the equal ones */
    double p;     /* two-sided */
    bool exact;   /* else normal approximation with tie and continuity correction */
    double cliff; /* Cliff's delta: P(a > b) - P(a < b), from the same pairs */
};

/* Mann & Whitney (1947), of the two samples of a merge. Exact where both have fewer than 50 values
 * and none are equal, by Mann and Whitney's own recurrence. */
[[nodiscard]] struct rank_u rank_mann_whitney(const struct merge *m, struct arena *scratch);

struct rank_signed {
    double v;   /* sum of the ranks of the positive differences */
    double p;   /* two-sided */
    bool exact; /* else normal approximation with tie and continuity correction */
    size_t n;   /* differences that are neither 0 nor missing */
};

/* Wilcoxon's signed rank test of paired differences d[0..n): are they symmetric about 0? Zeros are
 * left out, as Wilcoxon (1945) did. Exact below 50 where no two are equal and none is 0. */
[[nodiscard]] struct rank_signed rank_wilcoxon(const double *d, size_t n, struct arena *scratch);

struct rank_ks {
    double d; /* the largest distance of the two distribution functions */
    double p; /* two-sided */
    bool exact;
};

/* Kolmogorov & Smirnov's test: do the two samples differ in any way? Exact for na nb < 10000, given
 * the ties that there are (Schroeer & Trenkler 1995, Comput. Stat. Data Anal. 20:185); else the
 * limit law. */
[[nodiscard]] struct rank_ks rank_kolmogorov_smirnov(const struct merge *m, struct arena *scratch);

struct rank_groups {
    double statistic, df, p; /* chi-squared, with the correction for ties */
};

/* Kruskal & Wallis (1952). x holds the groups one after the other, n[0..k) their sizes.
 * NOT_MEASURED where k < 2, a group is empty, or all values are equal. */
[[nodiscard]] struct rank_groups rank_kruskal_wallis(const double *x, const size_t *n, size_t k,
                                                     struct arena *scratch);

/* Friedman (1937). x[block * k + treatment]; ranks within blocks. NOT_MEASURED where there are
 * fewer than two of either, or all values within each block are equal. */
[[nodiscard]] struct rank_groups rank_friedman(const double *x, size_t blocks, size_t k,
                                               struct arena *scratch);
