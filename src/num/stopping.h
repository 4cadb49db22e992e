/* stopping.h - when has a cell been measured enough? After each look at the data: is the interval
 * of the median narrow enough, and if not, how many invocations of how many repetitions until the
 * next look. Pure but for the scratch.
 *
 * Looking again and again and stopping when the interval happens to be narrow makes an ordinary
 * 95 % interval cover less, 92 to 94 % here. So there are few looks (the number of invocations
 * grows by a quarter at least), the first with STOPPING_LEAST invocations, and the interval that is
 * looked at and reported is taken at STOPPING_LEVEL; it then covers at least 95 % as it says, less
 * a fraction of a per cent where invocations are few (docs/METHOD.md, "Stopping", has the
 * simulation; tests/unit/test_stopping.c repeats a part of it).
 */
#pragma once

#include "num/interval.h"

constexpr size_t STOPPING_LEAST = 6;    /* invocations before the first look */
constexpr double STOPPING_LEVEL = 0.97; /* nominal */
constexpr double STOPPING_CLAIM = 0.95; /* what the interval at that level is good for */
/* Invocations before a stop where their levels look like two groups (two clock states, by
 * modes_gap_groups() at MODES_GAP_HINT, further apart than the target): with fewer, how many are in
 * which group is luck. */
constexpr size_t STOPPING_GROUPS = 20;
constexpr double STOPPING_GROWTH = 1.25; /* invocations from one look to the next, at least */
constexpr double STOPPING_MOST_GROWTH = 2;

struct stopping_rule {
    double target;           /* wanted half width, relative to the median: 0.02 is +-2 % */
    size_t most_invocations; /* the cap */
    double requests;         /* measured values of one repetition */
    double repetitions;      /* of an invocation, as things stand */
    double least_repetitions, most_repetitions; /* that may follow */
    double cost_invocation;                     /* time of an invocation without its repetitions */
    double cost_repetition; /* of one more repetition; NOT_MEASURED: leave them as they are */
};

enum stopping_state : uint8_t {
    STOPPING_MORE,    /* go on, to next_invocations */
    STOPPING_REACHED, /* the interval is within the target */
    STOPPING_CAPPED,  /* it is not, and the cap is reached */
};

struct stopping_look {
    struct interval median; /* at STOPPING_LEVEL; ends may be NOT_MEASURED */
    double half; /* the wider side, relative to the median; NOT_MEASURED where an end is */
    enum stopping_state state;
    size_t invocations;      /* that were looked at */
    size_t next_invocations; /* in all, before the next look; with STOPPING_MORE */
    double next_repetitions; /* of the invocations to come: Kalibera & Jones' optimum, within the
                              * bounds and at most twice as many: invocations that differ much in
                              * size count as fewer than they are */
};

/* s: the cell's values by invocation; sorted: the same, ascending. */
[[nodiscard]] struct stopping_look stopping_look_at(const struct stopping_rule *r,
                                                    const struct nested *s, const double *sorted,
                                                    struct arena *scratch);
