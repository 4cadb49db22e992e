/* significance.h - statistical_analysis.json.
 *
 * The seed's keys at the top (summaries, pairwise_comparisons, anova), and groups[], one per
 * scenario and model, beside them. Scenarios and models are no replicates: what pools them is
 * described, never tested, and its interval is null with the reason.
 */
#pragma once

#include "analysis/cell.h"

struct arena;
struct str;

struct significance_counts {
    size_t comparisons, significant, ranks_differ;
    size_t unequal_work; /* comparisons whose verdict the length guard withholds */
};

/* Append the whole document to out. Same results, same bytes. Reads those cells again whose samples
 * it names. */
[[nodiscard]] enum err_code significance_json(const struct results *r,
                                              const struct cell_stats *cells, struct arena *a,
                                              struct str *out, struct significance_counts *ret,
                                              struct err *e);

/* The beginning of every derived JSON file: schema, chimera_version, generated_from. */
struct jsonw;
void significance_header(const struct results *r, const char *schema, struct jsonw *w);
