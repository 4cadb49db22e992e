#include "num/trend.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/dist.h"
#include "num/quantile.h"
#include "num/sort.h"

#include <math.h>
#include <string.h>

/* sum over groups of equal values of t (t - 1) and of t (t - 1) (2 t + 5). */
struct ties {
    double pairs2, var18;
};

static struct ties ties_of(const double *sorted, size_t n)
{
    struct ties r = {0, 0};
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && !(sorted[i] < sorted[i + run]); run++)
            ;
        const double t = (double)run;
        r.pairs2 += t * (t - 1);
        r.var18 += t * (t - 1) * (2 * t + 5);
    }
    return r;
}

/* Sorts x and returns how many pairs i < j had x[i] > x[j]. */
static uint64_t sort_counting(double *x, size_t n, double *spare)
{
    uint64_t falls = 0;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from + width < n; from += 2 * width) {
            const size_t middle = from + width;
            const size_t end = middle + width < n ? middle + width : n;
            size_t i = from, j = middle, k = from;
            while (i < middle && j < end) {
                if (x[i] <= x[j]) {
                    spare[k++] = x[i++];
                } else {
                    falls += middle - i;
                    spare[k++] = x[j++];
                }
            }
            memcpy(spare + k, x + i, (middle - i) * sizeof *x);
            memcpy(x + from, spare + from, (k + middle - i - from) * sizeof *x);
        }
    }
    return falls;
}

struct trend_test trend_mann_kendall(const double *x, size_t n, double n_eff, struct arena *scratch)
{
    struct trend_test r = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    if (n < 3)
        return r;
    double *sorted = ARENA_ARRAY(scratch, double, n), *spare = ARENA_ARRAY(scratch, double, n);
    memcpy(sorted, x, n * sizeof *x);
    const double falls = (double)sort_counting(sorted, n, spare);
    const struct ties ties = ties_of(sorted, n);
    const double m = (double)n, pairs = m * (m - 1) / 2, unequal = pairs - ties.pairs2 / 2;
    if (!(unequal > 0))
        return r;
    r.s = unequal - 2 * falls;
    r.var_s = (m * (m - 1) * (2 * m + 5) - ties.var18) / 18;
    if (n_eff > 0 && n_eff < m)
        r.var_s *= m / n_eff;
    r.tau = r.s / sqrt(pairs * unequal);
    r.z = fabs(r.s) > 1 ? (r.s - copysign(1, r.s)) / sqrt(r.var_s) : 0;
    r.p = dist_normal_two_sided(r.z);
    return r;
}

static double at(const double *t, size_t i)
{
    return t != nullptr ? t[i] : (double)i;
}

static size_t all_slopes(const double *t, const double *x, size_t n, double *ret)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            const double dt = at(t, j) - at(t, i);
            if (dt < 0 || dt > 0)
                ret[k++] = (x[j] - x[i]) / dt;
        }
    return k;
}

static size_t some_slopes(const double *t, const double *x, size_t n, double *ret)
{
    struct rng g;
    rng_init(&g, n); /* the same data, the same pairs */
    size_t k = 0;
    for (size_t tries = 0; k < TREND_SAMPLED_PAIRS && tries < 2 * TREND_SAMPLED_PAIRS; tries++) {
        const size_t i = rng_below(&g, n), j = rng_below(&g, n);
        const double dt = at(t, j) - at(t, i);
        if (dt < 0 || dt > 0)
            ret[k++] = (x[j] - x[i]) / dt;
    }
    return k;
}

/* The variance of S with ties in x and in t, as Sen's interval needs it. */
static double s_variance(const double *t, const double *x, size_t n, struct arena *scratch)
{
    double *sorted = ARENA_ARRAY(scratch, double, n);
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    double ties = ties_of(sorted, n).var18;
    if (t != nullptr) {
        memcpy(sorted, t, n * sizeof *t);
        quantile_sort(sorted, n);
        ties += ties_of(sorted, n).var18;
    }
    const double m = (double)n;
    return fmax(m * (m - 1) * (2 * m + 5) - ties, 0) / 18;
}

struct trend_slope trend_theil_sen(const double *t, const double *x, size_t n, double confidence,
                                   struct arena *scratch)
{
    struct trend_slope r = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, 0, false};
    if (n < 2)
        return r;
    r.sampled = n > TREND_EXACT_N;
    double *slopes = ARENA_ARRAY(scratch, double, r.sampled ? TREND_SAMPLED_PAIRS : n *(n - 1) / 2);
    const size_t k = r.sampled ? some_slopes(t, x, n, slopes) : all_slopes(t, x, n, slopes);
    r.pairs = k;
    if (k == 0)
        return r;
    const size_t middle = k / 2; /* what is below its slope stands before it from now on */
    r.slope = sort_kth(slopes, k, middle);
    if (k % 2 == 0)
        r.slope = (r.slope + sort_kth(slopes, middle, middle - 1)) / 2;

    /* Ranks among all pairs, carried over to the sample. */
    const double share = r.sampled ? (double)k / ((double)n * (double)(n - 1) / 2) : 1;
    const double z = -dist_t_quantile((1 - confidence) / 2, (double)INFINITY);
    const double spread = sqrt(s_variance(t, x, n, scratch)) * share;
    const double half = z / 2 * (r.sampled ? hypot(spread, sqrt((double)k)) : spread);
    const double lo = nearbyint((double)k / 2 - half) - 1, hi = nearbyint((double)k / 2 + half);
    const size_t low = lo > 0 ? (size_t)lo : 0, high = hi < (double)k - 1 ? (size_t)hi : k - 1;
    r.lo = low < middle ? sort_kth(slopes, middle, low) : slopes[middle];
    r.hi = sort_kth(slopes + middle, k - middle, high - middle);

    double *rest = ARENA_ARRAY(scratch, double, n);
    for (size_t i = 0; i < n; i++)
        rest[i] = x[i] - r.slope * at(t, i);
    r.intercept = quantile_median(rest, n);
    return r;
}

void trend_residuals(const double *x, size_t n, double slope, double *ret)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = x[i] - slope * (double)i;
}
