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
