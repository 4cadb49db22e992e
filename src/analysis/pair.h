/* pair.h - two configurations of one scenario and model, compared. Pure.
 *
 * Signs, as the seed's: difference, percent_change, d, g and delta are b against a (positive: b is
 * slower); t is for a - b, so it has the opposite sign. ratio is median(b) / median(a).
 */
#pragma once

#include "analysis/cell.h"
#include "analysis/verdict.h"
#include "num/compare.h"
#include "num/effect.h"
#include "num/rank.h"

struct pair {
    const struct cell_stats *a, *b;
    double difference, percent_change;
    struct compare_t pooled, welch;
    struct compare_t
        by_invocation; /* Welch on the means of the invocations; NOT_MEASURED under two each */
    struct rank_u mann_whitney; /* of b against a */
    struct rank_ks ks;
    double cohen_d, hedges_g, glass;  /* glass: over the sd of a */
    struct effect_interval hedges_ci; /* of hedges_g */
    struct effect_dominance dominance;
    double holm_welch, holm_mann_whitney; /* within the family that pair_family was given; over
                                             samples, which are no replicates where a cell has
                                             several invocations */
    double ratio, ratio_lo, ratio_hi;     /* of the medians: interval_ratio() */
    double tokens_a, tokens_b;            /* generated per sample */
    bool unequal_work;      /* the length guard: these differ by more than PAIR_WORK, so that a
                               latency is no comparison; `significant` is then withheld (false) */
    struct verdict verdict; /* of b against a, on the level at which they vary */
    bool significant;       /* verdict.p_holm < 0.05 */
    bool ranks_differ;      /* the mean and the median rank a and b differently */
    const size_t *culprits; /* places in culprits_of->x */
    size_t n_culprits;
    const struct cell_stats *culprits_of;
    bool culprits_suffice;
};

constexpr double PAIR_ALPHA = 0.05;
constexpr double PAIR_WORK = 0.01; /* of the larger one */

/* Tokens that a sample of the cell generated on average; NOT_MEASURED: not all were counted. */
[[nodiscard]] double pair_tokens(const struct cell_stats *c);
/* The length guard. False where one is NOT_MEASURED. */
[[nodiscard]] bool pair_work_differs(double tokens_a, double tokens_b);

/* All pairs of cells[0..n) with at least two samples each, in their order; room for n (n - 1) / 2.
 * They are one family for Holm. margin: of equivalence, relative. */
void pair_family(const struct cell_stats *const *cells, size_t n, double margin, struct arena *a,
                 struct pair *ret, size_t *ret_n);
