/* proportion.h - shares of a count: intervals of one, and the comparison of two on the same items.
 * Pure.
 */
#pragma once

#include <stddef.h>

struct proportion_interval {
    double estimate, lo, hi; /* all NOT_MEASURED where n is 0 or k > n */
};

/* k of n. Wilson (1927): the score test turned round; near conf on average. With the continuity
 * correction (Newcombe 1998, Stat. Med. 17:857, method 4), as R's prop.test, at least about conf.
 */
[[nodiscard]] struct proportion_interval proportion_wilson(size_t k, size_t n, double conf);
[[nodiscard]] struct proportion_interval proportion_wilson_corrected(size_t k, size_t n,
                                                                     double conf);

/* Clopper & Pearson (1934): never covers less than conf; R's binom.test. */
[[nodiscard]] struct proportion_interval proportion_clopper_pearson(size_t k, size_t n,
                                                                    double conf);

/* Two-sided binomial test that the share is p: the sum of all outcomes that are no likelier than k,
 * as R's binom.test. NOT_MEASURED where n is 0. */
[[nodiscard]] double proportion_test(size_t k, size_t n, double p);

/* The difference k1/n1 - k2/n2 of two independent shares, from their Wilson intervals (Newcombe
 * 1998, Stat. Med. 17:873, method 10). */
[[nodiscard]] struct proportion_interval proportion_difference(size_t k1, size_t n1, size_t k2,
                                                               size_t n2, double conf);

/* McNemar (1947): of items judged twice, b changed one way and c the other. */
struct proportion_mcnemar {
    double p_exact;                     /* binomial(b + c, 1/2), two-sided */
    double chi2, p;                     /* (b - c)^2 / (b + c), at 1 degree of freedom */
    double chi2_corrected, p_corrected; /* (|b - c| - 1)^2 / (b + c): Edwards 1948; R's default */
};
/* With b + c = 0 nothing changed: p_exact is 1, the others are NOT_MEASURED. */
[[nodiscard]] struct proportion_mcnemar proportion_mcnemar_of(size_t b, size_t c);

/* Two independent shares, k1 of n1 and k2 of n2: are they the same? */
struct proportion_two {
    double chi2, p;                     /* Pearson's, at 1 degree of freedom */
    double chi2_corrected, p_corrected; /* with Yates's correction, as R's prop.test */
    double p_exact; /* Fisher's: tables no likelier than this one; fisher.test */
};
/* NOT_MEASURED where n1 or n2 is 0, the chi-squared ones also where both shares are 0 or 1. */
[[nodiscard]] struct proportion_two proportion_two_of(size_t k1, size_t n1, size_t k2, size_t n2);

/* The same of pairs: of n items judged twice, b were only true the first time and c only the
 * second: (b - c) / n. Agresti & Min (2005, Stat. Med. 24:729): half an item more in each of the
 * four cells, then the normal interval; of 12 pairs it covers 0.93 to 0.99 for 0.95, and
 * the more the nearer. lo and hi stay within
 * [-1, 1]. All NOT_MEASURED where n is 0 or b + c > n. */
[[nodiscard]] struct proportion_interval proportion_paired_difference(size_t b, size_t c, size_t n,
                                                                      double conf);
