/* quality_gate.h - what quality says about each cell: the columns of metrics.csv, and the status of
 * one that failed a gate.
 */
#pragma once

#include "analysis/cell.h"
#include "analysis/quality.h"

/* Cells that are ok and failed a gate, of outputs or of perplexity, become fail_accuracy with the
 * gate's words for a reason, in a copy that a keeps; from then on they are in no analysis.
 */
void quality_gate_apply(struct results *r, const struct quality *q, struct arena *a);

/* Put its quality beside each of cells[0..r->n_cells). */
void quality_gate_annotate(const struct results *r, const struct quality *q, struct arena *a,
                           struct cell_stats *cells);
