/* merge.h - two ascending samples in step: how many of the one are below each value of the other,
 * which rank tests and dominance are made of. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct merge_counts {
    const uint32_t *below; /* of each value: how many of the other sample are less */
    const uint32_t *upto;  /* and how many are less or equal */
};

struct merge {
    const double *a, *b; /* as they were given */
    size_t na, nb;
    struct merge_counts of_a, of_b; /* of a's values among b, of b's values among a */
    uint32_t *room;
};

/* a and b ascending, without NaN, of less than 2^32 values each; they must outlive it. */
[[nodiscard]] struct merge merge_of(const double *a, size_t na, const double *b, size_t nb);
void merge_done(struct merge *m); /* for CLEANUP() too */
