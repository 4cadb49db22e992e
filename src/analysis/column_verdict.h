/* column_verdict.h - the verdicts of the pairs of groups of a table's column: the estimate that
 * each rests on, its tests, Holm over the family, and what these n could have shown. Pure. */
#pragma once

#include "analysis/column_rows.h"

/* Fills the second half of each pair: from `estimate` on. rows: nullptr where s->basis is
 * COLUMN_STATS_BY_VALUES. */
void column_verdict_all(struct column_stats *s, const struct column_rows *rows, struct arena *a);
