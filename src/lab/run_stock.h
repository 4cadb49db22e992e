/* run_stock.h - what a run finds before its first block: what an earlier one left, what cannot run,
 * what has to be prepared.
 */
#pragma once

#include "lab/run_inner.h"

/* Every cell: taken over, retried or closed with its planned status; and the artefacts of the
 * configurations that still have something to do. */
[[nodiscard]] enum err_code run_stock_take(struct run *r, struct err *e);
