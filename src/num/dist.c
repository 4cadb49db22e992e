#include "num/dist.h"

#include "base/defs.h"
#include "num/incomplete.h"
#include "num/root.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

/* Where libRmath holds 1e-12: see dist.h. */
static const double FAR_TAIL = 1e-30;
static const double LARGE = 1e5;
static const double LARGEST = 1e10; /* of num/incomplete.h */

/* Its exponential is within wide_t; a double's is 0 or infinite long before. */
static const double MOST_LOG_ODDS = 11000;

/* ---- normal ---- */

double dist_normal_cdf(double z)
{
    return pnorm(z, 0, 1, 1, 0);
}

double dist_normal_upper(double z)
{
    return pnorm(z, 0, 1, 0, 0);
}

double dist_normal_log_cdf(double z)
{
    return pnorm(z, 0, 1, 1, 1);
}

double dist_normal_log_upper(double z)
{
    return pnorm(z, 0, 1, 0, 1);
}

double dist_normal_quantile(double p)
{
    return p >= 0 && p <= 1 ? qnorm(p, 0, 1, 1, 0) : NOT_MEASURED;
}

double dist_normal_upper_quantile(double q)
{
    return q >= 0 && q <= 1 ? qnorm(q, 0, 1, 0, 0) : NOT_MEASURED;
}

double dist_normal_log_quantile(double log_p)
{
    return log_p <= 0 ? qnorm(log_p, 0, 1, 1, 1) : NOT_MEASURED;
}

double dist_normal_two_sided(double z)
{
    return 2 * pnorm(-fabs(z), 0, 1, 1, 0);
}

/* ---- beta, and what is one: t, F, binomial ---- */

enum tail : uint8_t { LOWER, UPPER };

/* x / (1 - x) is odds, with which x and 1 - x are both exact. log: whether of the tail. */
static double beta_tail(double a, double b, wide_t odds, enum tail tail, bool log_form)
{
    if (isnan(a) || isnan(b) || !wide_is_finite(odds) || !(a > 0 && b > 0))
        return NOT_MEASURED;
    const wide_t x = odds / (1 + odds), y = 1 / (1 + odds);
    const bool swap = x > y; /* the smaller of the two is the one that a double holds exactly */
    const int lower = (tail == LOWER) != swap;
    const double p = swap ? pbeta((double)y, b, a, lower, 0) : pbeta((double)x, a, b, lower, 0);
    if ((p > FAR_TAIL && fmin(a, b) < LARGE) || !(fmax(a, b) < LARGEST))
        return log_form ? log(p) : p;
    const struct incomplete r = incomplete_beta(a, b, x, y);
    return tail == LOWER ? (log_form ? r.log_lower : r.lower) : log_form ? r.log_upper : r.upper;
}

struct beta_wanted {
    double a, b, log_p;
    enum tail tail;
};

static double beta_excess(const void *ctx, double log_odds)
{
    const struct beta_wanted *const w = ctx;
    const wide_t odds = wide_exp(fmax(-MOST_LOG_ODDS, fmin(MOST_LOG_ODDS, log_odds)));
    const double got = beta_tail(w->a, w->b, odds, w->tail, true);
    return w->tail == LOWER ? got - w->log_p : w->log_p - got;
}

/* log(x / (1 - x)) of the quantile. */
static double beta_log_odds(double p, double a, double b, enum tail tail)
{
    if (!(p >= 0 && p <= 1 && a > 0 && b > 0) || !isfinite(a + b))
        return NOT_MEASURED;
    if (p == 0 || p == 1)
        return (p == 0) == (tail == LOWER) ? -INFINITY : INFINITY;
    if (p > 0.5) { /* 1 - p is exact there, and the smaller tail tells more */
        p = 1 - p;
        tail = tail == LOWER ? UPPER : LOWER;
    }
    const struct beta_wanted w = {a, b, log(p), tail};
    return root_from(beta_excess, &w, log(a / b), fmin(1, 1 / sqrt(fmin(a, b))));
}

static wide_t odds_of(double x)
{
    return (wide_t)x / (1 - (wide_t)x);
}

static double beta_of(double x, double a, double b, enum tail tail)
{
    if (isnan(x) || !(a > 0 && b > 0))
        return NOT_MEASURED;
    if (x <= 0 || x >= 1)
        return (x <= 0) == (tail == LOWER) ? 0 : 1;
    return beta_tail(a, b, odds_of(x), tail, false);
}

double dist_beta_cdf(double x, double a, double b)
{
    return beta_of(x, a, b, LOWER);
}

double dist_beta_upper(double x, double a, double b)
{
    return beta_of(x, a, b, UPPER);
}

static double share(double log_odds)
{
    return 1 / (1 + exp(-log_odds));
}

double dist_beta_quantile(double p, double a, double b)
{
    return share(beta_log_odds(p, a, b, LOWER));
}

double dist_beta_upper_quantile(double q, double a, double b)
{
    return share(beta_log_odds(q, a, b, UPPER));
}

/* P(|T| > |t|): t^2 / df is the odds of a beta with 1/2 and df / 2. */
static double t_outside(double t, double df, bool log_form)
{
    if (isnan(t) || !(df > 0))
        return NOT_MEASURED;
    if (isinf(df))
        return log_form ? log(2) + dist_normal_log_cdf(-fabs(t)) : dist_normal_two_sided(t);
    if (isinf(t))
        return log_form ? -INFINITY : 0;
    return beta_tail(0.5, df / 2, (wide_t)t * t / df, UPPER, log_form);
}

double dist_t_cdf(double t, double df)
{
    const double half = t_outside(t, df, false) / 2;
    return t > 0 ? 1 - half : half;
}

double dist_t_upper(double t, double df)
{
    return dist_t_cdf(-t, df);
}

double dist_t_log_upper(double t, double df)
{
    return t > 0 ? t_outside(t, df, true) - log(2) : log(dist_t_upper(t, df));
}

double dist_t_two_sided(double t, double df)
{
    return t_outside(t, df, false);
}

/* Where intervals and tests look, libRmath's quantile is good to some ten digits, and one step of
 * Newton's on the tail makes them all: a twentieth of the time of the search. NOT_MEASURED: not
 * there. */
static double t_quantile_near(double tail, double df)
{
    constexpr double NEAR = 1e-7; /* a step that changes more was not one from close by */
    if (!(tail >= 1e-6 && tail < 0.49 && df >= 1))
        return NOT_MEASURED;
    const double t = qt(tail, df, 0, 0);
    const double step = (t_outside(t, df, false) / 2 - tail) / dt(t, df, 0);
    return fabs(step) < NEAR * t ? t + step : NOT_MEASURED;
}

double dist_t_quantile(double p, double df)
{
    if (!(p >= 0 && p <= 1 && df > 0))
        return NOT_MEASURED;
    if (isinf(df))
        return dist_normal_quantile(p);
    const double near = t_quantile_near(fmin(p, 1 - p), df);
    if (!isnan(near))
        return p < 0.5 ? -near : near;
    const double inside = fabs(1 - 2 * p), outside = 2 * fmin(p, 1 - p);
    const double log_odds = inside < 0.5 ? beta_log_odds(inside, 0.5, df / 2, LOWER)
                                         : beta_log_odds(outside, 0.5, df / 2, UPPER);
    const double t = sqrt(df) * exp(log_odds / 2);
    return p < 0.5 ? -t : t;
}

double dist_t_upper_quantile(double q, double df)
{
    return -dist_t_quantile(q, df);
}

static double f_of(double f, double df1, double df2, enum tail tail, bool log_form)
{
    if (isnan(f) || !(df1 > 0 && df2 > 0))
        return NOT_MEASURED;
    if (f <= 0 || isinf(f)) {
        const double p = (f <= 0) == (tail == LOWER) ? 0 : 1;
        return log_form ? log(p) : p;
    }
    if (isinf(df1) || isinf(df2)) {
        const double p = pf(f, df1, df2, tail == LOWER, log_form);
        return p;
    }
    return beta_tail(df1 / 2, df2 / 2, (wide_t)f * df1 / df2, tail, log_form);
}

double dist_f_cdf(double f, double df1, double df2)
{
    return f_of(f, df1, df2, LOWER, false);
}

double dist_f_upper(double f, double df1, double df2)
{
    return f_of(f, df1, df2, UPPER, false);
}

double dist_f_log_upper(double f, double df1, double df2)
{
    return f_of(f, df1, df2, UPPER, true);
}

static double chi2_quantile(double p, double df, enum tail tail);

/* With endless degrees of freedom on one side what is left is a chi squared over its own. */
static double f_quantile(double p, double df1, double df2, enum tail tail)
{
    if (isinf(df1) && isinf(df2))
        return NOT_MEASURED;
    if (isinf(df2))
        return chi2_quantile(p, df1, tail) / df1;
    if (isinf(df1))
        return df2 / chi2_quantile(p, df2, tail == LOWER ? UPPER : LOWER);
    return df2 / df1 * exp(beta_log_odds(p, df1 / 2, df2 / 2, tail));
}

double dist_f_quantile(double p, double df1, double df2)
{
    return f_quantile(p, df1, df2, LOWER);
}

double dist_f_upper_quantile(double q, double df1, double df2)
{
    return f_quantile(q, df1, df2, UPPER);
}

/* P(X > k) of n is P(B <= p) of a beta with k + 1 and n - k. */
static double binomial_of(double k, size_t n, double p, enum tail tail)
{
    if (isnan(k) || !(p >= 0 && p <= 1))
        return NOT_MEASURED;
    k = floor(k + 1e-7);
    if (k < 0 || p == 1)
        return (k < 0 || k < (double)n) == (tail == LOWER) ? 0 : 1;
    if (k >= (double)n || p == 0)
        return tail == LOWER ? 1 : 0;
    return beta_tail(k + 1, (double)n - k, odds_of(p), tail == LOWER ? UPPER : LOWER, false);
}

double dist_binomial_cdf(double k, size_t n, double p)
{
    return binomial_of(k, n, p, LOWER);
}

double dist_binomial_upper(double k, size_t n, double p)
{
    return binomial_of(k, n, p, UPPER);
}

double dist_binomial_quantile(double prob, size_t n, double p)
{
    if (!(prob >= 0 && prob <= 1 && p >= 0 && p <= 1))
        return NOT_MEASURED;
    if (prob == 0 || prob == 1)
        return prob == 0 || p == 0 ? 0 : (double)n;
    const double enough = prob * (1 - 1e-13);
    double k = qbinom(prob, (double)n, p, 1, 0);
    while (k > 0 && dist_binomial_cdf(k - 1, n, p) >= enough)
        k--;
    while (k < (double)n && dist_binomial_cdf(k, n, p) < enough)
        k++;
    return k;
}

/* ---- chi squared ---- */

static double chi2_of(double x, double df, enum tail tail, bool log_form)
{
    if (isnan(x) || !(df > 0))
        return NOT_MEASURED;
    const double p = pchisq(x, df, tail == LOWER, 0);
    if (!(x > 0) || isinf(x) || p > FAR_TAIL || df > LARGEST)
        return log_form ? log(p) : p;
    const struct incomplete r = incomplete_gamma(df / 2, x / 2);
    return tail == LOWER ? (log_form ? r.log_lower : r.lower) : log_form ? r.log_upper : r.upper;
}

double dist_chi2_cdf(double x, double df)
{
    return chi2_of(x, df, LOWER, false);
}

double dist_chi2_upper(double x, double df)
{
    return chi2_of(x, df, UPPER, false);
}

double dist_chi2_log_cdf(double x, double df)
{
    return chi2_of(x, df, LOWER, true);
}

double dist_chi2_log_upper(double x, double df)
{
    return chi2_of(x, df, UPPER, true);
}

struct chi2_wanted {
    double df, log_p;
    enum tail tail;
};

static double chi2_excess(const void *ctx, double log_x)
{
    const struct chi2_wanted *const w = ctx;
    const double got = chi2_of(exp(log_x), w->df, w->tail, true);
    return w->tail == LOWER ? got - w->log_p : w->log_p - got;
}

static double chi2_quantile(double p, double df, enum tail tail)
{
    if (!(p >= 0 && p <= 1 && df > 0) || isinf(df))
        return NOT_MEASURED;
    if (p == 0 || p == 1)
        return (p == 0) == (tail == LOWER) ? 0 : INFINITY;
    if (p > 0.5) {
        p = 1 - p;
        tail = tail == LOWER ? UPPER : LOWER;
    }
    const struct chi2_wanted w = {df, log(p), tail};
    return exp(root_from(chi2_excess, &w, log(df), 1 / sqrt(df)));
}

double dist_chi2_quantile(double p, double df)
{
    return chi2_quantile(p, df, LOWER);
}

double dist_chi2_upper_quantile(double q, double df)
{
    return chi2_quantile(q, df, UPPER);
}

/* ---- Mann-Whitney ---- */
