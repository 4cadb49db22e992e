/* pilot.h - from a pilot's results: how many invocations of how many repetitions a wanted interval
 * takes, and what a time budget is good for. Kalibera & Jones (num/kalibera.h) on the logs of the
 * latencies: components of variance within and between invocations, and what either costs.
 *
 * Predicted, not promised: components of few invocations are known badly.
 */
#pragma once

#include "analysis/cell.h"
#include "num/kalibera.h"

struct pilot_wish {
    double target;   /* half width, relative: 0.02 */
    double budget_s; /* NOT_MEASURED: none */
};

/* Values within an invocation vary around their median more than around their mean: the variance of
 * a median of normal values is pi/2 of that of the mean. */
constexpr double PILOT_MEDIAN = 1.5707963267948966;
constexpr size_t PILOT_LEAST = 2;     /* invocations that a proposal has at least */
constexpr size_t PILOT_MOST = 10'000; /* of invocations, and of repetitions */

struct pilot_cell {
    const struct results_cell *cell;
    const char *reason;  /* why there is nothing of it; nullptr: there is */
    const char *caution; /* what the pilot could not say; nullptr: nothing */
    size_t invocations, samples;
    double requests;        /* measured values of a repetition */
    double within, between; /* variances of logs: of a value, of an invocation's level; between at
                               least 0 */
    double median_ms;
    double now;          /* half width of the pilot's own interval; NOT_MEASURED: none */
    double invocation_s; /* loading (a scenario's part of it), cold request and warm-up */
    double repetition_s;
    /* of its own, for the target: */
    size_t best_invocations, best_repetitions; /* 0: out of reach of PILOT_MOST */
    double best_s;
};

struct pilot_proposal {              /* one for all cells, as an experiment has it */
    size_t invocations, repetitions; /* 0: out of reach */
    double seconds;                  /* of all cells */
    double worst;                    /* the largest half width that is predicted */
};

struct pilot {
    struct pilot_cell *cells; /* in the results' order */
    size_t n, usable;
    struct pilot_proposal target; /* with pilot_wish.target */
    struct pilot_proposal budget; /* the narrowest that the budget allows; repetitions 0: none */
};

/* Reads every cell's samples. */
[[nodiscard]] enum err_code pilot_read(const struct results *r, const struct pilot_wish *wish,
                                       struct arena *a, struct pilot *ret, struct err *e);

/* The half width, relative, that a cell is predicted to get. */
[[nodiscard]] double pilot_half(const struct pilot_cell *c, size_t invocations, size_t repetitions);
