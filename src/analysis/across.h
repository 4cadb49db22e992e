/* across.h - two configurations over all scenarios of a model: the mean of the log ratios, one per
 * scenario. Pure.
 *
 * Scenarios are no replicates of each other, so nothing of them is pooled: the pairing takes out
 * what a scenario costs, and what is left is how the ratio varies from one workload to another. The
 * interval is Student's over the scenarios (a claim about workloads like these); where the ratios
 * differ by more than their own errors explain (Cochran's Q), one number hides that.
 */
#pragma once

#include "analysis/pair.h"

struct across_part {
    const char *scenario;
    double ratio, lo, hi; /* b / a; pair.verdict's */
};

struct across {
    const struct folder_key *a, *b; /* of one of their cells: backend, precision, model */
    const struct across_part *parts;
    size_t n;                  /* scenarios that both ran, with the same work */
    size_t left_out;           /* scenarios with unequal work, or without a ratio */
    size_t b_faster, b_slower; /* scenarios by their ratio */
    struct verdict verdict;    /* over the scenarios; Holm within the model */
    double q, q_df, q_p;       /* heterogeneity; NOT_MEASURED unless every ratio has an error */
};

/* From all pairs of the results; *ret_n comparisons, two scenarios or more each. All belong to a.
 */
[[nodiscard]] struct across *across_compute(const struct pair *pairs, size_t n, double margin,
                                            struct arena *a, size_t *ret_n);
