#include "num/studentized.h"

#include "base/defs.h"
#include "num/chi_kernel.h"
#include "num/dist.h"
#include "num/root.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

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

/* Between tails of one k the logs of the upper ranges are Chebyshev series in log w, each fitted
 * when it is first asked for: they are smooth there whatever df and q are. */
constexpr size_t NODES = 24;
constexpr size_t PIECES = 60;
static const double PIECE = 0.24, FIRST_LOG = -9.6; /* to the log of NO_RANGE */
static const double LEAST_FITTED = 1e-280;          /* its neighbours are no normal numbers */

struct piece {
    enum : uint8_t { UNKNOWN, FITTED, UNFIT } state;
    double c[NODES];
};

struct studentized { /* the ranges of k normals */
    double k;
    bool upper;
    struct piece *pieces;    /* PIECES; nullptr: each range is a sum of its own */
    struct point near[NEAR]; /* the points up to FAR */
};

static double term_at(const struct studentized *t, size_t i, double w)
{
    const double z = z_of(i);
    if (i < NEAR)
        return term(z, w, t->k, t->upper, &t->near[i]);
    const struct point p = point_at(z, t->k);
    return term(z, w, t->k, t->upper, &p);
}

/* P(range of k standard normals <= w), or above. Both integrands have one peak, the upper's near
 * w / 2, the lower's between there and 0: from w / 2 to either side. */
static double summed(const struct studentized *t, double w)
{
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

static double node(size_t i)
{
    return cos(M_PI * ((double)i + 0.5) / (double)NODES);
}

static void fit(const struct studentized *t, struct piece *p, double middle)
{
    double y[NODES];
    p->state = FITTED;
    for (size_t i = 0; i < NODES; i++) {
        const double w = exp(middle + PIECE / 2 * node(i)), x = summed(t, w);
        p->state = w > NO_RANGE || !(x > LEAST_FITTED) ? UNFIT : p->state;
        y[i] = log(x);
    }
    for (size_t j = 0; j < NODES; j++) {
        p->c[j] = 0;
        for (size_t i = 0; i < NODES; i++)
            p->c[j] += y[i] * cos(M_PI * (double)j * ((double)i + 0.5) / (double)NODES);
        p->c[j] *= (j ? 2 : 1) / (double)NODES;
    }
}

/* Clenshaw's sum, x from -1 to 1. */
static double series(const double *c, double x)
{
    double b1 = 0, b2 = 0;
    for (size_t j = NODES - 1; j > 0; j--) {
        const double b = c[j] + 2 * x * b1 - b2;
        b2 = b1;
        b1 = b;
    }
    return c[0] + x * b1 - b2;
}

static double range(const struct studentized *t, double log_w)
{
    const double at = (log_w - FIRST_LOG) / PIECE, w = exp(log_w);
    if (w > NO_RANGE)
        return t->upper ? 0 : 1;
    if (!t->pieces || !(at >= 0 && at < (double)PIECES))
        return summed(t, w);
    struct piece *const p = &t->pieces[(size_t)at];
    if (p->state == UNKNOWN)
        fit(t, p, FIRST_LOG + PIECE * (floor(at) + 0.5));
    return p->state == FITTED ? exp(series(p->c, 2 * (at - floor(at)) - 1)) : summed(t, w);
}

/* k is good. */
static struct studentized prepared(size_t k, bool upper, struct piece *pieces)
{
    struct studentized t = {.k = (double)k, .upper = upper, .pieces = pieces};
    for (size_t i = 0; i < NEAR; i++)
        t.near[i] = point_at(z_of(i), t.k);
    return t;
}

struct integral {
    const struct studentized *ranges;
    double df, log_q, sum;
};

/* Adds the integrand at s = e^u; true while it matters. */
static bool add(struct integral *t, double u)
{
    const double x = exp(t->df * chi_kernel(u)) * range(t->ranges, t->log_q + u);
    t->sum += x;
    return x > NEGLIGIBLE * t->sum;
}

/* log_constant: chi_kernel_log_constant(df). */
static double tail(const struct studentized *ranges, double q, double df, double log_constant)
{
    const bool upper = ranges->upper;
    if (!(q > 0))
        return upper ? 1 : 0;
    if (isinf(q))
        return upper ? 0 : 1;
    struct integral t = {ranges, df, log(q), 0};
    if (isinf(df))
        return range(ranges, t.log_q);
    /* The upper tail's integrand has its peak near e^left, the lower's not left of that. */
    const double left = log(df / (df + q * q / 2)) / 2;
    const double step = fmin(STEP_LOG_S, STEP_OF_BELL / sqrt(2 * df));
    double u = left;
    for (bool more = add(&t, u); more; u += step)
        more = add(&t, u + step) || u < 0;
    for (u = left - step; add(&t, u); u -= step)
        if (q * exp(u) < NEGLIGIBLE) { /* every range is above: the rest is a geometric series */
            t.sum += upper ? exp(df * chi_kernel(u)) / expm1(df * step) : 0;
            break;
        }
    return fmin(1, step * exp(log_constant) * t.sum);
}

static bool usable(double x, size_t k, double df)
{
    return !isnan(x) && k >= 2 && df > 0;
}

static double one_tail(double q, size_t k, double df, bool upper)
{
    if (!usable(q, k, df))
        return NOT_MEASURED;
    const struct studentized t = prepared(k, upper, nullptr);
    return tail(&t, q, df, chi_kernel_log_constant(df));
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
    double log_p, df, log_constant;
    const struct studentized *ranges;
};

static double excess(const void *ctx, double log_q)
{
    const struct wanted *const w = ctx;
    const double p = tail(w->ranges, exp(log_q), w->df, w->log_constant);
    return w->ranges->upper ? w->log_p - log(p) : log(p) - w->log_p;
}

/* Of the tail that ranges has. */
static double quantile(const struct studentized *ranges, double p, double df)
{
    if (p == 0 || p == 1)
        return (p == 0) == ranges->upper ? (double)INFINITY : 0;
    const struct wanted w = {log(p), df, chi_kernel_log_constant(df), ranges};
    return exp(root_from(excess, &w, 1, 0.5));
}

static double one_quantile(double p, size_t k, double df, bool upper)
{
    if (!usable(p, k, df) || !(p >= 0 && p <= 1))
        return NOT_MEASURED;
    if (p > 0.5)
        return one_quantile(1 - p, k, df, !upper);
    const struct studentized t = prepared(k, upper, nullptr);
    return quantile(&t, p, df);
}

double studentized_quantile(double p, size_t k, double df)
{
    return one_quantile(p, k, df, false);
}

double studentized_upper_quantile(double p, size_t k, double df)
{
    return one_quantile(p, k, df, true);
}

/* ---- many of one k ---- */

struct studentized *studentized_new(size_t k)
{
    if (k < 2)
        return nullptr;
    struct studentized *const t = malloc(sizeof *t);
    struct piece *const pieces = calloc(PIECES, sizeof *pieces);
    if (!t || !pieces)
        abort(); /* as an arena does */
    *t = prepared(k, true, pieces);
    return t;
}

void studentized_freep(struct studentized **t)
{
    if (*t)
        free((*t)->pieces);
    free(*t);
    *t = nullptr;
}

double studentized_upper_of(const struct studentized *t, double q, double df)
{
    return t && usable(q, 2, df) ? tail(t, q, df, chi_kernel_log_constant(df)) : NOT_MEASURED;
}

double studentized_upper_quantile_of(const struct studentized *t, double p, double df)
{
    return t && usable(p, 2, df) && p >= 0 && p <= 1 ? quantile(t, p, df) : NOT_MEASURED;
}
