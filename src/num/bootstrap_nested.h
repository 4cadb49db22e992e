/* bootstrap_nested.h - the hierarchical bootstrap: as many units as there are, drawn with
 * replacement, from each as many of its samples as it has, with replacement. One unit: the plain
 * bootstrap. Seeded, the same for any number of threads.
 *
 * A percentile interval of these is too narrow for few units and too wide for many small ones (the
 * samples' variation is in the units' already, and counted again); interval.h has what is
 * published.
 */
#pragma once

#include "num/bootstrap.h"
#include "num/nested.h"

/* ret[0..plan->resamples): the figure of each resample of all samples together, in no order.
 *
 * Quantiles (type 7) are not made of drawn values: only how many of a unit's draws fall below a
 * split of its samples is drawn, a binomial number, and then on that side of the split which holds
 * the rank, until one value is left. Exact in distribution, about units * log2(n) binomial numbers
 * for each resample. */
void bootstrap_nested_quantiles(const struct nested *in, double p,
                                const struct bootstrap_plan *plan, struct arena *scratch,
                                double *ret);
void bootstrap_nested_means(const struct nested *in, const struct bootstrap_plan *plan,
                            struct arena *scratch, double *ret);
/* Of the p-quantiles of b and a, b over a; both drawn independently. */
void bootstrap_nested_ratios(const struct nested *b, const struct nested *a, double p,
                             const struct bootstrap_plan *plan, struct arena *scratch, double *ret);
