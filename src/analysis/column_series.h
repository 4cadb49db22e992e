/* column_series.h - do the values of a group resemble their neighbours in the file? Then they are
 * not as many independent values as there are rows. Pure.
 */
#pragma once

#include "analysis/column_stats.h"
#include "num/autocorr.h"

struct jsonw;

struct column_series {
    double lag1; /* autocorrelation of neighbours */
    struct autocorr_test ljung_box;
    double n_effective; /* values that are worth as much: of a mean; at most n */
    const char *reason; /* why there is none; nullptr else */
};

constexpr size_t COLUMN_SERIES_LEAST = 20; /* fewer say nothing about their order */

/* In the order of the rows. No figure where they are sorted: that order is not one of time. */
[[nodiscard]] struct column_series
column_series_of(const struct column_stats *s, const struct column_stats_group *g, struct arena *a);

/* Are they dependent beyond doubt, and worth less than two thirds of their number? */
[[nodiscard]] bool column_series_depends(const struct column_series *c, size_t n);

/* The key "series" of an open object. */
void column_series_json(const struct column_series *c, struct jsonw *w);
