/* noise.h - the laws by which a latency varies: what the synthetic engine obeys, and what
 * `chimera selftest` simulates because it knows the truth of them. A law gives factors around 1.
 */
#pragma once

#include <stdint.h>

struct rng;

enum noise_kind : uint8_t { NOISE_NONE, NOISE_NORMAL, NOISE_LOGNORMAL };

struct noise {
    enum noise_kind kind;
    double sigma; /* normal: 1 + sigma z, not below 0; lognormal: exp(sigma z) */
};

[[nodiscard]] double noise_draw(const struct noise *n, struct rng *r);

/* The requests of one process, one after the other. */
struct noise_requests {
    struct noise noise;
    double persistence; /* z is an AR(1) with this correlation, in [0, 1); 0: independent */
    double slow_share, slow_factor; /* so many requests take so many times as long */
    double z;                       /* the last one's, where persistence is not 0 */
    bool begun;
};

[[nodiscard]] double noise_next(struct noise_requests *n, struct rng *r);
