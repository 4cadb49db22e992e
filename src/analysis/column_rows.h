/* column_rows.h - which rows of two groups belong together: pairs by the word of --pair, in one
 * block where there are blocks; and the blocks themselves. Pure.
 */
#pragma once

#include "analysis/column_stats.h"

struct column_rows;

struct column_rows_differences { /* of a against b */
    const double *d;
    size_t n;
    size_t alone; /* values without a partner; blocks with one of the two only */
};

/* ERR_USAGE: a pair has two values in one group. Belongs to a. */
[[nodiscard]] enum err_code column_rows_of(const struct column_stats *s, struct arena *a,
                                           struct column_rows **ret, struct err *e);

/* One difference for each pair; logs: of the logs of the values, which are then positive. */
[[nodiscard]] struct column_rows_differences
column_rows_pairs(const struct column_rows *r, uint32_t x, uint32_t y, bool logs, struct arena *a);

/* One difference for each block that has both: of the means of their values in it, or the mean of
 * its pairs' differences where there are pairs. A block counts once, however many values it has:
 * what is common to them is in its difference. */
[[nodiscard]] struct column_rows_differences
column_rows_blocks(const struct column_rows *r, uint32_t x, uint32_t y, bool logs, struct arena *a);
