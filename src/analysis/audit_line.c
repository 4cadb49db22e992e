#include "analysis/audit_line.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/dist.h"
#include "num/quantile.h"

#include <math.h>

constexpr size_t RESAMPLES = 2000;
constexpr uint64_t SEED = 20260118;
constexpr double CONFIDENCE = 0.95;

struct fit {
    double mean_u, mean_v, suu, a, b, rss, total;
    size_t distinct; /* x that differ, up to three */
};

/* Of the points that pick names, all where it is nullptr; without one: SIZE_MAX leaves out none. */
static struct fit fit_of(const double *u, const double *v, const size_t *pick, size_t n,
                         size_t without)
{
    struct fit f = {};
    double m = 0, suv = 0, first = NOT_MEASURED, second = NOT_MEASURED;
    for (size_t i = 0; i < n; i++) {
        const size_t k = pick ? pick[i] : i;
        if (k == without)
            continue;
        f.mean_u += u[k];
        f.mean_v += v[k];
        m++;
        if (f.distinct == 0 || (f.distinct == 1 && u[k] != first) ||
            (f.distinct == 2 && u[k] != first && u[k] != second)) {
            second = f.distinct == 1 ? u[k] : second;
            first = f.distinct == 0 ? u[k] : first;
            f.distinct++;
        }
    }
    f.mean_u /= m;
    f.mean_v /= m;
    for (size_t i = 0; i < n; i++) {
        const size_t k = pick ? pick[i] : i;
        if (k == without)
            continue;
        f.suu += (u[k] - f.mean_u) * (u[k] - f.mean_u);
        suv += (u[k] - f.mean_u) * (v[k] - f.mean_v);
        f.total += (v[k] - f.mean_v) * (v[k] - f.mean_v);
    }
    f.b = suv / f.suu;
    f.a = f.mean_v - f.b * f.mean_u;
    f.rss = fmax(0, f.total - f.b * suv);
    return f;
}

static double crossover_of(const struct fit *f)
{
    const double x = exp(-f->a / f->b);
    return isfinite(x) ? x : NOT_MEASURED;
}

static void intervals(const double *u, const double *v, size_t n, struct arena *scratch,
                      struct audit_line *ret)
{
    double *const b = ARENA_ARRAY(scratch, double, RESAMPLES), *const at = ARENA_ARRAY(
                                                                   scratch, double, RESAMPLES);
    size_t *const pick = ARENA_ARRAY(scratch, size_t, n);
    size_t kept = 0, crossed = 0;
    struct rng rng;
    rng_init(&rng, SEED);
    for (size_t i = 0; i < RESAMPLES; i++) {
        for (size_t k = 0; k < n; k++)
            pick[k] = rng_below(&rng, n);
        const struct fit f = fit_of(u, v, pick, n, SIZE_MAX);
        if (f.distinct < 3)
            continue;
        b[kept++] = f.b;
        at[crossed] = crossover_of(&f);
        crossed += isnan(at[crossed]) ? 0 : 1;
    }
    const double low = (1 - CONFIDENCE) / 2;
    quantile_sort(b, kept);
    quantile_sort(at, crossed);
    ret->b_lo = quantile_sorted(b, kept, low);
    ret->b_hi = quantile_sorted(b, kept, 1 - low);
    ret->crossover_lo = quantile_sorted(at, crossed, low);
    ret->crossover_hi = quantile_sorted(at, crossed, 1 - low);
}

struct audit_line audit_line_of(const double *x, const double *y, size_t n, struct arena *scratch)
{
    double *const u = ARENA_ARRAY(scratch, double, n), *const v = ARENA_ARRAY(scratch, double, n);
    for (size_t i = 0; i < n; i++) {
        u[i] = log(x[i]);
        v[i] = log(y[i]);
    }
    const struct fit all = fit_of(u, v, nullptr, n, SIZE_MAX);
    if (n < AUDIT_LINE_LEAST || all.distinct < 3)
        return (struct audit_line){.b = NOT_MEASURED, .r2 = NOT_MEASURED};
    struct audit_line r = {
        .n = n,
        .log_a = all.a,
        .b = all.b,
        .rss = all.rss,
        .r2 = all.total > 0 ? 1 - all.rss / all.total : NOT_MEASURED,
        .p = dist_t_two_sided(all.b / sqrt(all.rss / (double)(n - 2) / all.suu), (double)(n - 2)),
        .crossover = crossover_of(&all),
        .b_least = HUGE_VAL,
        .b_most = -HUGE_VAL,
        .x_least = HUGE_VAL};
    for (size_t i = 0; i < n; i++) {
        const double h = 1 / (double)n + (u[i] - all.mean_u) * (u[i] - all.mean_u) / all.suu;
        const struct fit rest = fit_of(u, v, nullptr, n, i);
        r.b_least = fmin(r.b_least, rest.b);
        r.b_most = fmax(r.b_most, rest.b);
        r.x_least = fmin(r.x_least, x[i]);
        r.x_most = fmax(r.x_most, x[i]);
        if (h > r.leverage) {
            r.leverage = h;
            r.most = i;
            r.b_without = rest.b;
            r.crossover_without = crossover_of(&rest);
        }
    }
    intervals(u, v, n, scratch, &r);
    return r;
}
