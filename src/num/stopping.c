#include "num/stopping.h"

#include "base/defs.h"
#include "num/kalibera.h"

#include <math.h>

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
    if (l.half <= r->target && s->n_units >= STOPPING_LEAST) {
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
    const double wanted = isnan(ratio) ? STOPPING_MOST_GROWTH * n : n * ratio * ratio * factor;
    const double next =
        bounded(wanted, fmax(n + 1, STOPPING_GROWTH * n), fmax(n + 1, STOPPING_MOST_GROWTH * n));
    l.next_invocations =
        (size_t)bounded(ceil(next), fmin((double)STOPPING_LEAST, (double)r->most_invocations),
                        (double)r->most_invocations);
    return l;
}
