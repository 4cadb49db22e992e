#include "selftest/coverage_law.h"

#include "num/dist.h"

#include <math.h>
#include <stddef.h>

static double normal_cdf(double z)
{
    const double tail = dist_normal_two_sided(z) / 2;
    return z < 0 ? tail : 1 - tail;
}

static double mean_of(const struct noise *n)
{
    return n->kind == NOISE_LOGNORMAL ? exp(n->sigma * n->sigma / 2) : 1;
}

/* P(factor <= x) of a noise. */
static double below(const struct noise *n, double x)
{
    if (n->kind == NOISE_NONE)
        return x >= 1;
    if (n->kind == NOISE_LOGNORMAL)
        return x > 0 ? normal_cdf(log(x) / n->sigma) : 0;
    return x >= 0 ? normal_cdf((x - 1) / n->sigma) : 0;
}

static double below_of_requests(const struct noise_requests *r, double x)
{
    const double share = r->slow_share;
    return (1 - share) * below(&r->noise, x) +
           (share > 0 ? share * below(&r->noise, x / r->slow_factor) : 0);
}

static double below_of_level(const struct coverage_law *l, double x)
{
    constexpr int STEPS = 320;
    constexpr double REACH = 8; /* standard deviations */
    if (l->invocation.kind == NOISE_NONE)
        return below_of_requests(&l->requests, x);
    double sum = 0, weight = 0;
    for (int i = -STEPS; i <= STEPS; i++) {
        const double z = REACH * i / STEPS, w = exp(-z * z / 2);
        sum += w * below_of_requests(&l->requests, x / exp(l->invocation.sigma * z));
        weight += w;
    }
    return sum / weight;
}

static double below_of_all(const struct coverage_law *l, double x)
{
    const double share = l->slow_share;
    return (1 - share) * below_of_level(l, x) +
           (share > 0 ? share * below_of_level(l, x / l->slow_factor) : 0);
}

double coverage_law_mean(const struct coverage_law *l)
{
    const double share = l->requests.slow_share;
    const double slow = share > 0 ? 1 + share * (l->requests.slow_factor - 1) : 1;
    const double level = l->slow_share > 0 ? 1 + l->slow_share * (l->slow_factor - 1) : 1;
    return mean_of(&l->requests.noise) * slow * mean_of(&l->invocation) * level;
}

double coverage_law_quantile(const struct coverage_law *l, double p)
{
    double lo = 0, hi = 1;
    while (below_of_all(l, hi) < p)
        hi *= 2;
    for (int i = 0; i < 60; i++) {
        const double mid = lo + (hi - lo) / 2;
        *(below_of_all(l, mid) < p ? &lo : &hi) = mid;
    }
    return lo + (hi - lo) / 2;
}
