/* coverage_stop.h - coverage of the median's interval where the number of invocations came of
 * looking at it: the rule of `run --target-ci` (num/stopping.h) on the laws of coverage.h.
 */
#pragma once

#include "selftest/coverage.h"
#include "selftest/coverage_law.h"

constexpr double COVERAGE_STOP_LOW = 0.94; /* asked in COVERAGE_SIMULATIONS */

/* ret[0..n): a row for each law, of processes that differ. */
void coverage_stop_run(const struct coverage_law *laws, size_t n, const struct coverage_plan *plan,
                       struct arena *a, struct coverage_stop *ret);
