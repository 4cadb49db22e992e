#include "num/studentized.h"

#include "base/defs.h"
#include "num/chi_kernel.h"
#include "num/dist.h"
#include "num/root.h"
#include "num/wide.h"

#include <math.h>

/* Steps of the two rules: of z; of log s, absolutely and in units of the density's width. */
static const double STEP_Z = 0.125, STEP_LOG_S = 0.06, STEP_OF_BELL = 0.35;

static const double NEGLIGIBLE = 1e-18;

/* Phi is 1 or 0 beyond, as far as a sum can tell. */
static const double FAR = 9;

/* A step below which Phi(z) - Phi(z - w) is a Taylor series. */
static const double SMALL_STEP = 1e-2;

static double density(double z)
{
    return 0.39894228040143267794 * exp(-z * z / 2);
}

/* Phi(z) - Phi(z - w) of a small w, without cancellation. */
static double between(double z, double w)
{
    const double m = z - w / 2, mm = m * m, ww = w * w;
    return w * density(m) * (1 + ww * ((mm - 1) / 24 + ww * (mm * (mm - 6) + 3) / 1920));
}

constexpr size_t NEAR = 145; /* points from -FAR to FAR, where all ranges are asked */

struct point {                     /* of the inner rule: what does not depend on w */
    double phi, cdf, upper, power; /* power: cdf^(k - 1) */
};

static struct point point_at(double z, double k)
{
    const double cdf = dist_normal_cdf(z);
    return (struct point){density(z), cdf, dist_normal_upper(z), pow(cdf, k - 1)};
}

static double z_of(size_t i)
{
    return -FAR + STEP_Z * (double)i;
}

/* The lower tail's integrand at z, or the upper's. */
static double term(double z, double w, double k, bool upper, const struct point *p)
{
    /* the smaller tail keeps its digits, and the other one is not far from 1 */
    const double tail = dist_normal_cdf(-fabs(z - w));
    const double below = z > w ? 1 - tail : tail, above = z > w ? tail : 1 - tail;
    if (upper)
        return below > 0 ? -p->phi * p->power * expm1((k - 1) * log1p(-fmin(below / p->cdf, 1)))
                         : 0;
    const double inside = w < SMALL_STEP ? between(z, w)
                          : z > w / 2    ? above - p->upper
                                         : p->cdf - below;
    return p->phi * pow(inside, k - 1);
}

/* A range of normals that no double can say how rare it is. */
static const double NO_RANGE = 120;

/* Left of it no integrand rises again towards the left. */
static const double LEFT_OF_ALL_PEAKS = 0;

struct integral {
    double q, k, df, sum, constant;
    bool upper;
    struct point near[NEAR]; /* the points up to FAR */
};

static double term_at(const struct integral *t, size_t i, double w)
{
    const double z = z_of(i);
    if (i < NEAR)
        return term(z, w, t->k, t->upper, &t->near[i]);
    const struct point p = point_at(z, t->k);
    return term(z, w, t->k, t->upper, &p);
}

/* P(range of k standard normals <= w), or above. Both integrands have one peak, the upper's near
 * w / 2, the lower's between there and 0: from w / 2 to either side. */
static double range(const struct integral *t, double w)
{
    if (w > NO_RANGE)
        return t->upper ? 0 : 1;
    double sum = 0;
    const double last = fmax(FAR, w / 2 + FAR);
    const size_t middle = (size_t)((fmin(w / 2, last) + FAR) / STEP_Z);
    bool more = true; /* the last one mattered */
    for (size_t left = middle + 1; left > 0; left--) {
        if (!more && z_of(left - 1) <= LEFT_OF_ALL_PEAKS)
            break;
        const double x = term_at(t, left - 1, w);
        sum += x;
        more = x > NEGLIGIBLE * sum;
    }
    more = true;
    for (size_t i = middle + 1; more && z_of(i) <= last; i++) {
        const double x = term_at(t, i, w);
        sum += x;
        more = x > NEGLIGIBLE * sum || z_of(i) < LEFT_OF_ALL_PEAKS + FAR / 2;
    }
    return t->k * STEP_Z * sum;
}

/* Adds the integrand at s = e^u; true while it matters. */
static bool add(struct integral *t, double u)
{
    const double x = exp(t->df * chi_kernel(u)) * range(t, t->q * exp(u));
    t->sum += x;
    return x > NEGLIGIBLE * t->sum;
}

/* The integral of the density over log s, divided out: 2 (df/2)^(df/2) e^(-df/2) / Gamma(df/2). */
static double density_constant(double df)
{
    const wide_t h = (wide_t)df / 2;
    return (double)wide_exp(wide_log(2) + h * wide_log(h) - h - wide_lgamma(h));
}

/* What does not depend on q; k and df are good. */
static void prepare(struct integral *t, size_t k, double df, bool upper)
{
    t->k = (double)k;
    t->df = df;
    t->upper = upper;
    t->constant = isinf(df) ? 1 : density_constant(df);
    for (size_t i = 0; i < NEAR; i++)
        t->near[i] = point_at(z_of(i), t->k);
}

static double tail(struct integral *t, double q)
{
    if (!(q > 0))
        return t->upper ? 1 : 0;
    if (isinf(q))
        return t->upper ? 0 : 1;
    t->q = q;
    t->sum = 0;
    if (isinf(t->df))
        return range(t, q);
    /* The upper tail's integrand has its peak near e^left, the lower's not left of that. */
    const double left = log(t->df / (t->df + q * q / 2)) / 2;
    const double step = fmin(STEP_LOG_S, STEP_OF_BELL / sqrt(2 * t->df));
    double u = left;
    for (bool more = add(t, u); more; u += step)
        more = add(t, u + step) || u < 0;
    for (u = left - step; add(t, u); u -= step)
        if (q * exp(u) < NEGLIGIBLE) { /* every range is above: the rest is a geometric series */
            t->sum += t->upper ? exp(t->df * chi_kernel(u)) / expm1(t->df * step) : 0;
            break;
        }
    return fmin(1, step * t->constant * t->sum);
}

static double one_tail(double q, size_t k, double df, bool upper)
{
    struct integral t;
    if (isnan(q) || k < 2 || !(df > 0))
        return NOT_MEASURED;
    prepare(&t, k, df, upper);
    return tail(&t, q);
}

double studentized_cdf(double q, size_t k, double df)
{
    return one_tail(q, k, df, false);
}

double studentized_upper(double q, size_t k, double df)
{
    return one_tail(q, k, df, true);
}

struct wanted {
    double log_p;
    struct integral *t;
};

static double excess(const void *ctx, double log_q)
{
    const struct wanted *const w = ctx;
    const double p = tail(w->t, exp(log_q));
    return w->t->upper ? w->log_p - log(p) : log(p) - w->log_p;
}

static double quantile(double p, size_t k, double df, bool upper)
{
    if (!(p >= 0 && p <= 1) || k < 2 || !(df > 0))
        return NOT_MEASURED;
    if (p == 0 || p == 1)
        return (p == 0) == upper ? (double)INFINITY : 0;
    if (p > 0.5)
        return quantile(1 - p, k, df, !upper);
    struct integral t;
    prepare(&t, k, df, upper);
    const struct wanted w = {log(p), &t};
    return exp(root_from(excess, &w, 1, 0.5));
}

double studentized_quantile(double p, size_t k, double df)
{
    return quantile(p, k, df, false);
}

double studentized_upper_quantile(double p, size_t k, double df)
{
    return quantile(p, k, df, true);
}
