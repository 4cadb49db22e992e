#include "num/proportion.h"

#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

static const struct proportion_interval unknown = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};

static double z_of(double conf)
{
    return dist_normal_quantile((1 + conf) / 2);
}

struct proportion_interval proportion_wilson(size_t k, size_t n, double conf)
{
    if (n == 0 || k > n)
        return unknown;
    const double m = (double)n, p = (double)k / m, z = z_of(conf), zz = z * z / m;
    const double middle = (p + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * sqrt(p * (1 - p) / m + zz / (4 * m));
    return (struct proportion_interval){p, k > 0 ? fmax(0, middle - half) : 0,
                                        k < n ? fmin(1, middle + half) : 1};
}

struct proportion_interval proportion_wilson_corrected(size_t k, size_t n, double conf)
{
    if (n == 0 || k > n)
        return unknown;
    const double m = (double)n, p = (double)k / m, z = z_of(conf), zz = z * z;
    const double x = 2 * (double)k + zz, under = 2 * (m + zz);
    const double lo = z * sqrt(zz - 2 - 1 / m + 4 * p * ((double)(n - k) + 1));
    const double hi = z * sqrt(zz + 2 - 1 / m + 4 * p * ((double)(n - k) - 1));
    return (struct proportion_interval){p, k > 0 ? fmax(0, (x - 1 - lo) / under) : 0,
                                        k < n ? fmin(1, (x + 1 + hi) / under) : 1};
}

struct proportion_interval proportion_clopper_pearson(size_t k, size_t n, double conf)
{
    if (n == 0 || k > n)
        return unknown;
    const double tail = (1 - conf) / 2, x = (double)k, m = (double)n;
    return (struct proportion_interval){x / m, k > 0 ? dist_beta_quantile(tail, x, m - x + 1) : 0,
                                        k < n ? dist_beta_upper_quantile(tail, x + 1, m - x) : 1};
}

static double log_mass(size_t k, size_t n, double p)
{
    const double x = (double)k, m = (double)n;
    if (!(p > 0 && p < 1))
        return (p > 0 ? k == n : k == 0) ? 0 : -HUGE_VAL;
    return lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1) + x * log(p) + (m - x) * log1p(-p);
}

/* The tail of k, and of the other side what is no likelier than k. Beyond the mode the masses only
 * fall, so that the place is found by bisection. */
double proportion_test(size_t k, size_t n, double p)
{
    constexpr double SAME = 1e-7; /* R's: masses this near are equally likely */
    if (n == 0 || k > n || !(p >= 0 && p <= 1))
        return NOT_MEASURED;
    const double mean = (double)n * p, bound = log_mass(k, n, p) + SAME;
    if (!((double)k > mean) && !((double)k < mean))
        return 1;
    const bool below = (double)k < mean;
    size_t near = below ? (size_t)ceil(mean) : (size_t)floor(mean), far = below ? n + 1 : 0;
    if (below) { /* the first from near that is no likelier; far: none is */
        while (near < far) {
            const size_t middle = near + (far - near) / 2;
            if (log_mass(middle, n, p) <= bound)
                far = middle;
            else
                near = middle + 1;
        }
        return fmin(1, dist_binomial_cdf((double)k, n, p) +
                           dist_binomial_upper((double)far - 1, n, p));
    }
    size_t count = 0; /* of 0 .. count - 1, all no likelier */
    far = near + 1;
    while (count < far) {
        const size_t middle = count + (far - count) / 2;
        if (log_mass(middle, n, p) <= bound)
            count = middle + 1;
        else
            far = middle;
    }
    return fmin(1, dist_binomial_upper((double)k - 1, n, p) +
                       (count ? dist_binomial_cdf((double)count - 1, n, p) : 0));
}

struct proportion_interval proportion_difference(size_t k1, size_t n1, size_t k2, size_t n2,
                                                 double conf)
{
    const struct proportion_interval a = proportion_wilson(k1, n1, conf),
                                     b = proportion_wilson(k2, n2, conf);
    const double d = a.estimate - b.estimate;
    return (struct proportion_interval){d, d - hypot(a.estimate - a.lo, b.hi - b.estimate),
                                        d + hypot(a.hi - a.estimate, b.estimate - b.lo)};
}

struct proportion_interval proportion_paired_difference(size_t b, size_t c, size_t n, double conf)
{
    if (n == 0 || b + c > n)
        return unknown;
    const double m = (double)n + 2, up = (double)b + 0.5, down = (double)c + 0.5;
    const double middle = (up - down) / m;
    const double half = z_of(conf) * sqrt((up + down) - (up - down) * (up - down) / m) / m;
    return (struct proportion_interval){((double)b - (double)c) / (double)n,
                                        fmax(-1, middle - half), fmin(1, middle + half)};
}

struct proportion_mcnemar proportion_mcnemar_of(size_t b, size_t c)
{
    struct proportion_mcnemar r = {1, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    const size_t n = b + c, less = b < c ? b : c;
    if (n == 0)
        return r;
    r.p_exact = fmin(1, 2 * dist_binomial_cdf((double)less, n, 0.5));
    const double d = (double)(n - 2 * less), m = (double)n, corrected = fmax(0, d - 1);
    r.chi2 = d * d / m;
    r.p = dist_chi2_upper(r.chi2, 1);
    r.chi2_corrected = corrected * corrected / m;
    r.p_corrected = dist_chi2_upper(r.chi2_corrected, 1);
    return r;
}

static double log_choose(size_t n, size_t k)
{
    return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

static double fisher(size_t k1, size_t n1, size_t k2, size_t n2)
{
    constexpr double SAME = 1e-7; /* R's, as above */
    const size_t k = k1 + k2, least = k > n2 ? k - n2 : 0, most = k < n1 ? k : n1;
    const double bound = log_choose(n1, k1) + log_choose(n2, k2) + SAME;
    double all = 0, extreme = 0;
    for (size_t x = least; x <= most; x++) {
        const double mass = log_choose(n1, x) + log_choose(n2, k - x);
        const double relative = exp(mass - bound);
        all += relative;
        extreme += mass <= bound ? relative : 0;
    }
    return extreme / all;
}

struct proportion_two proportion_two_of(size_t k1, size_t n1, size_t k2, size_t n2)
{
    struct proportion_two r = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                               NOT_MEASURED};
    if (n1 == 0 || n2 == 0 || k1 > n1 || k2 > n2)
        return r;
    r.p_exact = fmin(1, fisher(k1, n1, k2, n2));
    const double a = (double)n1, b = (double)n2, k = (double)k1 + (double)k2;
    const double off = fabs((double)k1 * b - (double)k2 * a); /* of each count, times a + b */
    const double spread = a * b * k * (a + b - k) / (a + b);
    if (!(spread > 0))
        return r;
    const double corrected = fmax(0, off - (a + b) / 2);
    r.chi2 = off * off / spread;
    r.p = dist_chi2_upper(r.chi2, 1);
    r.chi2_corrected = corrected * corrected / spread;
    r.p_corrected = dist_chi2_upper(r.chi2_corrected, 1);
    return r;
}
