#include "num/cluster.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>

/* sum of squares of what each cluster is off by; squares of rounding errors do not need more. */
static double squares(const double *sum, const double *units, size_t n, double ratio)
{
    double s = 0;
    for (size_t g = 0; g < n; g++) {
        const double r = units[g] > 0 ? sum[g] - ratio * units[g] : 0;
        s += r * r;
    }
    return s;
}

struct cluster_mean cluster_mean_of(const double *sum, const double *units, size_t n)
{
    struct cluster_mean r = {.estimate = NOT_MEASURED,
                             .se = NOT_MEASURED,
                             .lo = NOT_MEASURED,
                             .hi = NOT_MEASURED,
                             .df = NOT_MEASURED,
                             .units = moment_sum(units, n),
                             .total = moment_sum(sum, n)};
    for (size_t g = 0; g < n; g++)
        r.clusters += units[g] > 0;
    if (r.clusters == 0)
        return r;
    r.estimate = r.total / r.units;
    if (r.clusters < 2)
        return r;
    const double g = (double)r.clusters;
    r.df = g - 1;
    r.se = sqrt(g / (g - 1) * squares(sum, units, n, r.estimate)) / r.units;
    const double half = dist_t_quantile((1 + CLUSTER_CONFIDENCE) / 2, r.df) * r.se;
    r.lo = r.estimate - half;
    r.hi = r.estimate + half;
    return r;
}

double cluster_detectable(double se, double df, double alpha, double power)
{
    return (dist_t_quantile(1 - alpha / 2, df) + dist_t_quantile(power, df)) * se;
}

struct cluster_mean cluster_share_of(const double *count, const double *units, size_t n)
{
    struct cluster_mean r = cluster_mean_of(count, units, n);
    if (r.clusters < 2)
        return r;
    const double p = r.estimate, spread = p * (1 - p), variance = r.se * r.se;
    const double m = spread > 0 && spread < variance * r.units ? spread / variance : r.units;
    const double z = dist_t_quantile((1 + CLUSTER_CONFIDENCE) / 2, r.df), zz = z * z / m;
    const double middle = (p + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * sqrt(spread / m + zz / (4 * m));
    r.lo = p > 0 ? fmax(0, middle - half) : 0;
    r.hi = p < 1 ? fmin(1, middle + half) : 1;
    return r;
}
