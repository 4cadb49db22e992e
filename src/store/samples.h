/* samples.h - the samples inside DuckDB: lines read, joined to their cells, handed out as columns.
 * Only results.c uses this. */
#pragma once

#include "base/err.h"
#include "store/results.h"

struct arena;
struct duck;

/* Parse all samples.jsonl of inputs[0..n) into the table `line`. */
[[nodiscard]] enum err_code samples_parse(struct duck *d, const struct folder_input *inputs,
                                          size_t n, struct arena *a, struct err *e);
/* The cells that have lines, in no order that means anything. */
[[nodiscard]] enum err_code samples_keys(struct duck *d, struct arena *a, struct folder_key **ret,
                                         size_t *ret_n, struct err *e);
/* Make the table `sample` of the lines that belong to cells[0..n) (their index is the id), and copy
 * its columns out; ret_cell: the cell of each row. */
[[nodiscard]] enum err_code samples_join(struct duck *d, const struct folder_input *inputs,
                                         size_t n_inputs, const struct results_cell *cells,
                                         size_t n_cells, struct arena *a,
                                         struct results_samples *ret, const int32_t **ret_cell,
                                         struct err *e);
/* What was left out of each file, and why. */
[[nodiscard]] enum err_code samples_problems(struct duck *d, const struct folder_input *inputs,
                                             size_t n, struct arena *a,
                                             struct results_problem **ret, size_t *ret_n,
                                             struct err *e);
