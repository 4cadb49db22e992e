#include "lab/run_clock.h"

#include "base/arena.h"
#include "base/clock.h"

void run_clock_init(struct run_clock *c, uint32_t n_scenarios, struct arena *a)
{
    *c =
        (struct run_clock){.last = clock_now(),
                           .n_scenarios = n_scenarios,
                           .scenarios = ARENA_ARRAY(a, struct run_clock_scenario, n_scenarios + 1)};
}

void run_clock_expect(struct run_clock *c, uint32_t scenario, uint32_t n)
{
    c->total += n;
    c->scenarios[scenario].left += n;
}

void run_clock_found(struct run_clock *c, uint32_t scenario)
{
    c->done++;
    c->scenarios[scenario].left--;
}

void run_clock_cell(struct run_clock *c, uint32_t scenario)
{
    const nsec_t now = clock_now();
    run_clock_found(c, scenario);
    c->scenarios[scenario].took += now - c->last;
    c->scenarios[scenario].n++;
    c->last = now;
}

void run_clock_loaded(struct run_clock *c)
{
    const nsec_t now = clock_now();
    c->loading += now - c->last;
    c->loads++;
    c->last = now;
}

void run_clock_invocation(struct run_clock *c)
{
    if (c->invocations_left > 0)
        c->invocations_left--;
}

double run_clock_remaining_s(const struct run_clock *c)
{
    nsec_t took = 0;
    uint64_t n = 0;
    for (uint32_t i = 0; i < c->n_scenarios; i++) {
        took += c->scenarios[i].took;
        n += c->scenarios[i].n;
    }
    if (n == 0)
        return NOT_MEASURED;
    /* The invocation that runs now has loaded. */
    double left = c->loads && c->invocations_left > 1
                      ? (double)(c->invocations_left - 1) * (double)c->loading / (double)c->loads
                      : 0;
    for (uint32_t i = 0; i < c->n_scenarios; i++) { /* one not met yet takes as long as the mean */
        const struct run_clock_scenario *const s = &c->scenarios[i];
        left +=
            (double)s->left * (s->n ? (double)s->took / (double)s->n : (double)took / (double)n);
    }
    return left / 1e9;
}
