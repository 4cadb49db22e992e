#include "num/modes_gap.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

constexpr size_t LEAST_OF_A_PART = 3;
constexpr double LEAST_DF = 18;
constexpr int ROUNDS = 3;

struct cut {
    double gap, at; /* over the standard deviation; where */
    double width;   /* of the gap itself */
};

/* sorted ascending; each part gets `least` values. */
static struct cut widest(const double *sorted, size_t n, size_t least, double df, double least_sd)
{
    const double middle = moment_of(sorted, n).mean;
    double squares = 0, below = 0;
    for (size_t i = 0; i < n; i++)
        squares += (sorted[i] - middle) * (sorted[i] - middle);
    struct cut best = {-1, NOT_MEASURED, NOT_MEASURED};
    for (size_t k = 1; k < n; k++) {
        below += sorted[k - 1] - middle; /* what is above sums to its negative */
        const double between = below * below * (1 / (double)k + 1 / (double)(n - k));
        const double sd = fmax(sqrt(fmax(squares - between, 0) / df), least_sd);
        const double width = sorted[k] - sorted[k - 1], gap = width / sd;
        if (k >= least && n - k >= least && gap > best.gap)
            best = (struct cut){gap, sorted[k - 1] + width / 2, width};
    }
    return best;
}

static struct cut cut_of(const double *z, size_t n, size_t least, double df, double least_sd,
                         double *sorted)
{
    memcpy(sorted, z, n * sizeof *z);
    quantile_sort(sorted, n);
    return widest(sorted, n, least, df, least_sd);
}

static void parts_of(const double *z, size_t n, double at, double *room, struct modes_part *ret_low,
                     struct modes_part *ret_high)
{
    size_t low = 0, high = n;
    for (size_t i = 0; i < n; i++)
        room[z[i] > at ? --high : low++] = z[i];
    const struct moment a = moment_of(room, low), b = moment_of(room + low, n - low);
    *ret_low = (struct modes_part){(double)low / (double)n, a.mean, a.sd};
    *ret_high = (struct modes_part){(double)(n - low) / (double)n, b.mean, b.sd};
}

/* z = x less its unit's level: the mean of what the parts leave of the unit. */
static void take_levels_off(const struct nested *s, double at, double *z, double *room)
{
    struct modes_part low, high;
    parts_of(z, s->start[s->n_units], at, room, &low, &high);
    for (size_t u = 0; u < s->n_units; u++) {
        double sum = 0;
        const size_t from = s->start[u], to = s->start[u + 1];
        for (size_t i = from; i < to; i++)
            sum += s->x[i] - (z[i] > at ? high.mean : low.mean);
        for (size_t i = from; i < to; i++)
            z[i] = s->x[i] - sum / (double)(to - from);
    }
}

static double mixed_units(const struct nested *s, const double *z, double at)
{
    size_t mixed = 0;
    for (size_t u = 0; u < s->n_units; u++) {
        size_t high = 0;
        for (size_t i = s->start[u]; i < s->start[u + 1]; i++)
            high += z[i] > at;
        mixed += high > 0 && high < s->start[u + 1] - s->start[u];
    }
    return (double)mixed / (double)s->n_units;
}

/* Of the values themselves, on the side of the cut where z is above it, or not. */
static bool few_different(const struct nested *s, const double *z, double at, bool above,
                          double *room)
{
    size_t n = 0, different = 1;
    for (size_t i = 0; i < s->start[s->n_units]; i++)
        if ((z[i] > at) == above)
            room[n++] = s->x[i];
    quantile_sort(room, n);
    for (size_t i = 1; i < n; i++)
        different += room[i - 1] < room[i];
    return different < LEAST_OF_A_PART;
}

struct modes_gap modes_gap_of(const struct nested *s, double least_share, double least_sd,
                              struct arena *scratch, double *z)
{
    struct modes_gap r = {.gap = NOT_MEASURED};
    const size_t n = s->n_units ? s->start[s->n_units] : 0;
    const double df = (double)n - (double)s->n_units - 1;
    if (n > 0)
        memcpy(z, s->x, n * sizeof *z);
    if (df < LEAST_DF)
        return r;
    const size_t share = (size_t)ceil(least_share * (double)n);
    const size_t least = share > LEAST_OF_A_PART ? share : LEAST_OF_A_PART;
    double *const room = ARENA_ARRAY(scratch, double, n);
    struct cut c = cut_of(z, n, least, s->n_units > 1 ? (double)n - 2 : df, least_sd, room);
    for (int round = 0; s->n_units > 1 && round < ROUNDS; round++) {
        take_levels_off(s, c.at, z, room);
        c = cut_of(z, n, least, df, least_sd, room);
    }
    if (few_different(s, z, c.at, false, room) || few_different(s, z, c.at, true, room))
        return r;
    parts_of(z, n, c.at, room, &r.low, &r.high);
    r.gap = c.gap;
    r.limit = MODES_GAP_LIMIT / sqrt(df);
    r.mixed = mixed_units(s, z, c.at);
    r.cut = c.at;
    return r;
}

struct modes_groups modes_gap_groups(const double *x, size_t n, size_t least, double least_sd,
                                     struct arena *scratch)
{
    if (n < 4)
        return (struct modes_groups){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    const double df = (double)n - 2;
    const struct cut c = cut_of(x, n, least, df, least_sd, ARENA_ARRAY(scratch, double, n));
    return (struct modes_groups){c.gap * sqrt(df), c.width, c.at};
}
