/* changepoint.h - where a series changes its level, or its level and spread. Pure but for scratch.
 *
 * Finds the segmentation that minimises sum cost(segment) + penalty * (number of changes): the
 * optimum of the exact dynamic programme, by PELT (Killick, Fearnhead & Eckley 2012, JASA
 * 107:1590). A candidate is given up min_segment steps after it lost, because until then the one
 * that beat it cannot be used; without this delay the optimum is missed now and then.
 *
 * Time is O(n) with many changes and O(n^2) with none. For a long series take changepoint_blocks()
 * first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

enum changepoint_cost : uint8_t {
    CHANGEPOINT_MEAN, /* sum (x - m)^2; divide x by its sd to make the penalty scale-free */
    CHANGEPOINT_MEAN_VARIANCE, /* n (log 2 pi + log s^2 + 1), s^2 with n: Barrett et al. 2017 */
};

struct changepoint_rule {
    enum changepoint_cost cost;
    double penalty;     /* of one change */
    size_t min_segment; /* at least 1; at least 2 for a variance */
    double least_sd; /* MEAN_VARIANCE: the resolution of x; equal neighbours have no smaller sd */
};

struct changepoint_found {
    size_t n; /* changes */
    const size_t
        *end; /* n + 1: segment k is x[end[k - 1] .. end[k]), the last ends at the series' end */
    double objective;
};

/* x[0..n), finite. The result is the arena's. n 0: no changes and no ends. */
[[nodiscard]] struct changepoint_found
changepoint_pelt(const double *x, size_t n, const struct changepoint_rule *rule, struct arena *a);

/* The noise of a series that has steps: 1.4826 median |x[i + 1] - x[i]| / sqrt 2, which a step
 * moves by one difference only. NOT_MEASURED when n < 2. */
[[nodiscard]] double changepoint_noise(const double *x, size_t n, struct arena *scratch);

/* Medians of at most `most` consecutive blocks of equal length (the last may be longer by less than
 * one block). Returns their number; *ret_block: the length, 1 when x was taken as it is. A change
 * is then known to the block. */
[[nodiscard]] size_t changepoint_blocks(const double *x, size_t n, size_t most, struct arena *a,
                                        const double **ret_x, size_t *ret_block);
