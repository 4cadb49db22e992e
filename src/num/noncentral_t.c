#include "num/noncentral_t.h"

#include "base/defs.h"
#include "num/chi_kernel.h"
#include "num/dist.h"
#include "num/root.h"

#include <math.h>

/* Of the strip around the real line where the integrand is analytic and does not grow; at 0.1 the
 * rule loses digits already. */
static const double WIDEST_STEP = 0.06;

/* A step in units of the narrowest bell that the integrand can be: at its peak, and where Phi rises
 * from 0 to 1 (at u = log(ncp / t), within 1 / ncp). */
static const double STEP_OF_BELL = 0.35, STEP_OF_RISE = 0.4;

/* Of a t far below a large ncp, whose tail is next to nothing. */
static const double NARROWEST_STEP = 1e-3;

/* Phi(t s - ncp) is then a step in s, and the chi squared's tail is flat in z. */
static const double LARGE_NCP = 100;

/* No double can say how rare a normal z beyond it is. */
static const double NORMAL_END = 39;

static const double NEGLIGIBLE = 1e-19;

struct tail { /* t >= 0 */
    double t, df, ncp;
    double sign; /* 1: P(T <= t), -1: P(T > t) */
};

static double score(const struct tail *p, double u)
{
    /* near u = 0, t - ncp may be small and is exact */
    return p->sign * (fabs(u) < 0.7 ? (p->t - p->ncp) + p->t * expm1(u) : p->t * exp(u) - p->ncp);
}

static double log_integrand(const struct tail *p, double u)
{
    return p->df * chi_kernel(u) + dist_normal_log_cdf(score(p, u));
}

/* Minus the derivative of log_integrand. */
static double falling(const void *ctx, double u)
{
    const struct tail *const p = ctx;
    const double z = score(p, u);
    const double mills =
        z < -30 ? -z - 1 / z : exp(-z * z / 2 - 0.91893853320467274178 - dist_normal_log_cdf(z));
    return p->df * expm1(2 * u) - p->sign * p->t * exp(u) * mills;
}

/* Terms from the peak on in one direction, until they no longer matter. Far to the left, where
 * nothing but e^(df u) changes any more, the rest is a geometric series. */
static double walk(const struct tail *p, double peak, double top, double step)
{
    double sum = 0;
    for (int k = 1;; k++) {
        const double u = peak + k * step;
        const double term = exp(log_integrand(p, u) - top);
        sum += term;
        if (!(term > NEGLIGIBLE * (1 + sum)))
            return sum;
        if (exp(u) * fmax(1, p->t) < NEGLIGIBLE)
            return sum + term / expm1(-p->df * step);
    }
}

/* ---- large ncp: over the normal, whose integrand has no step there ---- */

static double log_integrand_z(const struct tail *p, double z)
{
    const double s = (z + p->ncp) / p->t, x = p->df * s * s;
    return -z * z / 2 - 0.91893853320467274178 +
           (p->sign > 0 ? dist_chi2_log_upper(x, p->df) : dist_chi2_log_cdf(x, p->df));
}

static double walk_z(const struct tail *p, double peak, double top, double step)
{
    double sum = 0;
    for (int k = 1;; k++) {
        const double term = exp(log_integrand_z(p, peak + k * step) - top);
        sum += term;
        if (!(term > NEGLIGIBLE * (1 + sum)))
            return sum;
    }
}

/* P(T <= t) = Int phi(z) P(sqrt(chi2 / df) >= (z + ncp) / t) dz. Log-concave, so that the way
 * uphill leads to the peak. */
static double log_tail_z(const struct tail *p)
{
    const double step = STEP_OF_BELL / sqrt(1 + 2 * p->df / p->t / p->t);
    double peak = 0, top = log_integrand_z(p, 0);
    for (double stride = 1; stride > step / 2; stride /= 2)
        for (double way = stride; fabs(peak + way) < NORMAL_END;) {
            const double next = log_integrand_z(p, peak + way);
            if (next > top) {
                top = next;
                peak += way;
            } else if (way > 0) {
                way = -way;
            } else {
                break;
            }
        }
    const double sum = 1 + walk_z(p, peak, top, step) + walk_z(p, peak, top, -step);
    return fmin(0, top + log(sum * step));
}

static double log_tail(double t, double df, double ncp, bool upper)
{
    if (isnan(t) || isnan(df) || isnan(ncp) || !(df > 0) || isinf(ncp))
        return NOT_MEASURED;
    if (t < 0)
        return log_tail(-t, df, -ncp, !upper);
    const struct tail p = {t, df, ncp, upper ? -1 : 1};
    if (t == 0 || isinf(df))
        return dist_normal_log_cdf(p.sign * (t - ncp));
    if (isinf(t))
        return upper ? -INFINITY : 0;
    if (ncp > LARGE_NCP && t > ncp / 10)
        return log_tail_z(&p);
    const double peak = root_between(falling, &p, -740, 20), s = exp(peak);
    const double top = log_integrand(&p, peak);
    const double step = fmin(fmin(WIDEST_STEP, fmax(STEP_OF_RISE / fabs(ncp), NARROWEST_STEP)),
                             STEP_OF_BELL / (s * hypot(sqrt(2 * df), t)));
    const double sum = 1 + walk(&p, peak, top, step) + walk(&p, peak, top, -step);
    return fmin(0, top + log(sum * step) + chi_kernel_log_constant(df));
}

double noncentral_t_cdf(double t, double df, double ncp)
{
    return exp(log_tail(t, df, ncp, false));
}

double noncentral_t_upper(double t, double df, double ncp)
{
    return exp(log_tail(t, df, ncp, true));
}

struct wanted {
    double t, df, ncp;
    double score; /* of the wanted tail: the normal's quantile, in which both searches are smooth */
    bool upper;
};

static double seen(const struct wanted *w, double t, double ncp)
{
    return dist_normal_log_quantile(log_tail(t, w->df, ncp, w->upper)) - w->score;
}

static double at_t(const void *ctx, double t)
{
    const struct wanted *const w = ctx;
    return w->upper ? -seen(w, t, w->ncp) : seen(w, t, w->ncp);
}

static double at_ncp(const void *ctx, double ncp)
{
    const struct wanted *const w = ctx;
    return w->upper ? seen(w, w->t, ncp) : -seen(w, w->t, ncp);
}

double noncentral_t_quantile(double p, double df, double ncp)
{
    if (!(p > 0 && p < 1 && df > 0) || !isfinite(ncp))
        return NOT_MEASURED;
    const bool upper = p > 0.5;
    const struct wanted w = {
        .df = df, .ncp = ncp, .score = dist_normal_quantile(upper ? 1 - p : p), .upper = upper};
    return root_from(at_t, &w, ncp, 1);
}

double noncentral_t_ncp(double q, double t, double df)
{
    if (!(q > 0 && q < 1 && df > 0) || !isfinite(t))
        return NOT_MEASURED;
    const bool upper = q <= 0.5;
    const struct wanted w = {
        .t = t, .df = df, .score = dist_normal_quantile(upper ? q : 1 - q), .upper = upper};
    return root_from(at_ncp, &w, t, 1);
}
