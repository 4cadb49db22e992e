/* column_bootstrap.h - bootstrap intervals of the groups of a table's column. Pure. */
#pragma once

#include "analysis/column_stats.h"
#include "num/bootstrap.h"

enum column_bootstrap_figure : uint8_t {
    COLUMN_BOOTSTRAP_MEAN,
    COLUMN_BOOTSTRAP_MEDIAN,
    COLUMN_BOOTSTRAP_SD,
    COLUMN_BOOTSTRAP_FIGURES
};

struct column_bootstrap { /* of one group */
    struct bootstrap b[COLUMN_BOOTSTRAP_FIGURES];
    struct bootstrap_ends percentile[COLUMN_BOOTSTRAP_FIGURES], basic[COLUMN_BOOTSTRAP_FIGURES],
        bca[COLUMN_BOOTSTRAP_FIGURES];
    struct bootstrap_ends t; /* bootstrap-t of the mean */
};

/* One for each group, in their order; belongs to a. A group of at most BOOTSTRAP_EXACT_N values is
 * not drawn but enumerated. Each group and figure draws from a stream of its own. */
[[nodiscard]] struct column_bootstrap *column_bootstrap_of(const struct column_stats *s,
                                                           const struct bootstrap_plan *plan,
                                                           struct arena *a);

[[nodiscard]] const char *column_bootstrap_name(enum column_bootstrap_figure f); /* "mean", ... */

/* The key "bootstrap" of an open object. */
struct jsonw;
void column_bootstrap_json(const struct column_stats *s, const struct column_bootstrap *b,
                           const struct bootstrap_plan *plan, struct jsonw *w);
