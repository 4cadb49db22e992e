/* group_tests.h - all configurations of one scenario and model at once: do they differ at all,
 * which from which, and do the block and the place in it explain anything? Pure.
 *
 * The seed's one-way F is over samples, which are no replicates where a cell has several
 * invocations; it is kept for comparison. What is claimed rests on the level at which the cells
 * vary (level.h): Welch's ANOVA, Kruskal-Wallis, Tukey-Kramer and Games-Howell on those values,
 * and, where every configuration ran in every block, the configuration beside block and order (type
 * II) and Friedman's test.
 */
#pragma once

#include "analysis/cell.h"
#include "num/anova.h"
#include "num/anova_factors.h"
#include "num/rank.h"

struct jsonw;

struct group_tests_pair {
    size_t a, b;                    /* places in cells */
    double difference;              /* of the means of the logs, b - a */
    double tukey_p, games_howell_p; /* of the family of all pairs; NOT_MEASURED: cannot be made */
};

enum group_tests_factor : uint8_t {
    GROUP_TESTS_CONFIGURATION,
    GROUP_TESTS_BLOCK,
    GROUP_TESTS_ORDER
};
constexpr size_t GROUP_TESTS_FACTORS = 3;

struct group_tests {
    const struct cell_stats *const *cells; /* with samples */
    size_t n;
    struct anova samples, samples_welch; /* the seed's, over samples in ms */
    struct anova levels, welch;          /* over the level's values: logs */
    enum level_unit unit;                /* of them: the weakest */
    struct rank_groups kruskal;          /* on them */
    const struct group_tests_pair *pairs;
    size_t n_pairs;
    struct anova_factors_term factors[GROUP_TESTS_FACTORS]; /* of enum group_tests_factor */
    size_t n_factors;      /* of them that could be separated; 0: no blocks */
    double friedman_p;     /* NOT_MEASURED: a configuration misses a block */
    const char *no_blocks; /* why n_factors is 0; nullptr else */
    const char *reason;    /* why there is no test at all; nullptr else */
};

/* cells[0..n): those of the group with at least one sample. */
[[nodiscard]] struct group_tests group_tests_of(const struct cell_stats *const *cells, size_t n,
                                                struct arena *a);

/* An object with the seed's keys f_statistic, p_value, significant, and the rest beside them. */
void group_tests_json(const struct group_tests *g, const struct results *r, const char *scenario,
                      const char *model, struct arena *a, struct jsonw *w);
