/* run_clock.h - how far a run is and how long it will still take, from what was measured. Pure but
 * for the clock that it reads.
 */
#pragma once

#include "base/defs.h"

struct arena;

struct run_clock {
    uint64_t done, total; /* cells x invocations */
    nsec_t last;          /* when the last one ended */
    uint64_t invocations_left, loads;
    nsec_t loading; /* loads of them */
    uint32_t n_scenarios;
    struct run_clock_scenario {
        uint64_t left, n;
        nsec_t took; /* n of them */
    } *scenarios;
};

void run_clock_init(struct run_clock *c, uint32_t n_scenarios, struct arena *a);
void run_clock_expect(struct run_clock *c, uint32_t scenario, uint32_t n);
void run_clock_found(struct run_clock *c, uint32_t scenario); /* done by an earlier run */
void run_clock_cell(struct run_clock *c, uint32_t scenario);  /* one more was done */
void run_clock_loaded(struct run_clock *c);                   /* a worker was started */
void run_clock_invocation(struct run_clock *c);               /* one less of a configuration */
double run_clock_remaining_s(const struct run_clock *c); /* NOT_MEASURED: nothing was done yet */
