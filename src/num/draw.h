/* draw.h - random numbers in bulk, and of laws that need more than a line. The stream is the
 * caller's: the same seed gives the same draws. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng;

/* ret[0..n): uniform in [0, bound), bound > 0, without bias. Lemire (2019), two to a 64-bit word.
 */
void draw_indices(struct rng *r, uint32_t bound, uint32_t *ret, size_t n);

/* Successes of n trials of probability p. By inversion where few are expected, else Hormann's
 * (1993) transformed rejection BTRS: exact but for the rounding of its logarithms. */
[[nodiscard]] uint64_t draw_binomial(struct rng *r, uint64_t n, double p);
