#include "selftest/coverage_stop.h"

#include "analysis/audit.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "num/quantile.h"
#include "num/stopping.h"
#include "selftest/coverage_audit.h"

#include <math.h>
#include <string.h>

constexpr size_t CHUNK = 50;  /* simulations that share a stream */
constexpr size_t AUDITED = 4; /* one run of so many */
constexpr size_t REQUESTS = 5;
constexpr size_t MOST_INVOCATIONS = 100;
constexpr size_t MOST_REPETITIONS = 4;
constexpr size_t ROOM = (size_t)16 << 20;
constexpr uint64_t STREAM = 0x5709; /* its own part of the seed */

static const struct stopping_rule rule_of_all = {.target = 0.05,
                                                 .most_invocations = MOST_INVOCATIONS,
                                                 .requests = REQUESTS,
                                                 .repetitions = 1,
                                                 .least_repetitions = 1,
                                                 .most_repetitions = MOST_REPETITIONS,
                                                 .cost_invocation = 10,
                                                 .cost_repetition = 5};

struct work {
    const struct coverage_law *laws;
    const struct coverage_plan *plan;
    const struct coverage_stop *rows;
    struct coverage_stop *parts;
    size_t chunks;
};

static void audit(struct cell_stats *t, bool held, struct arena *a, struct coverage_audited *ret)
{
    cell_figures(t, a, a);
    const bool marked = (coverage_audit(t, a) & AUDIT_MEDIAN) != 0;
    ret->n++;
    ret->marked += marked;
    ret->clear_held += !marked && held;
}

static void simulate(const struct coverage_law *l, double truth, bool audited, struct rng *r,
                     struct coverage_stop *part)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(ROOM);
    constexpr size_t MOST = MOST_INVOCATIONS * MOST_REPETITIONS * REQUESTS;
    double *const x = ARENA_ARRAY(a, double, MOST), *const sorted = ARENA_ARRAY(a, double, MOST);
    size_t *const start = ARENA_ARRAY(a, size_t, MOST_INVOCATIONS + 1);
    struct stopping_rule rule = rule_of_all;
    struct stopping_look look = {.next_invocations = STOPPING_LEAST, .next_repetitions = 1};
    size_t n = 0;
    while (look.state == STOPPING_MORE) {
        for (; n < look.next_invocations; n++) {
            struct noise_requests requests = l->requests;
            const double state =
                l->slow_share > 0 && rng_double(r) < l->slow_share ? l->slow_factor : 1;
            const double level = state * noise_draw(&l->invocation, r);
            start[n + 1] = start[n] + (size_t)look.next_repetitions * REQUESTS;
            for (size_t i = start[n]; i < start[n + 1]; i++)
                x[i] = level * noise_next(&requests, r);
        }
        memcpy(sorted, x, start[n] * sizeof *x);
        quantile_sort(sorted, start[n]);
        const struct nested s = {.x = x, .start = start, .n_units = n};
        look = stopping_look_at(&rule, &s, sorted, a);
        rule.repetitions = look.next_repetitions;
        part->looks++;
    }
    const bool held = look.median.lo <= truth && truth <= look.median.hi;
    part->n++;
    part->held += held;
    part->reached += look.state == STOPPING_REACHED;
    part->invocations += n;
    if (audited)
        audit(&(struct cell_stats){.n = start[n], .x = x, .start = start, .n_units = n}, held, a,
              &part->audit);
}

static void simulate_chunk(void *context, size_t at, size_t)
{
    struct work *const w = context;
    const size_t row = at / w->chunks, chunk = at % w->chunks;
    struct rng r;
    rng_init(&r, rng_derive(rng_derive(w->plan->seed, STREAM), at));
    for (size_t i = chunk * CHUNK; i < (chunk + 1) * CHUNK && i < w->plan->simulations; i++)
        simulate(&w->laws[row], w->rows[row].truth, i % AUDITED == 0, &r, &w->parts[at]);
}

static enum coverage_status status_of(const struct coverage_stop *s, double low)
{
    if ((double)s->held >= low * (double)s->n)
        return COVERAGE_OK;
    constexpr double MOSTLY = 0.95;
    return (double)s->audit.marked >= MOSTLY * (double)s->audit.n ? COVERAGE_MARKED
                                                                  : COVERAGE_MISSED;
}

void coverage_stop_run(const struct coverage_law *laws, size_t n, const struct coverage_plan *plan,
                       struct arena *a, struct coverage_stop *ret)
{
    const size_t chunks = (plan->simulations + CHUNK - 1) / CHUNK;
    struct work w = {.laws = laws,
                     .plan = plan,
                     .rows = ret,
                     .parts = ARENA_ARRAY(a, struct coverage_stop, n * chunks),
                     .chunks = chunks};
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct coverage_stop){.law = laws[i].name,
                                        .target = rule_of_all.target,
                                        .truth = coverage_law_quantile(&laws[i], 0.5)};
    parallel_run(n * chunks, plan->threads, simulate_chunk, &w);
    /* Fewer simulations err more: as many standard errors below 95 % are allowed. */
    const double fewer = fmax(1, sqrt((double)COVERAGE_SIMULATIONS / (double)plan->simulations));
    const double low = 0.95 - (0.95 - COVERAGE_STOP_LOW) * fewer;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < chunks; k++) {
            const struct coverage_stop *const p = &w.parts[i * chunks + k];
            ret[i].n += p->n;
            ret[i].held += p->held;
            ret[i].reached += p->reached;
            ret[i].invocations += p->invocations;
            ret[i].looks += p->looks;
            ret[i].audit.n += p->audit.n;
            ret[i].audit.marked += p->audit.marked;
            ret[i].audit.clear_held += p->audit.clear_held;
        }
        ret[i].status = status_of(&ret[i], low);
    }
}
