/* What the machine or the client did during a run, planted with a clean twin, a hundred seeds
 * each; usage: test_audit_machine [CHECK] */
#include "audit_fixture.h"
#include "plants.h"

static const char *const S = "chat", *const M = "gpt2";

/* ---- steal: what others took, as the records or the source's columns say ---- */

static void watched(struct fixture *f, size_t cell, int32_t invocation, double steal, double others)
{
    struct evidence_machine *const m = &fixture_record(f, cell, 0, invocation)->machine;
    m->window_s = 5;
    m->steal_percent = m->steal_percent_most = steal;
    m->others_percent = others;
}

static void stolen_once(struct fixture *f, bool fault)
{
    const uint64_t who = rng_below(&f->rng, 3), when = rng_below(&f->rng, 4);
    for (uint64_t b = 0; b < 3; b++) {
        const size_t c = fixture_cell(f, S, M, b == 0 ? "ort" : b == 1 ? "trt" : "torch", "fp32");
        fixture_fill(f, c, 4, 10, 20, 0.05);
        for (uint64_t u = 0; u < 4; u++)
            watched(f, c, (int32_t)u,
                    fault && b == who && u == when ? 1.5 + 8 * rng_double(&f->rng)
                                                   : 0.5 * rng_double(&f->rng),
                    3 * rng_double(&f->rng));
    }
}

static void busy_beside_one(struct fixture *f, bool fault)
{
    for (int b = 0; b < 2; b++) {
        const size_t c = fixture_cell(f, S, M, b ? "ort" : "torch", "fp32");
        fixture_fill(f, c, 3, 10, 20, 0.05);
        for (int32_t u = 0; u < 3; u++)
            watched(f, c, u, 0,
                    (fault && b ? 14 + 40 * rng_double(&f->rng) : 1) + 3 * rng_double(&f->rng));
    }
}

static void stolen_columns(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "ollama", "q4_0");
    for (int32_t i = 0; i < 40; i++) {
        const double x = fault && i >= 20 ? 6 * rng_double(&f->rng) : 0.3 * rng_double(&f->rng);
        fixture_sample(f, c, i / 20, fixture_lognormal(f, 20, 0.05))->steal_percent = x;
    }
}

/* ---- thermal: throttling, heat, and a clock that decides the latency ---- */

static void throttled(struct fixture *f, bool fault)
{
    const uint64_t when = rng_below(&f->rng, 4);
    const size_t c = fixture_cell(f, S, M, "ort", "fp32");
    fixture_fill(f, c, 4, 10, 20, 0.05);
    for (uint64_t u = 0; u < 4; u++) {
        struct evidence_machine *const m = &fixture_record(f, c, 0, (int32_t)u)->machine;
        m->celsius_most = 60 + 20 * rng_double(&f->rng);
        m->celsius_limit = 100;
        m->throttle_events = fault && u == when ? 1 + (double)rng_below(&f->rng, 40) : 0;
    }
}

static void at_the_limit(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp16");
    for (int32_t i = 0; i < 20; i++)
        fixture_sample(f, c, i / 10, fixture_lognormal(f, 20, 0.05))->temperature_c =
            (fault ? 72 + i : 55 + i) + rng_normal(&f->rng);
}

/* The clock falls over each invocation; latency goes with it in the fault, and not in the twin,
 * which waits for something else. */
static void clock_falls(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp16");
    for (int32_t i = 0; i < 60; i++) {
        const double mhz = 2400 * (1 - 0.15 * (i % 30) / 30) + 10 * rng_normal(&f->rng);
        fixture_sample(f, c, i / 30, fixture_lognormal(f, fault ? 20 * 2400 / mhz : 20, 0.03))
            ->clock_mhz = mhz;
    }
}

/* Two states of the clock, in runs; the twin's latency does not hang on them. */
static void clock_of_two_states(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp16");
    bool low = false;
    for (int32_t i = 0; i < 80; i++) {
        low = rng_double(&f->rng) < 0.15 ? !low : low;
        const double mhz = (low ? 1300 : 2400) + 15 * rng_normal(&f->rng);
        fixture_sample(f, c, i / 20, fixture_lognormal(f, fault && low ? 28 : 20, 0.05))
            ->clock_mhz = mhz;
    }
}

/* A clock that wanders. In the twin latency wanders too, by itself: two series that remember their
 * past look alike more often than two that do not. */
static void clock_wanders(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, S, M, "transformers-gpu", "fp16");
    double mhz = 2000, level = 0;
    for (int32_t i = 0; i < 120; i++) {
        mhz = 2000 + 0.95 * (mhz - 2000) + 60 * rng_normal(&f->rng);
        level = 0.8 * level + 0.03 * rng_normal(&f->rng);
        fixture_sample(f, c, i / 40,
                       20 * (fault ? 2000 / mhz : exp(level)) * exp(0.03 * rng_normal(&f->rng)))
            ->clock_mhz = mhz;
    }
}

static void clock_of_invocations(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ort", "fp32");
    for (int32_t u = 0; u < 12; u++) {
        const double mhz = 2600 + 900 * rng_double(&f->rng);
        const double level = 20 * (fault ? 3500 / mhz : exp(0.03 * rng_normal(&f->rng)));
        for (int32_t i = 0; i < 10; i++)
            (void)fixture_sample(f, c, u, fixture_lognormal(f, level, 0.05));
        fixture_record(f, c, 0, u)->machine.mhz_top = mhz;
    }
}

static void clock_of_ends(struct fixture *f, bool fault)
{
    const size_t c = fixture_cell(f, S, M, "ort", "fp32");
    for (int32_t u = 0; u < 3; u++) {
        for (int32_t i = 0; i < 40; i++)
            (void)fixture_sample(f, c, u,
                                 fixture_lognormal(f, 20 * (fault ? 1 + 0.1 * i / 40 : 1), 0.03));
        struct evidence_machine *const m = &fixture_record(f, c, 0, u)->machine;
        m->mhz_first = 3500 + 20 * rng_normal(&f->rng);
        m->mhz_last = 3200 + 20 * rng_normal(&f->rng);
        m->mhz_top = (m->mhz_first + m->mhz_last) / 2;
    }
}

/* ---- client-bound ---- */

static struct fixture_sample *timed(struct fixture *f, size_t cell, int32_t invocation,
                                    double latency_ms, double pause_ms, int64_t *clock)
{
    struct fixture_sample *const s = fixture_sample(f, cell, invocation, latency_ms);
    s->submitted_ns = *clock;
    s->finished_ns = *clock + (int64_t)(1e6 * latency_ms);
    *clock = s->finished_ns + (int64_t)(1e6 * pause_ms);
    s->generated_tokens = 32;
    return s;
}

static void slow_client(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, "rate", M, "vllm", "fp16");
    int64_t clock = 1'000'000'000;
    for (int32_t i = 0; i < 40; i++)
        (void)timed(f, c, i / 20, fixture_lognormal(f, 12, 0.2),
                    fixture_lognormal(f, fault ? 9 : 0.2, 0.3), &clock);
}

/* Rates over the wall clock in the fault; the twin's are over the latency, with the same gaps. */
static void rate_of_the_wall(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, "rate", M, "vllm", "fp16");
    const double pause = 6 + 6 * rng_double(&f->rng);
    int64_t clock = 1'000'000'000;
    for (int32_t i = 0; i < 40; i++) {
        const double ms = fixture_lognormal(f, 20, 0.1);
        timed(f, c, 0, ms, pause, &clock)->tokens_per_s = 32e3 / (fault ? 20 + pause : ms);
    }
}

/* Requests that start by a clock, as an open load does, are no fault of the client. */
static void starts_by_a_clock(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, "rate", M, "vllm", "fp16");
    int64_t clock = 1'000'000'000;
    for (int32_t i = 0; i < 40; i++) {
        const double ms = fixture_lognormal(f, 40, 0.2);
        (void)timed(f, c, 0, ms, fault ? 60 : 100 - ms, &clock);
    }
}

/* Four at a time, and a client that lets the server run dry; the twin starts each as one ends. */
static void server_runs_dry(struct fixture *f, bool fault)
{
    f->imported = true;
    const size_t c = fixture_cell(f, "concurrency", M, "vllm", "fp16");
    int64_t clock = 1'000'000'000;
    for (int32_t i = 0; i < 60; i++) {
        struct fixture_sample *const s = fixture_sample(f, c, 0, fixture_lognormal(f, 100, 0.1));
        s->submitted_ns = clock;
        s->finished_ns = clock + (int64_t)(1e6 * s->latency_ms);
        s->generated_tokens = 32;
        clock += (int64_t)(1e6 * (fault && i % 4 == 3 ? 200 : 25));
    }
}

static const struct plant plants[] = {
    {"steal", "guests beside one invocation of twelve", stolen_once},
    {"steal", "other processes beside one backend", busy_beside_one},
    {"steal", "an import's column", stolen_columns},
    {"thermal", "an invocation throttled", throttled},
    {"thermal", "an import's column reaches the limit", at_the_limit},
    {"thermal", "the clock falls, and latency rises with it", clock_falls},
    {"thermal", "two states of the clock", clock_of_two_states},
    {"thermal", "a clock that wanders", clock_wanders},
    {"thermal", "invocations at clocks of their own", clock_of_invocations},
    {"thermal", "from the first quarter to the last", clock_of_ends},
    {"client-bound", "a client that waits", slow_client},
    {"client-bound", "a client that waits; the twin starts by a clock", starts_by_a_clock},
    {"client-bound", "rates of the wall clock", rate_of_the_wall},
    {"client-bound", "a server that runs dry", server_runs_dry},
};

int main(int argc, char **argv)
{
    plants_run(plants, COUNT_OF(plants), 4000, argc > 1 ? argv[1] : nullptr);
    return test_done();
}
