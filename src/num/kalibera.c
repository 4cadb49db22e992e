#include "num/kalibera.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>

static double mean_of_group(const double *x, const size_t *reps, size_t level)
{
    size_t n = 1;
    for (size_t i = 0; i < level; i++)
        n *= reps[i];
    return moment_sum(x, n) / (double)n;
}

/* The variance of the reps[level] means of one group. */
static double variance_of_means(const double *x, const size_t *reps, size_t level)
{
    size_t stride = 1;
    for (size_t i = 0; i < level; i++)
        stride *= reps[i];
    const double whole = mean_of_group(x, reps, level + 1);
    double squares = 0, sum = 0;
    for (size_t g = 0; g < reps[level]; g++) {
        const double d = mean_of_group(x + g * stride, reps, level) - whole;
        squares += d * d;
        sum += d;
    }
    const double n = (double)reps[level];
    return (squares - sum * sum / n) / (n - 1);
}

struct kalibera kalibera_of(const double *x, const size_t *reps, size_t levels)
{
    struct kalibera k = {.levels = levels, .mean = mean_of_group(x, reps, levels)};
    size_t total = 1, size = 1;
    for (size_t i = 0; i < levels; i++)
        total *= reps[i];
    for (size_t i = 0; i < levels; i++) {
        size *= reps[i];
        double sum = 0;
        for (size_t at = 0; at < total; at += size)
            sum += variance_of_means(x + at, reps, i);
        k.reps[i] = (double)reps[i];
        k.s2[i] = sum * (double)size / (double)total;
        k.t2[i] = k.s2[i] - (i ? k.s2[i - 1] / k.reps[i - 1] : 0);
    }
    return k;
}

struct kalibera kalibera_two(const double *x, const size_t *start, size_t n)
{
    struct kalibera k = {.levels = 2,
                         .mean = NOT_MEASURED,
                         .s2 = {NOT_MEASURED, NOT_MEASURED},
                         .t2 = {NOT_MEASURED, NOT_MEASURED}};
    const double total = (double)(start[n] - start[0]);
    if (!(total > 0))
        return k;
    k.mean = moment_sum(x + start[0], start[n] - start[0]) / total;
    double within = 0, between = 0, squares = 0, units = 0;
    for (size_t u = 0; u < n; u++) {
        const struct moment m = moment_of(x + start[u], start[u + 1] - start[u]);
        const double size = (double)m.n;
        if (m.n == 0)
            continue;
        within += m.n > 1 ? (size - 1) * m.var : 0;
        between += size * (m.mean - k.mean) * (m.mean - k.mean);
        squares += size * size;
        units++;
    }
    k.reps[0] = total / units;
    k.reps[1] = units;
    if (!(total > units))
        return k;
    k.s2[0] = k.t2[0] = within / (total - units);
    if (units < 2)
        return k;
    const double n0 = (total - squares / total) / (units - 1);
    k.t2[1] = (between / (units - 1) - k.s2[0]) / n0;
    k.s2[1] = k.t2[1] + k.s2[0] / n0;
    return k;
}

void kalibera_optimal(const struct kalibera *k, const double *cost, double *ret)
{
    for (size_t i = 0; i + 1 < k->levels; i++) {
        const double above = k->t2[i + 1], here = fmax(0, k->t2[i]);
        ret[i] = isnan(above) || isnan(k->t2[i]) ? NOT_MEASURED
                 : !(here > 0)                   ? 1
                 : !(above > 0)                  ? (double)INFINITY
                                : fmax(1, sqrt(cost[i + 1] / cost[i] * here / above));
    }
}

double kalibera_half(const struct kalibera *k, double conf)
{
    const double top = k->reps[k->levels - 1];
    return top > 1 ? dist_t_quantile((1 + conf) / 2, top - 1) * sqrt(k->s2[k->levels - 1] / top)
                   : NOT_MEASURED;
}

double kalibera_top_variance(const struct kalibera *k, const double *r)
{
    double sum = 0, under = 1;
    for (size_t i = k->levels; i-- > 0;) {
        sum += fmax(0, k->t2[i]) / under;
        under *= i ? r[i - 1] : 1;
    }
    return sum;
}

size_t kalibera_top(double top_variance, double half, double conf, size_t most)
{
    size_t lo = 1, hi = most + 1;
    while (hi - lo > 1) { /* both the quantile and the root fall with n */
        const size_t n = lo + (hi - lo) / 2;
        const double m = (double)n;
        if (dist_t_quantile((1 + conf) / 2, m - 1) * sqrt(top_variance / m) <= half)
            hi = n;
        else
            lo = n;
    }
    return hi;
}

struct kalibera_ratio kalibera_ratio_of(const struct kalibera *numerator,
                                        const struct kalibera *denominator, double conf)
{
    const double n = numerator->mean, d = denominator->mean;
    const double hn = kalibera_half(numerator, conf), hd = kalibera_half(denominator, conf);
    struct kalibera_ratio r = {n / d, NOT_MEASURED, NOT_MEASURED, false};
    const double under = (d - hd) * (d + hd);
    if (!(under > 0))
        return r;
    /* (n d)^2 - (n^2 - hn^2)(d^2 - hd^2), multiplied out, so that nothing cancels */
    const double root = sqrt(n * n * hd * hd + hn * hn * under);
    r.bounded = true;
    r.lo = (n * d - root) / under;
    r.hi = (n * d + root) / under;
    return r;
}
