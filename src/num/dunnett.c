#include "num/dunnett.h"

#include "base/defs.h"

#include <math.h>

constexpr double NOTHING = 1e-18; /* of the sum so far: the terms that follow are smaller */
constexpr double SQRT_HALF = 0.70710678118654752440;
constexpr double SQRT_TWO_PI = 2.50662827463100050242;

struct law {
    const double *lambda;
    size_t k;
    double df, step; /* of z */
};

static double normal_upper(double z)
{
    return erfc(z * SQRT_HALF) / 2;
}

/* 1 - P(all |T_i| < t | z), where ts is t times s. */
static double outside(const struct law *l, double ts, double z)
{
    double log_inside = 0;
    for (size_t i = 0; i < l->k; i++) {
        const double spread = sqrt(1 - l->lambda[i] * l->lambda[i]), off = l->lambda[i] * z;
        const double q = normal_upper((ts - off) / spread) + normal_upper((ts + off) / spread);
        if (q >= 1)
            return 1;
        log_inside += log1p(-q);
    }
    return -expm1(log_inside);
}

/* Over z, of which the integrand is an even function: its sum over z = 0, step, 2 step, ... */
static double over_control(const struct law *l, double ts)
{
    double sum = outside(l, ts, 0) / 2, before = 0;
    for (double z = l->step;; z += l->step) {
        const double term = exp(-z * z / 2) * outside(l, ts, z);
        sum += term;
        if (term <= NOTHING * sum && term <= before)
            return 2 * sum * l->step / SQRT_TWO_PI;
        before = term;
    }
}

/* Of log s, s^2 being chi-squared over df, relative to that at s = 1. */
static double density(double x, double df)
{
    return exp(df / 2 * (2 * x - expm1(2 * x)));
}

/* The integral and that of the density, which norms it, to one side of s = 1. To the left the
 * integrand may grow until ts is about 1. */
struct sums {
    double tail, all;
};

static struct sums one_way(const struct law *l, double t, double step, struct sums sum)
{
    double before = 0;
    for (double x = step;; x += step) {
        const double d = density(x, l->df), ts = t * exp(x);
        const double term = d > 0 ? d * over_control(l, ts) : 0;
        sum.tail += term;
        sum.all += d;
        if (d <= NOTHING * sum.all && term <= NOTHING * sum.tail && term <= before &&
            (step > 0 || ts < 1))
            return sum;
        before = term;
    }
}

double dunnett_upper(double t, const double *lambda, size_t k, double df)
{
    if (isnan(t) || !(df > 0) || k == 0)
        return NOT_MEASURED;
    struct law l = {.lambda = lambda, .k = k, .df = df, .step = 0.4};
    for (size_t i = 0; i < k; i++) {
        if (!(lambda[i] > 0 && lambda[i] < 1))
            return NOT_MEASURED;
        l.step = fmin(l.step, 0.4 * sqrt(1 - lambda[i] * lambda[i]));
    }
    if (t <= 0)
        return 1;
    if (isinf(df))
        return over_control(&l, t);
    const double step = fmin(0.1, 0.5 / sqrt(2 * df));
    const struct sums middle = {over_control(&l, t), 1};
    const struct sums right = one_way(&l, t, step, middle), sum = one_way(&l, t, -step, right);
    return fmin(1, sum.tail / sum.all);
}

double dunnett_upper_quantile(double q, const double *lambda, size_t k, double df)
{
    if (!(q > 0 && q < 1) || isnan(dunnett_upper(1, lambda, k, df)))
        return NOT_MEASURED;
    double lo = 0, hi = 4;
    while (dunnett_upper(hi, lambda, k, df) > q) {
        lo = hi;
        hi *= 2;
    }
    /* Bisection until doubles have no place between: every step costs a millisecond at most. */
    for (int i = 0; i < 60 && hi - lo > 1e-13 * hi; i++) {
        const double t = lo + (hi - lo) / 2;
        if (dunnett_upper(t, lambda, k, df) > q)
            lo = t;
        else
            hi = t;
    }
    return lo + (hi - lo) / 2;
}
