#include "analysis/audit_line.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/power_law_crossover.h"

#include <math.h>

constexpr uint64_t SEED = 20260118;
constexpr double CONFIDENCE = 0.95;

static size_t distinct(const double *x, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < i && x[k] != x[i])
            k++;
        found += k == i;
    }
    return found;
}

static double where_one(double log_a, double b)
{
    const double x = exp(-log_a / b);
    return isfinite(x) ? x : NOT_MEASURED;
}

struct sums { /* of logs, about their means */
    double mu, mv, suu, suv, svv;
};

static struct sums sums_without(const double *x, const double *y, size_t n, size_t without)
{
    struct sums s = {};
    double k = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == without)
            continue;
        const double u = log(x[i]) - s.mu, v = log(y[i]) - s.mv; /* Welford */
        k++;
        s.mu += u / k;
        s.mv += v / k;
        s.suu += u * (log(x[i]) - s.mu);
        s.suv += u * (log(y[i]) - s.mv);
        s.svv += v * (log(y[i]) - s.mv);
    }
    return s;
}

/* Deleted residuals: each point against the line of the others (Cook and Weisberg 1982, 2.2.1). */
static void look_for_off(const double *x, const double *y, size_t n, struct audit_line *ret)
{
    constexpr size_t LEAST = 5;
    ret->off_p = 1;
    for (size_t i = 0; i < n && n >= LEAST; i++) {
        const struct sums s = sums_without(x, y, n, i);
        if (!(s.suu > 0 && s.svv > 0))
            continue;
        const double b = s.suv / s.suu, rss = s.svv - b * s.suv, k = (double)(n - 1),
                     u = log(x[i]) - s.mu, e = log(y[i]) - s.mv - b * u;
        const double t = e / sqrt(rss / (k - 2) * (1 + 1 / k + u * u / s.suu));
        const double p = fmin(1, (double)n * dist_t_two_sided(t, k - 2));
        if (!(p < ret->off_p))
            continue;
        ret->off = i;
        ret->off_p = p;
        ret->off_by = exp(e);
        ret->b_without_off = b;
        ret->r2_without_off = 1 - rss / s.svv;
    }
}

struct audit_line audit_line_of(const double *x, const double *y, size_t n, struct arena *scratch)
{
    const struct audit_line none = {.b = NOT_MEASURED, .r2 = NOT_MEASURED};
    struct power_law f;
    struct err e = {};
    const struct power_law_data data = {
        .x = x, .y = y, .n = n, .form = POWER_LAW, .confidence = CONFIDENCE, .seed = SEED};
    if (n < AUDIT_LINE_LEAST || distinct(x, n) < POWER_LAW_DISTINCT ||
        power_law_fit(&data, scratch, &f, &e))
        return none;
    const struct power_law_crossover one = power_law_crossover_level(&f, 1, CONFIDENCE, scratch);
    struct audit_line r = {
        .n = n,
        .log_a = log(f.a),
        .b = f.b,
        .r2 = f.r2,
        .p = f.p_value,
        .b_lo = f.boot_low,
        .b_hi = f.boot_high,
        .crossover = where_one(log(f.a), f.b),
        .crossover_lo = one.boot_low,
        .crossover_hi = one.boot_high,
        .most = f.pivot,
        .leverage = f.leverage[f.pivot],
        .b_without = f.without_b[f.pivot],
        .crossover_without = where_one(f.without_a[f.pivot], f.without_b[f.pivot]),
        .b_least = f.without_low,
        .b_most = f.without_high,
        .rss = f.residual_sd * f.residual_sd * (double)(n - 2),
        .x_least = f.x_min,
        .x_most = f.x_max,
    };
    look_for_off(x, y, n, &r);
    r.off_leverage = f.leverage[r.off];
    return r;
}
