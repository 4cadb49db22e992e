#include "num/power.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/noncentral_t.h"
#include "num/root.h"

#include <math.h>

double power_t_test(double d, double n, double alpha)
{
    if (!(n > 1) || !(alpha > 0 && alpha < 1))
        return NOT_MEASURED;
    const double df = 2 * (n - 1), t = dist_t_upper_quantile(alpha / 2, df);
    return noncentral_t_upper(t, df, fabs(d) * sqrt(n / 2));
}

struct question {
    double d, n, power, alpha;
};

static double of_log_n(const void *context, double log_n)
{
    const struct question *const q = context;
    return power_t_test(q->d, exp(log_n), q->alpha) - q->power;
}

static double of_d(const void *context, double d)
{
    const struct question *const q = context;
    return power_t_test(d, q->n, q->alpha) - q->power;
}

double power_n(double d, double power, double alpha)
{
    constexpr double MOST = 1e9;
    const struct question q = {.d = d, .power = power, .alpha = alpha};
    const double lo = log(2), hi = log(MOST);
    if (!(fabs(d) > 0) || !(power > alpha / 2 && power < 1) || !(of_log_n(&q, hi) > 0))
        return NOT_MEASURED;
    return of_log_n(&q, lo) >= 0 ? 2 : exp(root_between(of_log_n, &q, lo, hi));
}

double power_detectable(double n, double power, double alpha)
{
    const struct question q = {.n = n, .power = power, .alpha = alpha};
    if (!(n > 1) || !(power > alpha / 2 && power < 1))
        return NOT_MEASURED;
    double hi = 1;
    while (of_d(&q, hi) < 0)
        hi *= 2;
    return root_between(of_d, &q, 0, hi);
}

double power_shift(double df, double power, double alpha)
{
    if (!(df > 0) || !(power > alpha / 2 && power < 1))
        return NOT_MEASURED;
    return noncentral_t_ncp(power, dist_t_upper_quantile(alpha / 2, df), df);
}

static bool finds(double difference, double va, double vb, size_t runs, double power, double alpha)
{
    const double n = (double)runs, df = (va + vb) * (va + vb) / (va * va + vb * vb) * (n - 1);
    return noncentral_t_upper(dist_t_upper_quantile(alpha / 2, df), df,
                              fabs(difference) / sqrt((va + vb) / n)) >= power;
}

size_t power_runs(double difference, double sd_a, double sd_b, double power, double alpha)
{
    const double larger =
        fmax(sd_a, sd_b); /* in its units: no square leaves the range of doubles */
    const double d = difference / larger, va = (sd_a / larger) * (sd_a / larger),
                 vb = (sd_b / larger) * (sd_b / larger);
    size_t lo = 1, hi = 2; /* lo never finds it: one value has no spread */
    if (!(larger > 0) || !(fabs(d) > 0) || isnan(va + vb) || !(power > alpha / 2 && power < 1))
        return 0;
    while (!finds(d, va, vb, hi, power, alpha)) {
        lo = hi;
        hi *= 2;
        if (hi > POWER_MOST_RUNS)
            return 0;
    }
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (finds(d, va, vb, middle, power, alpha))
            hi = middle;
        else
            lo = middle;
    }
    return hi;
}
