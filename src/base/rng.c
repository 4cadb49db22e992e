#include "base/rng.h"

#include <math.h>

/* numpy.random.SeedSequence (bit_generator.pyx): a hash of the entropy words into a pool of four,
 * then a second hash out of the pool.
 */
constexpr uint32_t POOL = 4;
constexpr uint32_t INIT_A = 0x43b0d7e5U;
constexpr uint32_t MULT_A = 0x931e8875U;
constexpr uint32_t INIT_B = 0x8b51f9ddU;
constexpr uint32_t MULT_B = 0x58f38dedU;
constexpr uint32_t MIX_L = 0xca01f9ddU;
constexpr uint32_t MIX_R = 0x4973f715U;

static uint32_t hashmix(uint32_t value, uint32_t *hash)
{
    value ^= *hash;
    *hash *= MULT_A;
    value *= *hash;
    return value ^ (value >> 16);
}

static uint32_t mix(uint32_t x, uint32_t y)
{
    const uint32_t z = MIX_L * x - MIX_R * y;
    return z ^ (z >> 16);
}

static void seed_sequence(uint64_t seed, uint64_t ret[static 4])
{
    const uint32_t entropy[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t words = entropy[1] ? 2 : 1;
    uint32_t pool[POOL], hash = INIT_A;
    for (uint32_t i = 0; i < POOL; i++)
        pool[i] = hashmix(i < words ? entropy[i] : 0, &hash);
    for (uint32_t from = 0; from < POOL; from++)
        for (uint32_t to = 0; to < POOL; to++)
            if (from != to)
                pool[to] = mix(pool[to], hashmix(pool[from], &hash));

    hash = INIT_B;
    uint32_t out[8];
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t v = pool[i % POOL] ^ hash;
        hash *= MULT_B;
        v *= hash;
        out[i] = v ^ (v >> 16);
    }
    for (uint32_t i = 0; i < 4; i++)
        ret[i] = out[2 * i] | (uint64_t)out[2 * i + 1] << 32;
}

static constexpr rng_word MULTIPLIER = (rng_word)0x2360ed051fc65da4U << 64 | 0x4385df649fccf645U;

static void step(struct rng *r)
{
    r->state = r->state * MULTIPLIER + r->inc;
}

void rng_init(struct rng *r, uint64_t seed)
{
    uint64_t w[4];
    seed_sequence(seed, w);
    r->inc = ((rng_word)w[2] << 64 | w[3]) << 1 | 1;
    r->state = 0;
    step(r);
    r->state += (rng_word)w[0] << 64 | w[1];
    step(r);
}

static uint64_t output(rng_word state)
{
    const uint64_t x = (uint64_t)(state >> 64) ^ (uint64_t)state;
    const unsigned rot = (unsigned)(state >> 122);
    return x >> rot | x << (-rot & 63);
}

uint64_t rng_u64(struct rng *r)
{
    step(r);
    return output(r->state);
}

/* Four lanes, each four steps at a time, in turn: one multiplication need not wait for the last. */
void rng_fill(struct rng *r, uint64_t *ret, uint64_t n)
{
    constexpr uint64_t LANES = 4;
    constexpr rng_word two = MULTIPLIER * MULTIPLIER;
    constexpr rng_word four = two * two;
    const rng_word inc = ((MULTIPLIER + 1) * (two + 1)) * r->inc; /* of four steps */
    rng_word lane[LANES];
    uint64_t i = 0;
    if (n >= LANES) {
        for (uint64_t k = 0; k < LANES; k++) {
            step(r);
            lane[k] = r->state;
        }
        for (; i + 2 * LANES <= n; i += LANES)
            for (uint64_t k = 0; k < LANES; k++) {
                ret[i + k] = output(lane[k]);
                lane[k] = lane[k] * four + inc;
            }
        for (uint64_t k = 0; k < LANES; k++)
            ret[i + k] = output(lane[k]);
        i += LANES;
        r->state = lane[LANES - 1];
    }
    for (; i < n; i++)
        ret[i] = rng_u64(r);
}

double rng_double(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    /* Lemire (2019): a multiply, and a rejection only where the bias would be. */
    rng_word m = (rng_word)rng_u64(r) * n;
    if ((uint64_t)m < n) {
        const uint64_t threshold = -n % n;
        while ((uint64_t)m < threshold)
            m = (rng_word)rng_u64(r) * n;
    }
    return (uint64_t)(m >> 64);
}

double rng_normal(struct rng *r)
{
    const double radius = sqrt(-2.0 * log(1.0 - rng_double(r)));
    return radius * cos(2.0 * M_PI * rng_double(r));
}

void rng_shuffle(struct rng *r, uint32_t *x, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        const uint32_t k = (uint32_t)rng_below(r, i), keep = x[i - 1];
        x[i - 1] = x[k];
        x[k] = keep;
    }
}

uint64_t rng_derive(uint64_t seed, uint64_t part)
{
    /* splitmix64 (Steele, Lea, Flood 2014) over both numbers. */
    uint64_t z = seed + 0x9e3779b97f4a7c15U * (part + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}
