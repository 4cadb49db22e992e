/* run_adapt.h - a run with target_ci_percent: cells are measured until the interval of their median
 * is narrow enough (num/stopping.h), or a cap is reached. Without a target, nothing here does
 * anything.
 *
 * A cell begins with the experiment's invocations. When the last block that it wanted is over, its
 * samples are looked at, and it is done or wants further blocks, with as many repetitions as pay.
 * What is decided rests on the files of the blocks before alone, so that a resumed run decides the
 * same again. stopping.json tells every look.
 */
#pragma once

#include "lab/run_inner.h"

void run_adapt_init(struct run *r);

/* Does the cell want this block? Always without a target. */
[[nodiscard]] bool run_adapt_wants(const struct run *r, uint32_t configuration, uint32_t scenario,
                                   uint32_t block);

/* Before a block: the looks that are due; after the last one with block = plan->n_blocks. */
[[nodiscard]] enum err_code run_adapt_look(struct run *r, uint32_t block, struct err *e);
