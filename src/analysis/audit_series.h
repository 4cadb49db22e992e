/* audit_series.h - a cell's latencies as series in time, for the checks of time: what its prompts
 * explain is taken off, so that a mix of prompts is neither a trend nor a second mode.
 */
#pragma once

#include "analysis/audit.h"

struct audit_series {
    size_t n;
    const double *x;       /* latency in ms, in the order of time within each unit */
    const double *y;       /* its log, minus the prompt's level where `by_prompt` */
    const double *centred; /* y minus the median of its unit: an invocation may have a level of its
                              own */
    size_t n_units;        /* invocations */
    const size_t *start;
    bool by_prompt; /* prompts differ, and their levels are known well enough to take off */
    bool mixed;     /* prompts differ, and too few samples of each say what its level is */
    size_t cycle;   /* no prompts are told apart, but the level depends on the place in a cycle of
                       this length, as it does when prompts take turns: taken off like prompts;
                       0: it does not */
};

/* What audit_run_cell() gives all checks as c->series. Of a cell without samples: n 0. Values that
 * are no positive number count as the smallest that is. */
[[nodiscard]] struct audit_series audit_series_of(const struct audit_cell *c,
                                                  struct arena *scratch);

/* The median of y[0..n), exact to 2,001 values and of 2,001 evenly spread ones beyond. */
[[nodiscard]] double audit_series_median(const double *y, size_t n, struct arena *scratch);

/* Fixed workloads by the counts of tokens that a source states of its samples, the place of each
 * value's in of (nullptr: not wanted): how many, of 8 samples each at least on average. 0: counts
 * are not known, or too many, as those of answers that end by themselves. */
[[nodiscard]] size_t audit_series_counts(const struct audit_cell *c, size_t *of);

/* Do units (or prompts) have levels of their own? p of Kruskal and Wallis over groups[i] of y[i];
 * above 5,000 values of that many evenly spread ones. NOT_MEASURED: one group. */
[[nodiscard]] double audit_series_kruskal(const double *y, const size_t *groups, size_t n,
                                          size_t n_groups, struct arena *scratch);

/* Normal scores: the ranks of y as quantiles of the normal law, so that what is computed from them
 * has one null distribution whatever the law of y. Equal values get their mean rank. */
void audit_series_scores(const double *y, size_t n, struct arena *scratch, double *ret);

/* Steps in the level of y, by PELT over normal scores of the medians of at most `most` blocks:
 * `penalty` log n for a change, levels of at least `least` blocks. */
struct audit_steps {
    size_t n;             /* changes; 0: none */
    const size_t *end;    /* n + 1, in values of y */
    const double *level;  /* n + 1: medians of y */
    const double *spread; /* n + 1: 1.4826 MAD of the (block) values of each */
    size_t block;         /* medians of so many values were looked at */
};
[[nodiscard]] struct audit_steps audit_series_steps(const double *y, size_t n, double penalty,
                                                    size_t least, size_t most,
                                                    struct arena *scratch);
/* Blocks for each of so many series: PELT's and Theil-Sen's time goes with their square. */
[[nodiscard]] size_t audit_series_blocks(size_t n_series, size_t most);

/* Median and 1.4826 MAD of y, above 2,001 values of as many evenly spread ones. */
struct audit_scale {
    double centre, spread;
};
[[nodiscard]] struct audit_scale audit_series_scale(const double *y, size_t n,
                                                    struct arena *scratch);
