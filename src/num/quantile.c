#include "num/quantile.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/sort.h"

#include <math.h>

void quantile_sort(double *x, size_t n)
{
    sort_ascending(x, n);
}

double quantile_sorted(const double *x, size_t n, double p)
{
    if (n == 0 || !(p >= 0.0 && p <= 1.0)) /* the negation also catches NaN */
        return NOT_MEASURED;

    const double h = (double)(n - 1) * p;
    const size_t lo = (size_t)h;
    if (lo + 1 >= n)
        return x[n - 1];
    return x[lo] + (h - (double)lo) * (x[lo + 1] - x[lo]);
}

double quantile_unsorted(double *x, size_t n, double p)
{
    if (n == 0 || !(p >= 0.0 && p <= 1.0))
        return NOT_MEASURED;
    const double h = (double)(n - 1) * p;
    const size_t lo = (size_t)h;
    const double low = sort_kth(x, n, lo);
    if (lo + 1 >= n || (double)lo >= h)
        return low;
    double next = x[lo + 1];
    for (size_t i = lo + 2; i < n; i++)
        next = x[i] < next ? x[i] : next;
    return low + (h - (double)lo) * (next - low);
}

double quantile_median(double *x, size_t n)
{
    return quantile_unsorted(x, n, 0.5);
}

size_t quantile_least_n(double p)
{
    const double tail = p > 0.5 ? 1 - p : p;
    return tail > 0 ? (size_t)ceil(1 / tail - 1e-9) : SIZE_MAX; /* 1 - 0.95 is not 0.05 in binary */
}

struct quantile_ranks quantile_ranks(size_t n, double p, double conf)
{
    const double tail = (1 - conf) / 2;
    /* qbinom gives the smallest k with P(X <= k) >= q; the two loops move the one step, if any,
     * that the definitions with "<=" on both sides ask for. */
    size_t lo = (size_t)dist_binomial_quantile(tail, n, p) + 1;
    while (lo > 0 && dist_binomial_cdf((double)lo - 1, n, p) > tail)
        lo--;
    size_t hi = (size_t)dist_binomial_quantile(1 - tail, n, p);
    while (hi <= n && 1 - dist_binomial_cdf((double)hi - 1, n, p) > tail)
        hi++;
    return (struct quantile_ranks){lo, hi};
}

double quantile_ranks_level(struct quantile_ranks k, size_t n, double p)
{
    const double below = k.lo < 1 ? 0 : dist_binomial_cdf((double)k.lo - 1, n, p);
    return (k.hi > n ? 1 : dist_binomial_cdf((double)k.hi - 1, n, p)) - below;
}

struct quantile_interval quantile_interval(const double *x, size_t n, double p, double conf)
{
    struct quantile_interval r = {NOT_MEASURED, NOT_MEASURED};
    if (n == 0)
        return r;
    const struct quantile_ranks k = quantile_ranks(n, p, conf);
    if (k.lo >= 1)
        r.lo = x[k.lo - 1];
    if (k.hi <= n)
        r.hi = x[k.hi - 1];
    return r;
}

/* Weight outside of [first, last) is below this, and left out. */
constexpr double NEGLIGIBLE = 1e-20;

double quantile_harrell_davis(const double *x, size_t n, double p)
{
    if (n == 0 || !(p > 0 && p < 1))
        return NOT_MEASURED;
    if (n == 1)
        return x[0];
    const double m = (double)n, a = (m + 1) * p, b = (m + 1) * (1 - p);
    const double first = floor(m * dist_beta_quantile(NEGLIGIBLE, a, b));
    const double last = ceil(m * dist_beta_upper_quantile(NEGLIGIBLE, a, b));
    double total = 0, sum = 0, below = first > 0 ? dist_beta_cdf(first / m, a, b) : 0;
    const size_t end = last < m ? (size_t)last : n;
    const double middle =
        x[first < m ? (size_t)first : n - 1]; /* weights sum to 1: of differences */
    for (size_t i = (size_t)first; i < end; i++) {
        const double upto = i + 1 < n ? dist_beta_cdf((double)(i + 1) / m, a, b) : 1;
        sum += (upto - below) * (x[i] - middle);
        total += upto - below;
        below = upto;
    }
    return middle + sum / total;
}

static double covered(size_t d, size_t n) /* by [x_(d), x_(n+1-d)], of the median */
{
    return 1 - 2 * dist_binomial_cdf((double)d - 1, n, 0.5);
}

struct quantile_interval quantile_median_interval(const double *x, size_t n, double conf)
{
    const struct quantile_interval none = {NOT_MEASURED, NOT_MEASURED};
    if (n < 2 || !(covered(1, n) >= conf))
        return none;
    size_t d = (size_t)dist_binomial_quantile((1 - conf) / 2, n, 0.5);
    d = d > 1 ? d - 1 : 1;
    while (covered(d + 1, n) >= conf)
        d++;
    if (2 * d >= n) /* even the two middle values cover more than was asked for */
        return (struct quantile_interval){x[d - 1], x[n - d]};
    const double g = covered(d, n), next = covered(d + 1, n), i = (g - conf) / (g - next);
    const double m = (double)n, k = (double)d, lambda = (m - k) * i / (k + (m - 2 * k) * i);
    return (struct quantile_interval){x[d - 1] + lambda * (x[d] - x[d - 1]),
                                      x[n - d] + lambda * (x[n - d - 1] - x[n - d])};
}
