/* column_pair.h - two groups of column_stats.h against each other. Pure. */
#pragma once

#include "analysis/column_stats.h"

/* All pairs into s->pairs; room for them is there. */
[[nodiscard]] enum err_code column_pair_all(struct column_stats *s, struct arena *a, struct err *e);
