/* nested.h - a sample in units: samples of one process share its luck, so that the process (the
 * unit) is what was drawn independently, and its samples were drawn within it. */
#pragma once

#include <stddef.h>

/* Unit u owns x[start[u] .. start[u + 1]), in the order in which they were measured, at least one
 * each. One unit: its samples are all that there is. */
struct nested {
    const double *x;
    const size_t *start; /* n_units + 1 */
    size_t n_units;
};
