/* The reference is the definition of backend/sampler.h, written out with a full sort of the whole
 * vocabulary; the numbers of the last table were drawn by numpy 2 (Generator(PCG64(seed)).random())
 * with the same definition in Python. */
#include "backend/sampler.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

constexpr uint32_t VOCAB = 3000;

static int by_p(const void *x, const void *y)
{
    const struct sampler_item *const a = x, *const b = y;
    if (a->p != b->p)
        return a->p > b->p ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int32_t naive(const float *logits, uint32_t vocab, double temperature, double top_p,
                     struct rng *r)
{
    static struct sampler_item items[VOCAB];
    double top = -INFINITY, total = 0, mass = 0, running = 0;
    for (uint32_t i = 0; i < vocab; i++)
        top = fmax(top, (double)logits[i] / temperature);
    for (uint32_t i = 0; i < vocab; i++) {
        items[i] = (struct sampler_item){exp((double)logits[i] / temperature - top), i};
        total += items[i].p;
    }
    qsort(items, vocab, sizeof *items, by_p);
    uint32_t kept = 0;
    while (kept < vocab && (kept == 0 || mass < top_p))
        mass += items[kept++].p / total;
    const double u = rng_double(r) * mass;
    for (uint32_t i = 0; i < kept; i++) {
        running += items[i].p / total;
        if (running > u)
            return (int32_t)items[i].id;
    }
    return (int32_t)items[kept - 1].id;
}

/* shape: 0 smooth, 1 coarse (many ties), 2 falling, 3 rising, 4 all equal */
static void fill(float *logits, uint32_t shape, struct rng *r)
{
    for (uint32_t i = 0; i < VOCAB; i++) {
        const double x = rng_normal(r) * 3;
        const double v[] = {x, floor(x), -(double)i / 100, (double)i / 100, 1};
        logits[i] = (float)v[shape];
    }
}

static void against_the_sort(struct arena *a)
{
    static const double top_ps[] = {0.01, 0.5, 0.9, 0.999, 1};
    static const char *const shapes[] = {"smooth", "ties", "falling", "rising", "equal"};
    static float logits[VOCAB];
    struct rng noise;
    rng_init(&noise, 7);
    for (uint32_t shape = 0; shape < COUNT_OF(shapes); shape++) {
        uint32_t wrong = 0, n = 0;
        for (uint32_t round = 0; round < 20; round++) {
            fill(logits, shape, &noise);
            for (uint32_t t = 0; t < COUNT_OF(top_ps); t++, n++) {
                struct sampler s;
                struct rng mine, its;
                const double temperature = 0.3 + round * 0.1;
                rng_init(&mine, n);
                rng_init(&its, n);
                sampler_init(&s, temperature, top_ps[t], VOCAB, a);
                wrong += sampler_next(&s, logits, VOCAB, &mine) !=
                         naive(logits, VOCAB, temperature, top_ps[t], &its);
            }
        }
        CHECK(shapes[shape], wrong == 0, "%u of %u draws differ from the full sort", wrong, n);
    }
}

static void greedy(void)
{
    static float x[100];
    struct rng r;
    rng_init(&r, 1);
    for (uint32_t i = 0; i < COUNT_OF(x); i++)
        x[i] = (float)rng_double(&r);
    for (uint32_t n = 1; n <= COUNT_OF(x); n += 7) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < n; i++)
            if (x[i] > x[best])
                best = i;
        CHECK("greedy takes the largest", sampler_greedy(x, n) == (int32_t)best, "n %u", n);
    }
    x[20] = x[50] = x[51] = 3;
    CHECK("greedy takes the first of equals", sampler_greedy(x, 100) == 20, "%d",
          sampler_greedy(x, 100));
    x[3] = NAN;
    CHECK("greedy passes over NaN", sampler_greedy(x, 100) == 20, "%d", sampler_greedy(x, 100));
    for (uint32_t i = 0; i < COUNT_OF(x); i++)
        x[i] = NAN;
    CHECK("no number at all is said", sampler_greedy(x, 100) == -1, "%d", sampler_greedy(x, 100));
}

static void against_numpy(struct arena *a)
{
    static const struct {
        uint64_t seed;
        double temperature, top_p;
        int32_t ids[6];
    } rows[] = {
        {1, 1.0, 0.9, {31, 48, 38, 48, 57, 12}},
        {42, 0.7, 0.95, {24, 12, 62, 5, 19, 29}},
        {7, 2.0, 1.0, {48, 25, 53, 12, 50, 32}},
        {1099511627779, 0.5, 0.5, {57, 57, 38, 19, 19, 38}},
    };
    float logits[64];
    for (uint32_t i = 0; i < 64; i++)
        logits[i] = (float)(int)(i * 37 % 64) / 8.0F;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sampler s;
        struct rng r;
        sampler_init(&s, rows[i].temperature, rows[i].top_p, 64, a);
        rng_init(&r, rows[i].seed);
        bool same = true;
        for (size_t k = 0; k < COUNT_OF(rows[i].ids); k++)
            same &= sampler_next(&s, logits, 64, &r) == rows[i].ids[k];
        CHECK("the tokens that numpy draws", same, "seed %llu", (unsigned long long)rows[i].seed);
    }
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
    against_the_sort(a);
    greedy();
    against_numpy(a);
    return test_done();
}
