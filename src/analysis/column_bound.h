/* column_bound.h - is a percentile of each group below a bound: MLPerf's early stopping rule on a
 * table's column (num/tail_verdict.h). Pure.
 */
#pragma once

#include "analysis/column_stats.h"
#include "num/tail_verdict.h"

struct jsonw;

constexpr size_t COLUMN_BOUND_MOST = 8;

struct column_bound {
    double p;     /* 0.99 */
    double limit; /* in the column's unit */
};

/* "p99:200", "99.9:1.5", several with commas; ret has room for COLUMN_BOUND_MOST. ERR_USAGE: it is
 * none. */
[[nodiscard]] enum err_code column_bound_read(const char *text, struct column_bound *ret,
                                              size_t *ret_n, struct err *e);

struct column_bound_result {
    struct tail_verdict_result r;
    double vouched; /* the rule's own estimate of the percentile; NOT_MEASURED: too few values */
};

/* Of one group, at the confidence of s. */
[[nodiscard]] struct column_bound_result column_bound_of(const struct column_stats_group *g,
                                                         const struct column_bound *b,
                                                         double confidence);

/* "p99 below 200 is shown", "... is not shown: 412 more values, none of them above, would show it",
 * "p99 is above 200". */
[[nodiscard]] const char *column_bound_text(const struct column_bound_result *r,
                                            const struct column_bound *b, struct arena *a);

/* The key "bounds" of an open object. */
void column_bound_json(const struct column_stats *s, const struct column_bound *b, size_t n,
                       struct arena *a, struct jsonw *w);
