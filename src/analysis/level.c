#include "analysis/level.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/interval.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A fifth from each end, one value at least; of so few that nothing would be left, half of all but
 * one or two: their median. With five, one that is far off weighs nothing. */
static double trimmed_mean_of_logs(const double *sorted, size_t n)
{
    constexpr double SHARE = 0.2;
    const double size = (double)n, most = (size - (n % 2 ? 1 : 2)) / 2;
    const double off = fmin(fmax(SHARE * size, 1), most);
    const size_t whole = (size_t)off;
    const double part = 1 - (off - (double)whole);
    double sum = 0;
    for (size_t i = whole; i < n - whole; i++)
        sum += log(sorted[i]) * (i == whole || i == n - whole - 1 ? part : 1);
    return sum / (size - 2 * off);
}

static void of_invocations(const double *x, const size_t *start, size_t n_units, double *y)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SIZE_MAX / 2);
    size_t most = 0;
    for (size_t u = 0; u < n_units; u++)
        most = start[u + 1] - start[u] > most ? start[u + 1] - start[u] : most;
    double *const unit = ARENA_ARRAY(scratch, double, most);
    for (size_t u = 0; u < n_units; u++) {
        const size_t n = start[u + 1] - start[u];
        memcpy(unit, x + start[u], n * sizeof *x);
        quantile_sort(unit, n);
        y[u] = trimmed_mean_of_logs(unit, n);
    }
}

/* Passes of one length only: a pass that misses a prompt is no replicate of the others. 0: the
 * passes are not known. */
static size_t of_repetitions(const double *x, size_t n, const int32_t *repetition, double *y)
{
    if (!repetition || n == 0)
        return 0;
    size_t k = 0, in_first = 0;
    for (size_t i = 0; i < n;) {
        size_t j = i;
        double sum = 0;
        for (; j < n && repetition[j] == repetition[i]; j++)
            sum += log(x[j]);
        if (repetition[i] == INT32_MIN || (in_first && j - i != in_first))
            return 0;
        in_first = j - i;
        y[k++] = sum / (double)(j - i);
        i = j;
    }
    return k > 1 ? k : 0;
}

struct level level_of(const double *x, const size_t *start, size_t n_units,
                      const int32_t *repetition, struct arena *a)
{
    struct level l = {.mean = NOT_MEASURED, .var = NOT_MEASURED};
    const size_t n = n_units ? start[n_units] : 0;
    double *const y = ARENA_ARRAY(a, double, n_units > 1 ? n_units : n);
    l.y = y;
    if (n_units > 1) {
        l.unit = LEVEL_INVOCATIONS;
        l.n = n_units;
        of_invocations(x, start, n_units, y);
        l.n_effective = (double)l.n; /* processes do not know of each other */
    } else {
        l.n = of_repetitions(x, n, repetition, y);
        l.unit = l.n ? LEVEL_REPETITIONS : LEVEL_SAMPLES;
        for (size_t i = 0; l.unit == LEVEL_SAMPLES && i < n; i++)
            y[i] = log(x[i]);
        l.n = l.n ? l.n : n;
        /* a series that never comes back has no scale to compare with; two values have one */
        l.n_effective =
            fmax((double)(l.n < 2 ? l.n : 2), (double)l.n / interval_dependence_difference(y, l.n));
    }
    const struct moment m = moment_of(y, l.n);
    l.mean = m.mean;
    l.var = m.var;
    return l;
}

const char *level_unit_name(enum level_unit unit)
{
    static const char *const names[] = {[LEVEL_INVOCATIONS] = "invocations",
                                        [LEVEL_REPETITIONS] = "repetitions of one invocation",
                                        [LEVEL_SAMPLES] = "samples of one invocation",
                                        [LEVEL_SCENARIOS] = "scenarios"};
    return names[unit];
}
