/* Planted faults and their clean twins, 100 seeds each: found in at least 95, a false alarm in at
 * most 5. The data sets say themselves what is wrong with them. */
#include "planted.h"
#include "test.h"

#include <stdlib.h>

static const char *const MINE[] = {
    "cold-start",   "not-steady",     "drift",        "order-effect",    "bimodal",
    "clock-states", "outlier-driven", "small-sample", "autocorrelation", "cache-hit",
    "thermal",      "steal",          "client-bound",
};
static const struct audit_choice CHOICE = {MINE, COUNT_OF(MINE)};

static const char *const LAW[] = {"normal",         "wide normal", "lognormal",
                                  "wide lognormal", "skewed",      "outliers"};

/* ---- clean ---- */

static struct planted_shape clean_shape(size_t kind, struct rng *g)
{
    switch (kind) {
    case 0: /* latencies in file order, nothing else */
        return (struct planted_shape){1, 10 + rng_below(g, 491), 1, 0, false};
    case 1: /* a mix of prompts */
        return (struct planted_shape){1, 3 + rng_below(g, 40), 3 + rng_below(g, 8), 0, true};
    case 2: /* invocations with levels of their own */
        return (struct planted_shape){2 + rng_below(g, 6), 10 + rng_below(g, 50), 1, 0.05, true};
    case 3: /* many of them, few samples each */
        return (struct planted_shape){8 + rng_below(g, 12), 3 + rng_below(g, 8), 1, 0.05, true};
    case 4: /* all of it */
        return (struct planted_shape){3, 7, 5, 0.05, true};
    default: /* prompts that nobody tells apart */
        return (struct planted_shape){1 + rng_below(g, 4), 7 + rng_below(g, 30), 5, 0.03, false};
    }
}
constexpr size_t CLEAN_KINDS = 6;

static struct audit *clean(size_t kind, enum planted_law law, uint64_t seed, struct arena *a)
{
    struct rng g;
    rng_init(&g, rng_derive(seed, 100 * kind + law));
    struct planted_shape shape = clean_shape(kind, &g);
    shape.turn = rng_below(&g, 11);
    struct audit_cell cells[4];
    static const char *const backends[] = {"a", "b"};
    for (size_t i = 0; i < COUNT_OF(cells); i++)
        cells[i] = planted_cell(i < 2 ? "s1" : "s2", backends[i % 2], &shape, law, nullptr, &g, a);
    return planted_audit(cells, COUNT_OF(cells), &CHOICE, a);
}

static void test_clean(size_t seeds)
{
    for (size_t kind = 0; kind < CLEAN_KINDS; kind++)
        for (size_t law = 0; law < PLANTED_LAWS; law++) {
            size_t alarms[COUNT_OF(MINE)] = {};
            for (uint64_t seed = 0; seed < seeds; seed++) {
                CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
                const struct audit *const x = clean(kind, (enum planted_law)law, seed, a);
                for (size_t k = 0; k < COUNT_OF(MINE); k++)
                    alarms[k] += planted_found(x, MINE[k]);
            }
            for (size_t k = 0; k < COUNT_OF(MINE); k++) {
                char label[100];
                snprintf(label, sizeof label, "clean %zu, %s: %s", kind, LAW[law], MINE[k]);
                CHECK(label, 20 * alarms[k] <= seeds, "%zu of %zu", alarms[k], seeds);
            }
        }
}

/* ---- planted ---- */

static void cold_first(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place == 0)
        r->latency_ms *= 3.6;
}

static void cold_each_repetition(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    r->prompt_tokens = 40; /* all prompts are alike */
    r->prefill_ms = 5;
    r->latency_ms = r->prefill_ms + r->decode_ms;
    if (at->prompt == 0)
        r->latency_ms *= 1.8;
}

static void step_up(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (2 * at->place >= at->repetitions * at->prompts)
        r->latency_ms *= 1.3;
}

static void late_warmup(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (4 * at->place < at->repetitions * at->prompts)
        r->latency_ms *= 1.4;
}

static void ramp(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    r->latency_ms *= 1 + 0.3 * (double)at->place / (double)(at->repetitions * at->prompts);
}

static void two_states(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)at;
    if (rng_double(g) < 0.4)
        r->latency_ms *= 1.6;
}

static void lasting_states(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place / 12 % 2 == 1)
        r->latency_ms *= 1.5;
}

static void state_per_invocation(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->unit % 2 == 1)
        r->latency_ms *= 2;
}

static void stalls(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place % 50 == 30)
        r->latency_ms *= 6;
}

static void prompt_cache(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    if (at->repetition > 0) {
        r->latency_ms -= r->prefill_ms;
        r->prefill_ms = 2 * (1 + 0.05 * rng_normal(g));
        r->latency_ms += r->prefill_ms;
    }
}

static double serial_level;

static void serial(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    serial_level = (at->place == 0 ? 0 : 0.85 * serial_level) + 0.1 * rng_normal(g);
    r->latency_ms *= exp(serial_level);
}

static const struct {
    const char *name, *check;
    planted_fault *fault;
    struct planted_shape shape;
} planted[] = {
    {"cold first sample", "cold-start", cold_first, {1, 14, 1, 0, false}},
    {"cold first sample of 5 invocations", "cold-start", cold_first, {5, 20, 1, 0.03, true}},
    {"slow first prompt of each repetition",
     "cold-start",
     cold_each_repetition,
     {1, 15, 5, 0, false}},
    {"the same, prompts known", "cold-start", cold_each_repetition, {1, 15, 5, 0, true}},
    {"step", "not-steady", step_up, {1, 60, 1, 0, false}},
    {"step within each invocation", "not-steady", step_up, {4, 10, 5, 0.03, true}},
    {"warm-up too short", "not-steady", late_warmup, {1, 100, 1, 0, false}},
    {"ramp", "drift", ramp, {1, 100, 1, 0, false}},
    {"ramp in each invocation", "drift", ramp, {5, 12, 3, 0.03, true}},
    {"two states at random", "bimodal", two_states, {1, 100, 1, 0, false}},
    {"two states at random, prompts", "bimodal", two_states, {2, 20, 5, 0, true}},
    {"two lasting states", "clock-states", lasting_states, {1, 120, 1, 0, false}},
    {"a state per invocation", "clock-states", state_per_invocation, {20, 8, 1, 0.02, true}},
    {"periodic stalls", "outlier-driven", stalls, {1, 200, 1, 0, false}},
    {"prompt cache", "cache-hit", prompt_cache, {2, 6, 10, 0.02, true}},
    {"serial dependence", "autocorrelation", serial, {1, 300, 1, 0, false}},
    {"four samples", "small-sample", nullptr, {1, 4, 1, 0, false}},
};

static void test_planted(size_t seeds)
{
    static const enum planted_law laws[] = {PLANTED_NORMAL, PLANTED_LOGNORMAL, PLANTED_OUTLIERS};
    for (size_t p = 0; p < COUNT_OF(planted); p++)
        for (size_t l = 0; l < COUNT_OF(laws); l++) {
            size_t found = 0;
            for (uint64_t seed = 0; seed < seeds; seed++) {
                CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
                struct rng g;
                rng_init(&g, rng_derive(seed, 1000 + p));
                struct audit_cell c =
                    planted_cell("s", "a", &planted[p].shape, laws[l], planted[p].fault, &g, a);
                found += planted_found(planted_audit(&c, 1, &CHOICE, a), planted[p].check);
            }
            char label[100];
            snprintf(label, sizeof label, "%s, %s: %s", planted[p].name, LAW[laws[l]],
                     planted[p].check);
            CHECK(label, 100 * found >= 95 * seeds, "%zu of %zu", found, seeds);
        }
}

int main(int argc, char **argv)
{
    const size_t seeds = argc > 1 ? (size_t)strtoul(argv[1], nullptr, 10) : 100;
    test_clean(seeds);
    test_planted(seeds);
    return test_done();
}
