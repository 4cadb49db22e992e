/* permutation.h - tests that draw no law: what would the figure be, had the labels been given by
 * lot? Seeded, the same for any number of threads. Exact where all assignments can be enumerated.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

struct permutation_plan {
    uint64_t seed;
    size_t permutations; /* that are drawn where not all are enumerated */
    size_t threads;      /* at most; 0: all CPUs that are allowed */
    uint64_t exact_most; /* enumerate up to so many assignments; 0: PERMUTATION_EXACT */
};

constexpr uint64_t PERMUTATION_EXACT = 200'000;

/* The figure of a[0..na) against b[0..nb); called by several threads at once. nullptr: the
 * difference of the means, a - b. Large in absolute value: far from "alike". */
typedef double permutation_figure(void *context, const double *a, size_t na, const double *b,
                                  size_t nb);

struct permutation {
    double observed; /* the figure as the labels are */
    double p;        /* two-sided: |figure| at least as large. Exact: the share of all assignments;
                        drawn: (c + 1) / (B + 1), so that it is never 0 (Phipson and Smyth 2010) */
    double p_error;  /* standard error of p from drawing; exact: 0 */
    double p_greater, p_less; /* one-sided */
    bool exact;
    uint64_t assignments; /* that p rests on */
};

/* Two independent samples: all ways to share the values out. Ties with the observed figure that
 * differ by rounding only count as ties. NOT_MEASURED where a sample is empty or the figure is. */
[[nodiscard]] struct permutation permutation_two(const double *a, size_t na, const double *b,
                                                 size_t nb, permutation_figure *figure,
                                                 void *context, const struct permutation_plan *plan,
                                                 struct arena *scratch);

/* Pairs, as differences d[0..n): all 2^n ways to turn their signs; the figure is their mean. Zeros
 * turn into themselves. */
[[nodiscard]] struct permutation permutation_paired(const double *d, size_t n,
                                                    const struct permutation_plan *plan,
                                                    struct arena *scratch);
