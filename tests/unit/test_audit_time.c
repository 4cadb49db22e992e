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
    struct audit_cell cells[2];
    static const char *const backends[] = {"a", "b"};
    for (size_t i = 0; i < COUNT_OF(cells); i++)
        cells[i] = planted_cell("s", backends[i], &shape, law, nullptr, &g, a);
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

static void cold_few(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place < 3)
        r->latency_ms *= 3.2 - 0.4 * (double)at->place;
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

static void far_states(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)at;
    if (rng_double(g) < 0.4)
        r->latency_ms *= 2.5;
}

static void lasting_states(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place / 12 % 2 == 1)
        r->latency_ms *= 1.5;
}

static void alternating_states(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place / 5 % 2 == 1) /* as regular as prompts that take turns */
        r->latency_ms *= 1.6;
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

static void cold_by_far(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place == 0)
        r->latency_ms = 5 * r->latency_ms + 900;
}

static void slower(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)at;
    (void)g;
    r->latency_ms *= 1.03;
}

static void slower_by_5(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)at;
    (void)g;
    r->latency_ms *= 1.05;
}

static void two_stalls(struct planted_row *r, const struct planted_at *at, struct rng *g)
{
    (void)g;
    if (at->place == 20 || at->place == 43)
        r->latency_ms *= 5;
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
    {"three cold samples in each of 2 invocations", "cold-start", cold_few, {2, 30, 1, 0.03, true}},
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
    {"two states at random, 30 samples", "bimodal", far_states, {1, 30, 1, 0, false}},
    {"two states, 10 samples of 5 invocations", "bimodal", far_states, {5, 10, 1, 0.05, true}},
    {"two states at random, prompts", "bimodal", two_states, {2, 20, 5, 0, true}},
    {"two lasting states", "clock-states", lasting_states, {1, 120, 1, 0, false}},
    {"two states that alternate", "clock-states", alternating_states, {1, 120, 1, 0, false}},
    {"a state per invocation", "clock-states", state_per_invocation, {20, 8, 1, 0.02, true}},
    {"periodic stalls", "outlier-driven", stalls, {1, 200, 1, 0, false}},
    {"prompt cache", "cache-hit", prompt_cache, {2, 6, 10, 0.02, true}},
    {"prompt cache, five prompts of one process", "cache-hit", prompt_cache, {1, 7, 5, 0, true}},
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

/* ---- 42 cells of two backends ---- */

constexpr size_t FILES = 21;

struct files {
    struct audit_cell cells[2 * FILES];
};

/* The figures that a source would state of the cell's samples. */
static const struct results_row *stated_of(const struct audit_cell *c, bool with_sd,
                                           struct arena *a)
{
    const struct cell_stats *const t = c->stats;
    struct results_row *const r = ARENA_ARRAY(a, struct results_row, 1);
    double *const rest = ARENA_ARRAY(a, double, t->n);
    *r = cell_rows_none();
    memcpy(rest, t->x + 1, (t->n - 1) * sizeof *rest);
    quantile_sort(rest, t->n - 1);
    r->key = *c->key;
    r->n_samples = (double)t->n;
    r->mean_ms = t->mean;
    r->median_ms = t->median;
    r->std_ms = with_sd ? t->sd : NOT_MEASURED;
    r->max_ms = t->max;
    r->p99_ms = quantile_sorted(t->sorted, t->n, 0.99);
    r->first_ms = t->x[0];
    r->mean_excl_first_ms = moment_of(rest, t->n - 1).mean;
    r->median_rest_ms = quantile_sorted(rest, t->n - 1, 0.5);
    return r;
}

enum form { FORM_SAMPLES, FORM_ROWS, FORM_ROWS_WITH_SD, FORMS };

/* Backend b is 3 % slower than a; with `cold`, three first samples of a are far too slow. */
static void make_files(struct files *f, enum planted_law law, enum form form, bool cold,
                       uint64_t seed, struct arena *a)
{
    static const char *const scenario[] = {"s1", "s2", "s3", "s4", "s5", "s6", "s7"};
    static const char *const precision[] = {"fp16", "fp32", "int8"};
    struct rng g;
    rng_init(&g, rng_derive(seed, 7000 + law));
    for (size_t i = 0; i < 2 * FILES; i++) {
        const size_t file = i / 2;
        const bool b = i % 2;
        const struct planted_shape shape = {1, 14, 1, 0, false, file / 3};
        const bool is_cold = cold && !b && (file == 4 || file == 11 || file == 16);
        struct audit_cell c = planted_cell(scenario[file / 3], b ? "b" : "a", &shape, law,
                                           is_cold ? cold_by_far
                                           : b     ? slower
                                                   : nullptr,
                                           &g, a);
        struct results_cell *const own = ARENA_ARRAY(a, struct results_cell, 1);
        *own = *c.stats->cell;
        own->key.precision = precision[file % 3];
        struct cell_stats *const t = ARENA_ARRAY(a, struct cell_stats, 1);
        *t = *c.stats;
        t->cell = own;
        c.stats = t;
        c.key = &own->key;
        f->cells[i] = form == FORM_SAMPLES
                          ? c
                          : planted_stated(stated_of(&c, form == FORM_ROWS_WITH_SD, a), a);
    }
}

static size_t count_of(const struct audit *x, const char *check)
{
    size_t n = 0;
    for (size_t i = 0; i < audit_count(x); i++)
        n += audit_at(x, i)->severity > AUDIT_INFO && strcmp(audit_at(x, i)->check, check) == 0;
    return n;
}

/* The finding of the pooled means names the three. */
static bool names_three(const struct audit *x)
{
    for (size_t i = 0; i < audit_count(x); i++) {
        const struct audit_finding *const f = audit_at(x, i);
        if (strcmp(f->check, "outlier-driven") == 0 && !f->subject.scenario &&
            strstr(f->message, "3 first samples of a: ") && strstr(f->message, "s2/fp32") &&
            strstr(f->message, "s4/int8") && strstr(f->message, "s6/fp32"))
            return true;
    }
    return false;
}

static void test_files(size_t seeds)
{
    static const char *const form_name[] = {"samples", "rows", "rows with sd"};
    for (size_t law = 0; law < PLANTED_LAWS; law++)
        for (size_t form = 0; form < FORMS; form++) {
            if (law == PLANTED_WIDE_LOGNORMAL || law == PLANTED_WIDE_NORMAL)
                continue; /* 14 samples of these have means that differ by themselves */
            size_t cold = 0, three = 0, alarms[COUNT_OF(MINE)] = {};
            for (uint64_t seed = 0; seed < seeds; seed++) {
                CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
                struct files f;
                make_files(&f, (enum planted_law)law, (enum form)form, true, seed, a);
                const struct audit *x = planted_audit(f.cells, 2 * FILES, &CHOICE, a);
                cold += count_of(x, "cold-start") == 3;
                three += names_three(x);
                make_files(&f, (enum planted_law)law, (enum form)form, false, seed, a);
                x = planted_audit(f.cells, 2 * FILES, &CHOICE, a);
                for (size_t k = 0; k < COUNT_OF(MINE); k++)
                    alarms[k] += planted_found(x, MINE[k]) &&
                                 (form == FORM_SAMPLES || strcmp(MINE[k], "small-sample") != 0);
            }
            char label[120];
            snprintf(label, sizeof label, "3 of 21 files cold, %s, %s", LAW[law], form_name[form]);
            CHECK(label, 100 * cold >= 95 * seeds, "cold-start: %zu of %zu", cold, seeds);
            CHECK("the pooled mean rests on them", 100 * three >= 95 * seeds, "%zu of %zu", three,
                  seeds);
            for (size_t k = 0; k < COUNT_OF(MINE); k++) {
                snprintf(label, sizeof label, "42 clean cells: %s", MINE[k]);
                CHECK(label, 20 * alarms[k] <= seeds, "%zu of %zu", alarms[k], seeds);
            }
        }
}

/* ---- a mean that a few samples decide, an order that matters ---- */

static void test_pair(size_t seeds)
{
    size_t found = 0, alarms = 0;
    for (uint64_t seed = 0; seed < seeds; seed++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
        struct rng g;
        rng_init(&g, rng_derive(seed, 5000));
        const struct planted_shape shape = {1, 60, 1, 0, false, 0};
        struct audit_cell cells[] = {
            planted_cell("s", "a", &shape, PLANTED_NORMAL, two_stalls, &g, a),
            planted_cell("s", "b", &shape, PLANTED_NORMAL, slower_by_5, &g, a),
        };
        const struct audit *const x = planted_audit(cells, 2, &CHOICE, a);
        for (size_t i = 0; i < audit_count(x); i++)
            found += audit_at(x, i)->severity == AUDIT_FAIL && audit_at(x, i)->subject.scenario &&
                     strstr(audit_at(x, i)->message, "b/fp32 beats a/fp32 by the mean") != nullptr;
        struct audit_cell same[] = {
            planted_cell("s", "a", &shape, PLANTED_OUTLIERS, nullptr, &g, a),
            planted_cell("s", "b", &shape, PLANTED_OUTLIERS, nullptr, &g, a),
        };
        alarms += planted_found(planted_audit(same, 2, &CHOICE, a), "outlier-driven");
    }
    CHECK("the mean's winner loses by the median", 100 * found >= 95 * seeds, "%zu of %zu", found,
          seeds);
    CHECK("two alike", 20 * alarms <= seeds, "%zu of %zu", alarms, seeds);
}

enum ordering { ORDER_RANDOM, ORDER_FIXED };

/* Four configurations in eight blocks; each place in a block is `step` slower than the one before.
 */
static const struct audit *ordered(enum ordering ordering, double step, uint64_t seed,
                                   struct arena *a)
{
    constexpr size_t K = 4;
    constexpr size_t BLOCKS = 8;
    static const char *const backends[K] = {"a", "b", "c", "d"};
    struct rng g;
    rng_init(&g, rng_derive(seed, 6000));
    uint32_t place[BLOCKS][K];
    for (size_t b = 0; b < BLOCKS; b++) {
        for (uint32_t k = 0; k < K; k++)
            place[b][k] = k;
        if (ordering == ORDER_RANDOM)
            rng_shuffle(&g, place[b], K);
    }
    struct audit_cell cells[K];
    for (size_t k = 0; k < K; k++) {
        const struct planted_shape shape = {BLOCKS, 10, 1, 0.02, false, 0};
        cells[k] = planted_cell("s", backends[k], &shape, PLANTED_NORMAL, nullptr, &g, a);
        const struct evidence **const list = ARENA_ARRAY(a, const struct evidence *, BLOCKS);
        double *const x = cells[k].stats->x;
        for (size_t b = 0; b < BLOCKS; b++) {
            struct evidence *const e = ARENA_ARRAY(a, struct evidence, 1);
            e->invocation = (int32_t)b;
            e->block = (double)b;
            e->order_in_block = place[b][k];
            list[b] = e;
            for (size_t i = cells[k].stats->start[b]; i < cells[k].stats->start[b + 1]; i++)
                x[i] *= exp(step * place[b][k]);
        }
        cells[k].evidence = list;
        cells[k].n_evidence = BLOCKS;
    }
    return planted_audit(cells, K, &CHOICE, a);
}

static void test_order(size_t seeds)
{
    size_t found = 0, alarms = 0, fixed = 0;
    for (uint64_t seed = 0; seed < seeds; seed++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
        found += planted_found(ordered(ORDER_RANDOM, 0.05, seed, a), "order-effect");
        alarms += planted_found(ordered(ORDER_RANDOM, 0, seed, a), "order-effect");
        fixed += planted_found(ordered(ORDER_FIXED, 0, seed, a), "order-effect");
    }
    CHECK("an effect of the place", 100 * found >= 95 * seeds, "%zu of %zu", found, seeds);
    CHECK("none", 20 * alarms <= seeds, "%zu of %zu", alarms, seeds);
    CHECK("one order in all blocks", fixed == seeds, "%zu of %zu", fixed, seeds);
}

/* ---- the machine ---- */

static const struct audit *on_host(double steal, double celsius, struct arena *a)
{
    struct evidence_host *const host = ARENA_ARRAY(a, struct evidence_host, 1);
    *host = (struct evidence_host){.steal_percent = steal, .temperature_celsius = celsius};
    const struct results r = {.n_replicates = 1, .hosts = host};
    struct audit *const out = audit_new(a);
    audit_run_rest(&CHOICE, &(struct audit_whole){.results = &r}, out);
    return out;
}

static void test_host(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    const struct audit *x = on_host(0.2, 55, a);
    CHECK("a quiet, cool machine", audit_count(x) == 0 && audit_absences(x) == 0, "-");
    x = on_host(8, 91, a);
    CHECK("stolen time", planted_found(x, "steal") && audit_count_of(x, AUDIT_FAIL) == 1, "-");
    CHECK("a hot machine", planted_found(x, "thermal"), "-");
    x = on_host(NOT_MEASURED, NOT_MEASURED, a);
    CHECK("unknown: both say that they could not look",
          audit_count(x) == 0 && audit_absences(x) == 2, "%zu", audit_absences(x));
}

int main(int argc, char **argv)
{
    const size_t seeds = argc > 1 ? (size_t)strtoul(argv[1], nullptr, 10) : 100;
    test_clean(seeds);
    test_planted(seeds);
    test_files(seeds);
    test_pair(seeds);
    test_order(seeds);
    test_host();
    return test_done();
}
