/* sampler.h - from logits to a token, the same in every engine and in the Python worker.
 *
 * Temperature 0: the first largest logit. Else p = softmax(logits / temperature) in double, ordered
 * by p descending (ties: the smaller id first); the smallest prefix with mass >= top_p is kept;
 * u = rng_double() * kept mass; the first id whose running mass exceeds u. Sequence k of a request
 * draws from the stream rng_init(seed + k), one double a token.
 */
#pragma once

#include <stdint.h>

struct arena;
struct rng;

struct sampler_item {
    double p;
    uint32_t id;
};

struct sampler {
    double temperature, top_p;
    struct sampler_item *items; /* room for a vocabulary; nullptr at temperature 0 */
};

/* Takes the memory that drawing needs, so that drawing takes none. */
void sampler_init(struct sampler *s, double temperature, double top_p, uint32_t vocab,
                  struct arena *a);
/* The next token, or -1 where no logit is a number. */
[[nodiscard]] int32_t sampler_next(const struct sampler *s, const float *logits, uint32_t vocab,
                                   struct rng *r);
[[nodiscard]] int32_t sampler_greedy(const float *logits, uint32_t vocab);
