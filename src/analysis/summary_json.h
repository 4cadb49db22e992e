/* summary_json.h - the summaries in statistical_analysis.json: of a cell, and the seed's, one per
 * configuration over all that it ran. */
#pragma once

#include "analysis/cell.h"

struct arena;
struct jsonw;

/* An object: figures, intervals with their method or the reason why there is none. */
void summary_json_cell(struct jsonw *w, const struct cell_stats *c);

/* An object of objects, named by configuration. What pools several scenarios or models is
 * described, and its interval is null with the reason. */
void summary_json_configurations(struct jsonw *w, const struct results *r,
                                 const struct cell_stats *cells, struct arena *a);
