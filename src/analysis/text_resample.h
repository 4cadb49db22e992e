/* text_resample.h - how sure a text metric is: intervals by resampling lines, and paired tests of
 * two systems on the same lines. Seeded: the same input gives the same numbers.
 *
 * Intervals: percentile bootstrap over lines, or over clusters of lines that belong together (all
 * outputs of one prompt); the percentiles are of the whole score, recomputed from the counts for
 * BLEU and chrF (Koehn, "Statistical significance tests for machine translation evaluation", EMNLP
 * 2004). Test: approximate randomisation (Riezler and Maxwell, "On some pitfalls in automatic
 * evaluation and significance testing for MT", 2005): a trial exchanges the two systems' outputs of
 * each cluster with probability 1/2; p = (1 + trials whose difference is at least as large) / (1 +
 * trials). Or the paired bootstrap of sacreBLEU: the share of resamples whose difference, less
 * their mean, is at least as large as the one observed.
 */
#pragma once

#include "analysis/text_score.h"

struct text_resample_plan {
    const uint32_t *cluster; /* of each line, from 0; nullptr: each line is one */
    size_t n_clusters;       /* with cluster */
    uint32_t resamples, trials;
    uint64_t seed;
    double confidence;
};

constexpr double TEXT_RESAMPLE_CONFIDENCE = 0.95;
/* Fewer clusters say nothing about their spread. */
constexpr size_t TEXT_RESAMPLE_LEAST = 6;

struct text_resample_interval { /* NOT_MEASURED: no resamples, or too few clusters */
    double lo, hi;
};

/* ret[0..s->n_series). */
void text_resample_intervals(const struct text_scores *s, const struct text_resample_plan *plan,
                             struct arena *a, struct text_resample_interval *ret);

struct text_resample_difference { /* b less a */
    double difference, lo, hi;
    double p_randomisation, p_bootstrap; /* NOT_MEASURED: not asked for, or too few clusters */
};

/* a and b have the same series and lines. ret[0..a->n_series). */
void text_resample_paired(const struct text_scores *a, const struct text_scores *b,
                          const struct text_resample_plan *plan, struct arena *arena,
                          struct text_resample_difference *ret);

/* Trials that take a bounded time: 10 000, fewer above 10 000 lines, at least 1000. */
[[nodiscard]] uint32_t text_resample_trials(size_t n_lines);
