#include "num/anova.h"

#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

static struct anova nothing(void)
{
    return (struct anova){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                          NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
}

/* The mean of x - shift, with the rounding error of the differences summed away. */
static double mean_from(const double *x, size_t n, double shift)
{
    double total = 0, lost = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - shift - lost, t = total + d;
        lost = (t - total) - d;
        total = t;
    }
    return total / (double)n;
}

struct sum { /* compensated (Neumaier 1974): SmLs03 has 18,009 squares */
    double total, lost;
};

static void add(struct sum *s, double x)
{
    const double t = s->total + x;
    s->lost += fabs(s->total) >= fabs(x) ? (s->total - t) + x : (x - t) + s->total;
    s->total = t;
}

struct anova anova_oneway(const double *x, const size_t *n, size_t k)
{
    size_t total = 0;
    for (size_t g = 0; g < k; g++) {
        if (n[g] == 0)
            return nothing();
        total += n[g];
    }
    if (k < 2 || total <= k)
        return nothing();
    const double grand = moment_sum(x, total) / (double)total;
    const double rest = mean_from(x, total, grand); /* what rounding left in the grand mean */
    struct anova r = {.df1 = (double)(k - 1), .df2 = (double)(total - k)};
    const double *at = x;
    for (size_t g = 0; g < k; at += n[g++]) {
        const double m = mean_from(at, n[g], grand);
        r.ss_between += (double)n[g] * (m - rest) * (m - rest);
        struct sum squares = {}, sum = {};
        for (size_t i = 0; i < n[g]; i++) {
            const double d = at[i] - grand - m;
            add(&squares, d * d);
            add(&sum, d);
        }
        const double off = sum.total + sum.lost;
        r.ss_within += squares.total + squares.lost - off * off / (double)n[g];
    }
    if (!(r.ss_within > 0))
        return nothing();
    r.f = r.ss_between / r.df1 / (r.ss_within / r.df2);
    r.p = dist_f_upper(r.f, r.df1, r.df2);
    const double msw = r.ss_within / r.df2, sst = r.ss_between + r.ss_within;
    r.eta2 = r.ss_between / sst;
    r.omega2 = (r.ss_between - r.df1 * msw) / (sst + msw);
    r.epsilon2 = (r.ss_between - r.df1 * msw) / sst;
    return r;
}

struct anova anova_welch(const struct moment *groups, size_t k)
{
    double weights = 0, weighted = 0;
    for (size_t g = 0; g < k; g++) {
        if (!(groups[g].var > 0))
            return nothing();
        const double w = (double)groups[g].n / groups[g].var;
        weights += w;
        weighted += w * groups[g].mean;
    }
    if (k < 2)
        return nothing();
    const double mean = weighted / weights, k1 = (double)(k - 1), kk1 = (double)(k * k - 1);
    double between = 0, lambda = 0;
    for (size_t g = 0; g < k; g++) {
        const double w = (double)groups[g].n / groups[g].var, d = groups[g].mean - mean;
        const double left = 1 - w / weights;
        between += w * d * d / k1;
        lambda += left * left / (double)(groups[g].n - 1);
    }
    struct anova r = nothing();
    r.f = between / (1 + 2 * ((double)k - 2) * lambda / kk1);
    r.df1 = k1;
    r.df2 = kk1 / (3 * lambda);
    r.p = dist_f_upper(r.f, r.df1, r.df2);
    return r;
}
