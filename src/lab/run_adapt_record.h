/* run_adapt_record.h - stopping.json: what each look of a run with target_ci_percent saw and
 * decided, and what it saved. */
#pragma once

#include "lab/run_inner.h"

[[nodiscard]] enum err_code run_adapt_record_write(struct run *r, struct err *e);
