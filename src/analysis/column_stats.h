/* column_stats.h - the statistics on a column of any table: summaries of its groups, every test of
 * two and of several groups, effects, equivalence, and a verdict for each pair. Pure.
 *
 * Every difference, ratio and effect is of a against b: positive, above 1, where a is larger.
 * Which of the two is better is not known here. The rows are taken as independent values within
 * their group (or as pairs, within their blocks): where they are samples nested in runs, give the
 * runs' figures, or the run as block.
 */
#pragma once

#include "analysis/column_table.h"
#include "num/anova.h"
#include "num/anova_factors.h"
#include "num/compare.h"
#include "num/effect.h"
#include "num/equivalence.h"
#include "num/permutation.h"
#include "num/quantile.h"
#include "num/rank.h"

constexpr size_t COLUMN_STATS_QUANTILES = 7; /* 5, 25, 50, 75, 90, 95, 99 % */
constexpr size_t COLUMN_STATS_MOST_GROUPS = 64;
constexpr double COLUMN_STATS_POWER = 0.8;
constexpr size_t COLUMN_STATS_PERMUTED = 100; /* above so many values labels are not permuted */

struct column_stats_asked {
    double conf;          /* of intervals; 1 - conf is the level of tests */
    double margin;        /* of equivalence; NOT_MEASURED: none */
    bool margin_is_ratio; /* relative, such as 0.05, and on the log scale; else in the column's unit
                           */
    double detect;        /* a difference whose n is asked for; NOT_MEASURED: none */
    bool detect_is_ratio; /* relative: to the mean of b, or, with margin_is_ratio, a ratio */
    const char *control;  /* the group that all others are compared with; nullptr: all pairs */
    size_t permutations;  /* where the labels are not all enumerated; 0: no permutation tests */
    uint64_t seed;        /* of these */
};

/* What the verdict of a pair of groups rests on. */
enum column_stats_basis : uint8_t {
    COLUMN_STATS_BY_VALUES, /* Welch's t test */
    COLUMN_STATS_BY_PAIRS,  /* the t test of the differences of the pairs */
    COLUMN_STATS_BY_BLOCKS, /* of the differences within the blocks */
};

struct column_stats_group {
    const char *name;
    const double *x;      /* in the order of the rows */
    const double *sorted; /* ascending */
    struct moment m;
    struct moment from;               /* of the values less the origin: for differences */
    double mean_lo, mean_hi;          /* t; NOT_MEASURED: one value, or they do not vary */
    double cv;                        /* sd / mean; NOT_MEASURED unless the mean is positive */
    double geometric_mean;            /* NOT_MEASURED unless all values are positive */
    double q[COLUMN_STATS_QUANTILES]; /* type 7 */
    struct quantile_interval q_ci[COLUMN_STATS_QUANTILES];
};

enum column_stats_verdict : uint8_t {
    COLUMN_STATS_UNKNOWN,    /* no test: a group has one value, or nothing varies */
    COLUMN_STATS_HIGHER,     /* a is above b */
    COLUMN_STATS_LOWER,      /* a is below b */
    COLUMN_STATS_EQUIVALENT, /* within the margin, no difference seen */
    COLUMN_STATS_NEGLIGIBLE, /* a difference, within the margin */
    COLUMN_STATS_UNDECIDED,
};

struct column_stats_posthoc {
    double p, lo, hi; /* adjusted for all pairs, simultaneous */
};

struct column_stats_differences { /* of pairs, or within blocks */
    size_t n, alone;
    double sd;
    struct compare_t t;
    struct rank_signed wilcoxon;
};

struct column_stats_pair {
    uint32_t a, b;     /* b: the control, where there is one */
    double difference; /* of the means */
    struct compare_t student, welch;
    struct rank_u mann_whitney;
    struct rank_ks ks;
    double ratio, ratio_lo, ratio_hi; /* of the geometric means, Welch on the logs */
    double cohen_d, hedges_g, glass;  /* glass: over the sd of b */
    struct effect_interval d_ci, g_ci;
    struct effect_dominance dominance;
    struct column_stats_posthoc tukey, games_howell; /* NOT_MEASURED below three groups, or with a
                                                        control */
    struct column_stats_posthoc dunnett;             /* NOT_MEASURED without a control */
    struct column_stats_differences pairs, blocks;   /* n 0 where they were not asked for */
    /* What the verdict rests on, on logs with a relative margin: */
    double estimate, se, df, p, p_holm;
    double lo, hi;                  /* of the estimate */
    struct permutation permutation; /* of the same values; p NOT_MEASURED: too many, or not asked */
    struct equivalence tost;        /* NOT_MEASURED without a margin */
    double tost_p_holm;
    double welch_holm, mann_whitney_holm;
    double detectable; /* the smallest true estimate that is found with a power of 80 % at these n,
                          at the level that the family leaves to one comparison */
    size_t wanted;     /* values (pairs, blocks) of each that find asked.detect; 0: unknown */
    size_t more;       /* of each in all that would decide it; 0: unknown */
    enum column_stats_verdict verdict;
    const char *reason; /* why unknown; nullptr else */
};

struct column_stats {
    const struct column_table *table;
    struct column_stats_asked asked;
    double origin; /* a value that all lie within a factor of 2 of, so that differences from it are
                      exact, and means of these have the digits that 1000000000.1 lost; else 0 */
    struct column_stats_group *groups;
    struct column_stats_pair *pairs; /* n (n - 1) / 2, or n - 1 against the control */
    size_t n_groups, n_pairs;
    enum column_stats_basis basis;
    uint32_t control;           /* its place among the groups, where asked.control is */
    double alpha_pair;          /* of one comparison of the family: Holm's first step */
    struct anova oneway, welch; /* NOT_MEASURED below two groups */
    struct rank_groups kruskal;
    struct anova_factors_term group_term, block_term, both_term; /* type II */
    double df_residual;                                          /* NOT_MEASURED: no blocks */
    bool interaction;                                            /* both_term is there */
    bool balanced;
    struct anova_factors_term over_blocks; /* the group's, over the means of the cells: a block
                                              counts once. df 0: no cell has several values */
    double df_over_blocks;
    struct rank_groups friedman;
    const char *friedman_reason; /* why it is not there, or that it took means of cells */
};

/* The p of quantile i, and its name: "p95". */
[[nodiscard]] double column_stats_quantile(size_t i);
[[nodiscard]] const char *column_stats_quantile_name(size_t i);

/* ERR_USAGE: a pair has two values in one group; more groups than COLUMN_STATS_MOST_GROUPS; a
 * relative margin, and values that are not positive; no such control. All belongs to a. */
[[nodiscard]] enum err_code column_stats_of(const struct column_table *t,
                                            const struct column_stats_asked *asked, struct arena *a,
                                            struct column_stats *ret, struct err *e);

/* x less the origin; logs: its log, less the origin's. What differences are of. */
[[nodiscard]] double column_stats_from(const struct column_stats *s, double x, bool logs);

/* "value", "pair", "block" */
[[nodiscard]] const char *column_stats_unit(enum column_stats_basis b);
/* "Welch's t test", ... */
[[nodiscard]] const char *column_stats_basis_name(const struct column_stats *s);

/* In words: "x is higher than y", "undecided (12 values of each would decide it)". */
[[nodiscard]] const char *column_stats_verdict_text(const struct column_stats *s,
                                                    const struct column_stats_pair *p,
                                                    struct arena *a);
/* "higher", "lower", "equivalent", "negligible", "undecided", "unknown" */
[[nodiscard]] const char *column_stats_verdict_name(enum column_stats_verdict v);
