/* rng.h - seeded random numbers, the same in C and in NumPy.
 *
 * PCG64 (XSL-RR 128/64; O'Neill 2014) seeded through NumPy's SeedSequence, so that
 * rng_init(&r, 42) gives the stream of numpy.random.Generator(numpy.random.PCG64(42)), and
 * the transformers worker draws the tokens that the C engines draw.
 */
#pragma once

#include <stdint.h>

__extension__ typedef unsigned __int128 rng_word;

struct rng {
    rng_word state, inc;
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
void rng_fill(struct rng *r, uint64_t *ret, uint64_t n); /* as n calls of rng_u64() */
double rng_double(struct rng *r);              /* uniform in [0, 1), 53 bits: numpy's random() */
uint64_t rng_below(struct rng *r, uint64_t n); /* uniform in [0, n), n > 0, without bias */
double rng_normal(struct rng *r);              /* standard normal, by Box-Muller; not numpy's */
void rng_shuffle(struct rng *r, uint32_t *x, uint32_t n);
/* A seed for a named part of a seeded whole: independent streams from one number. */
uint64_t rng_derive(uint64_t seed, uint64_t part);
