/* results_export.h - all samples, whatever their phase and status, in one file: a row per sample,
 * in the order of the cells. Cells may come in any order and from several threads.
 *
 * Written as it comes, without a name; nothing is left over until results_export_close() puts it in
 * its place.
 */
#pragma once

#include "store/results.h"

enum results_export_format : uint8_t { RESULTS_EXPORT_CSV, RESULTS_EXPORT_PARQUET };

struct results_export;

/* r must outlive it. ERR_UNAVAILABLE: Parquet needs DuckDB, and says how to get it. */
[[nodiscard]] enum err_code results_export_open(const struct results *r,
                                                enum results_export_format format, const char *path,
                                                struct results_export **ret, struct err *e);
/* Each cell of r once. A failure is kept for results_export_close(). */
void results_export_cell(struct results_export *x, size_t cell, const struct results_samples *s);
[[nodiscard]] enum err_code results_export_close(struct results_export *x, struct err *e);
/* For CLEANUP(): gives up what is not closed. */
void results_export_freep(struct results_export **p);
