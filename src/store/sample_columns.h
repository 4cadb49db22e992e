/* sample_columns.h - the lines of one cell as columns: they come in the order of its files, and are
 * handed out in the order of struct results_samples.
 */
#pragma once

#include "store/results.h"
#include "store/sample_line.h"

struct arena;
struct sample_columns;

/* Columns belong to a. room: how many rows to make room for at first. */
[[nodiscard]] struct sample_columns *sample_columns_new(struct arena *a, size_t room);
/* Make room for so many rows more: growing later costs a copy, and the old place in the arena. */
void sample_columns_reserve(struct sample_columns *c, size_t more);
/* file: of the cell's, counted from 0; one after the other. */
void sample_columns_add(struct sample_columns *c, const struct sample_line *l, int32_t replicate,
                        size_t file);

/* Put them in order and drop those that stand twice, for which twice[file] is counted up. The first
 * one stays. */
void sample_columns_finish(struct sample_columns *c, uint64_t *twice, struct results_samples *ret);
