/* bootstrap_exact.h - all n^n resamples of a small sample, for bootstrap.c. */
#pragma once

#include "num/bootstrap.h"

/* Fills values, up_to, n_values and total. figure(context, index) is the figure of the resample
 * x[index[0..n)], index ascending. Values that differ by rounding only are one value. n at most
 * BOOTSTRAP_EXACT_N. */
void bootstrap_exact(size_t n, double (*figure)(void *context, const uint32_t *index),
                     void *context, struct bootstrap *b, struct arena *a);

/* How near two of values[0..n), ascending, are one: a few roundings of the largest. */
[[nodiscard]] double bootstrap_exact_tolerance(const double *values, size_t n);
