/* merge.h - two ascending samples in step: what rank tests and dominance need of them, in whole
 * numbers of pairs. Pure.
 */
#pragma once

#include <stddef.h>

struct merge {
    const double *a, *b; /* as they were given */
    size_t na, nb;
    double above; /* pairs a > b, and half of the equal ones */
    double equal; /* pairs a = b */
    double rows; /* over the values of a: (how many b are below it less how many above)^2, summed */
    double columns;  /* the same over the values of b */
    double ties;     /* t^3 - t, over the runs of equal values of both together */
    size_t distance; /* na nb times the largest difference of the distribution functions */
};

/* a and b ascending, without NaN, of less than 2^31 values each. */
[[nodiscard]] struct merge merge_of(const double *a, size_t na, const double *b, size_t nb);
