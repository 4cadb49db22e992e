#include "num/effect.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/merge.h"
#include "num/noncentral_t.h"

#include <math.h>

double effect_cohen_d(const struct moment *a, const struct moment *b)
{
    if (a->n < 2 || b->n < 2)
        return NOT_MEASURED;
    const double va = (double)(a->n - 1) * a->var, vb = (double)(b->n - 1) * b->var;
    const double sd = sqrt((va + vb) / (double)(a->n + b->n - 2));
    return sd > 0 ? (a->mean - b->mean) / sd : NOT_MEASURED;
}

double effect_hedges_j(double df)
{
    return df > 1 ? exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2) : NOT_MEASURED;
}

double effect_hedges_g(double d, size_t na, size_t nb)
{
    return d * effect_hedges_j((double)na + (double)nb - 2);
}

double effect_glass(const struct moment *a, const struct moment *b)
{
    return b->n >= 2 && b->sd > 0 ? (a->mean - b->mean) / b->sd : NOT_MEASURED;
}

const char *effect_size_name(enum effect_size s)
{
    static const char *const name[] = {"unknown", "negligible", "small", "medium", "large"};
    return name[s];
}

static double variance(const struct merge *m, double d)
{
    const double nx = (double)m->na, ny = (double)m->nb, pairs = nx * ny, dd = d * d;
    const double all = (pairs - m->equal) - pairs * dd; /* sum over pairs of (d_ij - d)^2 */
    const double r = m->rows - pairs * ny * dd, c = m->columns - pairs * nx * dd;
    return fmax((r + c - all) / (pairs * (nx - 1) * (ny - 1)), (1 - dd) / (pairs - 1));
}

static enum effect_size size_of(double delta)
{
    const double d = fabs(delta);
    return d < 0.147   ? EFFECT_NEGLIGIBLE
           : d < 0.33  ? EFFECT_SMALL
           : d < 0.474 ? EFFECT_MEDIUM
                       : EFFECT_LARGE;
}

static struct effect_interval feng_cliff(double d, double var, double t, double smaller)
{
    if (fabs(d) >= 1) {
        const double near = (smaller - t * t) / (smaller + t * t);
        return d > 0 ? (struct effect_interval){near, 1} : (struct effect_interval){-1, -near};
    }
    const double rest = 1 - d * d, tv = t * t * var;
    const double half = t * sqrt(var) * sqrt(rest * rest + tv), middle = d - d * d * d;
    return (struct effect_interval){fmax(-1, (middle - half) / (rest + tv)),
                                    fmin(1, (middle + half) / (rest + tv))};
}

struct effect_dominance effect_dominance_of(const struct merge *m, double conf)
{
    const size_t na = m->na, nb = m->nb;
    struct effect_dominance r = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                                 NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, EFFECT_UNKNOWN};
    if (na == 0 || nb == 0)
        return r;
    const double pairs = (double)na * (double)nb;
    r.delta = (2 * m->above - pairs) / pairs;
    r.a12 = (r.delta + 1) / 2;
    r.size = size_of(r.delta);
    if (na < 2 || nb < 2)
        return r;
    r.var = variance(m, r.delta);
    const double t = dist_t_quantile((1 + conf) / 2, (double)(na + nb - 2));
    const struct effect_interval i = feng_cliff(r.delta, r.var, t, (double)(na < nb ? na : nb));
    r.lo = i.lo;
    r.hi = i.hi;
    r.a12_lo = (i.lo + 1) / 2;
    r.a12_hi = (i.hi + 1) / 2;
    return r;
}

struct effect_interval effect_d_interval(double d, size_t na, size_t nb, double conf)
{
    if (isnan(d) || na < 1 || nb < 1 || na + nb < 3)
        return (struct effect_interval){NOT_MEASURED, NOT_MEASURED};
    const double scale = sqrt(1 / (double)na + 1 / (double)nb), df = (double)(na + nb - 2);
    return (struct effect_interval){scale * noncentral_t_ncp((1 - conf) / 2, d / scale, df),
                                    scale * noncentral_t_ncp((1 + conf) / 2, d / scale, df)};
}
