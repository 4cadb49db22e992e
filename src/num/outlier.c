#include "num/outlier.h"

#include "base/defs.h"
#include "num/quantile.h"

#include <math.h>

struct outlier_scale outlier_scale(const double *sorted, size_t n, double resolution,
                                   double *scratch)
{
    struct outlier_scale s = {quantile_sorted(sorted, n, 0.5), NOT_MEASURED, false};
    if (n == 0)
        return s;
    /* Distances from the median fall and then rise along sorted x: merged from the middle outwards
     * they are in order without a sort. */
    size_t left = 0, right = 0;
    while (right < n && sorted[right] < s.centre)
        right++;
    left = right;
    for (size_t k = 0; k < n; k++) {
        const double below = left > 0 ? s.centre - sorted[left - 1] : (double)INFINITY;
        const double above = right < n ? sorted[right] - s.centre : (double)INFINITY;
        scratch[k] = fmin(below, above);
        if (below <= above)
            left--;
        else
            right++;
    }
    constexpr double NORMAL_MAD = 1.482602218505602; /* 1 / the upper quartile of the normal law */
    const double spread = NORMAL_MAD * quantile_sorted(scratch, n, 0.5);
    s.floored = spread < resolution || spread <= 0;
    s.spread = fmax(spread, resolution);
    return s;
}

double outlier_z(const struct outlier_scale *s, double x)
{
    return isnan(s->spread) || isnan(x) ? NOT_MEASURED
           : x == s->centre             ? 0
                                        : (x - s->centre) / s->spread;
}

struct outlier_fences outlier_fences(const double *sorted, size_t n)
{
    const double q1 = quantile_sorted(sorted, n, 0.25), q3 = quantile_sorted(sorted, n, 0.75);
    const double iqr = q3 - q1;
    return (struct outlier_fences){q1 - 3 * iqr, q1 - 1.5 * iqr, q3 + 1.5 * iqr, q3 + 3 * iqr};
}

enum outlier_mark outlier_mark(const struct outlier_fences *f, double x)
{
    if (x > f->severe_hi)
        return OUTLIER_SEVERE_HI;
    if (x < f->severe_lo)
        return OUTLIER_SEVERE_LO;
    return x > f->mild_hi ? OUTLIER_MILD_HI : x < f->mild_lo ? OUTLIER_MILD_LO : OUTLIER_NONE;
}
