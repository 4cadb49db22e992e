#include "num/stopping.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/kalibera.h"
#include "num/modes_gap.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

static double bounded(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

/* Repetitions of the invocations to come, and the factor by which they change the variance of an
 * invocation's level. */
static double repetitions_of(const struct stopping_rule *r, const struct nested *s,
                             double *ret_factor)
{
    const struct kalibera k = kalibera_two(s->x, s->start, s->n_units);
    double best = r->repetitions;
    *ret_factor = 1;
    if (r->cost_repetition > 0 && r->cost_invocation >= 0) {
        double values;
        kalibera_optimal(&k, (double[]){r->cost_repetition / r->requests, r->cost_invocation},
                         &values);
        if (!isnan(values))
            best = ceil(bounded(fmin(values / r->requests, 2 * r->repetitions),
                                r->least_repetitions, r->most_repetitions));
    }
    const double now = kalibera_top_variance(&k, (double[]){k.reps[0]});
    const double then = kalibera_top_variance(&k, (double[]){best * r->requests});
    if (now > 0 && then > 0)
        *ret_factor = then / now;
    return best;
}

/* Closer together than the target, it does not matter which of them the median is in. */
static bool in_groups(const struct nested *s, double target, struct arena *scratch)
{
    constexpr double LEAST_SD = 0.002;
    double *const level = ARENA_ARRAY(scratch, double, s->n_units);
    double *const unit = ARENA_ARRAY(scratch, double, s->start[s->n_units]);
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t m = s->start[u + 1] - s->start[u];
        memcpy(unit, s->x + s->start[u], m * sizeof *unit);
        quantile_sort(unit, m);
        level[u] = log(quantile_sorted(unit, m, 0.5));
    }
    const struct modes_groups g = modes_gap_groups(level, s->n_units, 1, LEAST_SD, scratch);
    return g.score > MODES_GAP_HINT && g.gap > log1p(target);
}

struct stopping_look stopping_look_at(const struct stopping_rule *r, const struct nested *s,
                                      const double *sorted, struct arena *scratch)
{
    struct stopping_look l = {
        .median = interval_quantile(s, sorted, 0.5, STOPPING_LEVEL, scratch),
        .invocations = s->n_units,
        .next_repetitions = r->repetitions,
    };
    const double n = (double)s->n_units;
    l.half = fmax(l.median.hi / l.median.at - 1, 1 - l.median.lo / l.median.at);
    if (isnan(l.median.lo) || isnan(l.median.hi) || !(l.median.at > 0))
        l.half = NOT_MEASURED;
    const bool more = s->n_units < STOPPING_LEAST ||
                      (s->n_units < STOPPING_GROUPS && in_groups(s, r->target, scratch));
    if (l.half <= r->target && (!more || s->n_units >= r->most_invocations)) {
        l.state = STOPPING_REACHED;
        return l;
    }
    if (s->n_units >= r->most_invocations) {
        l.state = STOPPING_CAPPED;
        return l;
    }
    double factor;
    l.next_repetitions = repetitions_of(r, s, &factor);
    const double ratio = l.half / r->target;
    const double wanted = isnan(ratio) ? STOPPING_MOST_GROWTH * n
                          : ratio <= 1 ? (double)STOPPING_GROUPS
                                       : n * ratio * ratio * factor;
    const double next =
        bounded(wanted, fmax(n + 1, STOPPING_GROWTH * n), fmax(n + 1, STOPPING_MOST_GROWTH * n));
    l.next_invocations =
        (size_t)bounded(ceil(next), fmin((double)STOPPING_LEAST, (double)r->most_invocations),
                        (double)r->most_invocations);
    return l;
}
