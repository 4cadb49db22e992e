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

static void medians_of(const struct nested *s, double *room, double *ret)
{
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t m = s->start[u + 1] - s->start[u];
        memcpy(room, s->x + s->start[u], m * sizeof *room);
        ret[u] = quantile_median(room, m);
    }
}

/* From the median to the ends of a range of the invocations' own medians, of order statistics: no
 * law is assumed, and two states that are near half and half are both in it. */
static double reach_of(const double *medians, size_t n, double at)
{
    const struct quantile_ranks k = quantile_ranks(n, 0.5, STOPPING_REACH_LEVEL);
    const double lo = medians[k.lo < 1 ? 0 : k.lo - 1], hi = medians[k.hi > n ? n - 1 : k.hi - 1];
    return fmax(hi / at, at / lo) - 1;
}

static double apart(const double *medians, size_t n, struct arena *scratch)
{
    constexpr double LEAST_SD = 0.002;
    double *const level = ARENA_ARRAY(scratch, double, n);
    for (size_t u = 0; u < n; u++)
        level[u] = log(medians[u]);
    const struct modes_groups g = modes_gap_groups(level, n, 2, LEAST_SD, scratch);
    return g.score > MODES_GAP_HINT ? expm1(g.gap) : NOT_MEASURED;
}

static void look_at_medians(const struct nested *s, struct arena *scratch,
                            struct stopping_look *ret)
{
    ret->reach = ret->apart = NOT_MEASURED;
    if (s->n_units == 0 || !(ret->median.at > 0))
        return;
    double *const medians = ARENA_ARRAY(scratch, double, s->n_units);
    medians_of(s, ARENA_ARRAY(scratch, double, s->start[s->n_units]), medians);
    quantile_sort(medians, s->n_units);
    ret->reach = reach_of(medians, s->n_units, ret->median.at);
    ret->apart = apart(medians, s->n_units, scratch);
}

struct stopping_look stopping_look_at(const struct stopping_rule *r, const struct nested *s,
                                      const double *sorted, struct arena *scratch)
{
    struct stopping_look l = {
        .median = interval_median_stopped(s, sorted, STOPPING_LEVEL, scratch),
        .invocations = s->n_units,
        .next_repetitions = r->repetitions,
    };
    const double n = (double)s->n_units;
    l.half = fmax(l.median.hi / l.median.at - 1, 1 - l.median.lo / l.median.at);
    if (isnan(l.median.lo) || isnan(l.median.hi) || !(l.median.at > 0))
        l.half = NOT_MEASURED;
    look_at_medians(s, scratch, &l);
    const bool sure = s->n_units >= STOPPING_LEAST && l.reach <= STOPPING_REACH * r->target;
    if (l.half <= r->target && (sure || s->n_units >= r->most_invocations)) {
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
                          : ratio <= 1 ? STOPPING_NOT_SURE
                                       : n * ratio * ratio * factor;
    const double next =
        bounded(wanted, fmax(n + 1, STOPPING_GROWTH * n), fmax(n + 1, STOPPING_MOST_GROWTH * n));
    l.next_invocations =
        (size_t)bounded(ceil(next), fmin((double)STOPPING_LEAST, (double)r->most_invocations),
                        (double)r->most_invocations);
    return l;
}
