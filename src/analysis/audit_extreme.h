/* audit_extreme.h - the samples of a cell that stand far out, whether the cell has samples or only
 * what a source states of them.
 */
#pragma once

#include "analysis/audit.h"

/* At least this many times the median of the rest, and so many robust standard deviations (of logs)
 * off: a mild outlier, which one sample in a hundred is in honest data, is not extreme. */
constexpr double AUDIT_EXTREME_RATIO = 2.0;
constexpr double AUDIT_EXTREME_SPREADS = 6.0;

struct audit_extreme {
    const struct audit_cell *cell;
    double ms, rest_ms; /* the sample; the median of the others */
    bool first;         /* of its invocation, or stated as the first */
};

struct audit_extremes {
    double n;      /* samples; NOT_MEASURED: nobody says */
    double sum_ms; /* of all */
    double median_ms;
    double n_rest, sum_rest_ms;  /* without the first of every invocation; NOT_MEASURED unknown */
    struct audit_extreme *items; /* by how far they are above the rest, most first */
    size_t n_items;
};

/* Of its samples, else of the rows that are stated of it. */
[[nodiscard]] struct audit_extremes audit_extreme_of(const struct audit_cell *c,
                                                     struct arena *scratch);
void audit_extreme_sort(struct audit_extreme *items, size_t n);
