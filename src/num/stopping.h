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

/* Invocations before the first look. Where each is in one of two states, half and half, all of six
 * are in the same one in 3 % of runs, of eight in 0.8 %. */
constexpr size_t STOPPING_LEAST = 8;
constexpr double STOPPING_LEVEL = 0.97; /* nominal */
constexpr double STOPPING_CLAIM = 0.95; /* what the interval at that level is good for */
/* An interval that is narrow because by chance more invocations than usual are in one of two states
 * is no reason to stop: the range of their medians at this level (Clopper-Pearson; of fewer than
 * nine all of them) has to be within so many times the target. */
constexpr double STOPPING_REACH_LEVEL = 0.996;
constexpr double STOPPING_REACH = 2;
constexpr double STOPPING_NOT_SURE = 20; /* invocations that are next, at least, where it is not */
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
    double half;  /* the wider side, relative to the median; NOT_MEASURED where an end is */
    double reach; /* of the invocations' medians around the median, relative, the wider side */
    double apart; /* gap between two groups of them, relative, where the widest is beyond
                   * MODES_GAP_HINT: why the target is out of reach; NOT_MEASURED: none is seen */
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
