/* summary.h - the table at the end of a run, and the figure: cells put into the words of report/.
 */
#pragma once

#include "analysis/cell.h"
#include "analysis/significance.h"

struct arena;
struct str;

void summary_table(const struct results *r, const struct cell_stats *cells,
                   const struct significance_counts *counts, bool colour, struct arena *a,
                   struct str *out);

/* latency_by_backend.png; nothing is drawn where no cell has a sample (*ret_drawn). */
[[nodiscard]] enum err_code summary_figure(const struct results *r, const struct cell_stats *cells,
                                           const char *path, struct arena *a, bool *ret_drawn,
                                           struct err *e);
