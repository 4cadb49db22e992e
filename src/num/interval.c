#include "num/interval.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/compare.h"
#include "num/dist.h"
#include "num/moment.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

static const char too_few[] = "fewer than 6 samples";
static const char no_lower[] = "no finite lower bound at this number of samples";
static const char no_upper[] = "no finite upper bound at this number of samples";
static const char no_bounds[] = "no finite bounds at this number of samples";

static double t_of(double conf, double df)
{
    return dist_t_quantile(1 - (1 - conf) / 2, df);
}

static void give_reason(struct interval *v)
{
    if (isnan(v->lo) || isnan(v->hi))
        v->reason = !isnan(v->lo) ? no_upper : !isnan(v->hi) ? no_lower : no_bounds;
}

/* ---- dependence within one unit ---- */

/* The lag-1 autocorrelation of a short series is too small, for an AR(1) with its mean estimated by
 * about (1 + 4 rho) / n (Marriott and Pope 1954; Kendall 1954). All constants but the 4 are by
 * simulation. What independent values show by chance (2 / sqrt n) counts in proportion. */
static double lag1(const double *x, size_t n, double bias)
{
    constexpr double MOST = 0.97;
    if (n < INTERVAL_SERIES_N)
        return 0;
    const double r = moment_lag1(x, n), size = (double)n;
    const double rho = r + (bias + 4 * r) / size;
    return isnan(rho) ? 0 : fmin(rho * fmin(1, fabs(rho) * sqrt(size) / 2), MOST);
}

/* Of an interval: 2 / n more, because the width grows faster with a rho that is too large than it
 * shrinks with one too small; nothing is narrowed. */
static double lag1_of_one(const double *x, size_t n)
{
    return fmax(0, lag1(x, n, 3));
}

/* Of a difference, whose error rests on two series: what one shows by chance the other evens out,
 * if chance counts in both directions. No further down than chance goes: values that take turns
 * (two prompts) are not worth a multiple of their number. */
static double lag1_of_two(const double *x, size_t n)
{
    return n < INTERVAL_SERIES_N ? 0 : fmax(-1 / sqrt((double)n), lag1(x, n, 1.5));
}

static double of_mean_variance(double rho)
{
    return (1 + rho) / (1 - rho);
}

double interval_dependence_mean(const double *x, size_t n)
{
    return of_mean_variance(lag1_of_one(x, n));
}

double interval_dependence_difference(const double *x, size_t n)
{
    return of_mean_variance(lag1_of_two(x, n));
}

/* Correlation of "below its p-quantile" between two normal values with correlation r:
 * d/dr of their joint probability is the density at (z, z) (Plackett 1954), integrated over
 * r = sin(t) by Gauss and Legendre. */
static double indicator_correlation(double r, double p, double z)
{
    static const double node[] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                  0.9602898564975363};
    static const double weight[] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                    0.1012285362903763};
    const double half = asin(r) / 2;
    double sum = 0;
    for (size_t i = 0; i < COUNT_OF(node); i++)
        for (int sign = -1; sign <= 1; sign += 2)
            sum += weight[i] * exp(-z * z / (1 + sin(half * (1 + sign * node[i]))));
    return half * sum / (2 * M_PI) / (p * (1 - p));
}

static double of_share_variance(double rho, double p)
{
    constexpr double NEGLIGIBLE = 1e-4;
    const double z = dist_t_quantile(p, INFINITY);
    double tau = 1;
    for (double r = rho; fabs(r) > NEGLIGIBLE; r *= rho)
        tau += 2 * indicator_correlation(r, p, z);
    return tau;
}

double interval_dependence_quantile(const double *x, size_t n, double p)
{
    return of_share_variance(lag1_of_one(x, n), p);
}

/* ---- the mean ---- */

static struct interval of_mean(double at, double se, double df, double n_effective, double conf)
{
    struct interval v = {.at = at, .df = df, .n_effective = n_effective};
    const double half = t_of(conf, df) * se;
    if (at > 0) {
        v.kind = INTERVAL_LOG_STUDENT;
        v.log_se = se / at;
        v.lo = at * exp(-half / at);
        v.hi = at * exp(half / at);
    } else {
        v.kind = INTERVAL_STUDENT;
        v.log_se = NOT_MEASURED;
        v.lo = at - half;
        v.hi = at + half;
    }
    return v;
}

/* Unequal units: their means deviate from the pooled one, weighted by their size. */
static double se_of_units(const struct nested *s, double mean)
{
    const size_t n = s->start[s->n_units];
    double sum = 0;
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t m = s->start[u + 1] - s->start[u];
        const double d = moment_of(s->x + s->start[u], m).mean - mean, w = (double)m / (double)n;
        sum += w * w * d * d;
    }
    return sqrt(sum * (double)s->n_units / (double)(s->n_units - 1));
}

struct interval interval_mean(const struct nested *s, double conf)
{
    const size_t n = s->n_units ? s->start[s->n_units] : 0;
    const struct moment m = moment_of(s->x, n);
    if (n < 2)
        return (struct interval){.at = m.mean,
                                 .lo = NOT_MEASURED,
                                 .hi = NOT_MEASURED,
                                 .log_se = NOT_MEASURED,
                                 .reason = "fewer than two samples"};
    if (s->n_units > 1)
        return of_mean(m.mean, se_of_units(s, m.mean), (double)(s->n_units - 1), (double)s->n_units,
                       conf);
    const double n_effective = fmax(2, (double)n / interval_dependence_mean(s->x, n));
    return of_mean(m.mean, m.sd / sqrt(n_effective), n_effective - 1, n_effective, conf);
}

/* ---- quantiles ---- */

/* The value at a real position, 1 being the smallest; beyond the samples: NOT_MEASURED. */
static double at_position(const double *sorted, size_t n, double position)
{
    constexpr double ROUNDING = 1e-9;
    if (!(position >= 1 - ROUNDING && position <= (double)n + ROUNDING))
        return NOT_MEASURED;
    const double below = fmin(fmax(floor(position), 1), (double)n);
    const size_t i = (size_t)below - 1;
    if (i + 1 >= n)
        return sorted[n - 1];
    return sorted[i] + fmax(position - below, 0) * (sorted[i + 1] - sorted[i]);
}

/* Where between the order statistics r and r + 1 the lower bound lies whose error is `tail`: r is
 * the largest with P(Bin(n, p) < r) <= tail. Nyblom (1992); at p = 1/2 that of Hettmansperger and
 * Sheather (1986). NOT_MEASURED: even the smallest value errs more often. */
static double lower_position(size_t n, size_t r, double p, double tail)
{
    if (r < 1)
        return NOT_MEASURED;
    if (r >= n)
        return (double)n;
    const double at_r = dist_binomial_cdf((double)r - 1, n, p);
    const double next = dist_binomial_cdf((double)r, n, p);
    if (!(tail > at_r))
        return (double)r;
    const double odds = (double)r * (1 - p) * (next - tail) / ((double)(n - r) * p * (tail - at_r));
    return (double)r + 1 / (1 + odds);
}

struct ends {
    double lo, hi;
};

/* wider: by how much the ends are further from the middle than those of independent values. */
static struct ends order_ends(const double *sorted, size_t n, double p, double conf, double wider)
{
    const double tail = (1 - conf) / 2, centre = (double)n * p + 0.5;
    const struct quantile_ranks k = quantile_ranks(n, p, conf);
    const double lower = lower_position(n, k.lo, p, tail);
    const double upper = (double)n + 1 - lower_position(n, n + 1 - k.hi, 1 - p, tail);
    return (struct ends){at_position(sorted, n, centre - (centre - lower) * wider),
                         at_position(sorted, n, centre + (upper - centre) * wider)};
}

/* Half of an inner interval, over the quantile that it stands for. Inner, because near the figure
 * the ends move in proportion to it, and at 95 % in a sparse region may be far away; both halves,
 * because one alone rests on few order statistics (Price and Bonett 2002). */
constexpr double INNER = 0.8;

static double log_se_of(struct ends inner, double quantile)
{
    return inner.lo > 0 ? log(inner.hi / inner.lo) / 2 / quantile : NOT_MEASURED;
}

static struct interval by_order(const struct nested *s, const double *sorted, double p, double conf)
{
    const size_t n = s->start[1];
    const double tau = interval_dependence_quantile(s->x, n, p);
    struct interval v = {.at = quantile_sorted(sorted, n, p), .kind = INTERVAL_ORDER};
    v.n_effective = fmax(2, (double)n / tau);
    v.df = v.n_effective - 1;
    const double wider = tau > 1 ? sqrt(tau) * t_of(conf, v.df) / t_of(conf, (double)n - 1) : 1;
    const struct ends outer = order_ends(sorted, n, p, conf, wider);
    const double tau_of_two = of_share_variance(lag1_of_two(s->x, n), p);
    const struct ends inner = order_ends(sorted, n, p, INNER, sqrt(tau_of_two));
    v.lo = outer.lo;
    v.hi = outer.hi;
    v.log_se = log_se_of(inner, t_of(INNER, INFINITY));
    give_reason(&v);
    return v;
}

static double at_share(const double *sorted, size_t n, double share)
{
    return at_position(sorted, n, (double)n * share + 0.5);
}

static size_t count_to(const double *x, size_t n, double bound)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += x[i] <= bound;
    return k;
}

/* Of the share of samples up to x, over units. */
static double variance_of_share(const struct nested *s, double x)
{
    const size_t n = s->start[s->n_units];
    const double share = (double)count_to(s->x, n, x) / (double)n;
    double sum = 0;
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t m = s->start[u + 1] - s->start[u];
        const double d = (double)count_to(s->x + s->start[u], m, x) - (double)m * share;
        sum += d * d;
    }
    return sum / ((double)n * (double)n) * (double)s->n_units / (double)(s->n_units - 1);
}

static struct interval by_woodruff(const struct nested *s, const double *sorted, double p,
                                   double conf)
{
    const size_t n = s->start[s->n_units];
    struct interval v = {.at = quantile_sorted(sorted, n, p),
                         .df = (double)(s->n_units - 1),
                         .kind = INTERVAL_WOODRUFF};
    const double variance = variance_of_share(s, v.at);
    const double error = variance > 0 ? variance : p * (1 - p) / (double)n;
    /* Of a tail the units' shares vary less around the quantile that these units have than around
     * the true one: a degree of freedom more is lost, by simulation. */
    const double tail = p == 0.5 ? 1 : sqrt((double)s->n_units / (double)(s->n_units - 1));
    const double se = sqrt(error) * tail, half = t_of(conf, v.df) * se;
    const double inner = t_of(INNER, v.df) * se;
    v.n_effective = fmin((double)n, p * (1 - p) / error);
    /* An extreme quantile that few units decide: the share below varies too unevenly among them to
     * be trusted, as with independent samples too few for a bound (72 for p95). */
    const struct quantile_ranks enough = quantile_ranks((size_t)v.n_effective, p, conf);
    v.lo = enough.lo < 1 ? NOT_MEASURED : at_share(sorted, n, p - half);
    v.hi = enough.hi > (size_t)v.n_effective ? NOT_MEASURED : at_share(sorted, n, p + half);
    v.log_se =
        log_se_of((struct ends){at_share(sorted, n, p - inner), at_share(sorted, n, p + inner)},
                  t_of(INNER, v.df));
    give_reason(&v);
    return v;
}

static struct interval by_unit_medians(const struct nested *s, const double *sorted, double conf,
                                       struct arena *scratch)
{
    const size_t n = s->start[s->n_units];
    double *const logs = ARENA_ARRAY(scratch, double, s->n_units);
    double *const unit = ARENA_ARRAY(scratch, double, n);
    for (size_t u = 0; u < s->n_units; u++) {
        const size_t m = s->start[u + 1] - s->start[u];
        memcpy(unit, s->x + s->start[u], m * sizeof *unit);
        logs[u] = log(quantile_median(unit, m));
    }
    const struct moment m = moment_of(logs, s->n_units);
    struct interval v = {.at = quantile_sorted(sorted, n, 0.5),
                         .df = (double)(s->n_units - 1),
                         .n_effective = (double)s->n_units,
                         .kind = INTERVAL_UNIT_QUANTILES};
    v.log_se = m.sd / sqrt((double)s->n_units);
    const double half = t_of(conf, v.df) * v.log_se;
    v.lo = v.at * exp(-half);
    v.hi = v.at * exp(half);
    return v;
}

struct interval interval_quantile(const struct nested *s, const double *sorted, double p,
                                  double conf, struct arena *scratch)
{
    const size_t n = s->n_units ? s->start[s->n_units] : 0;
    if (n < INTERVAL_LEAST_N)
        return (struct interval){.at = quantile_sorted(sorted, n, p),
                                 .lo = NOT_MEASURED,
                                 .hi = NOT_MEASURED,
                                 .log_se = NOT_MEASURED,
                                 .reason = too_few};
    if (s->n_units == 1)
        return by_order(s, sorted, p, conf);
    if (p == 0.5 && s->n_units < INTERVAL_MANY_UNITS && sorted[0] > 0)
        return by_unit_medians(s, sorted, conf, scratch);
    return by_woodruff(s, sorted, p, conf);
}

struct interval interval_median_stopped(const struct nested *s, const double *sorted, double conf,
                                        struct arena *scratch)
{
    struct interval v = interval_quantile(s, sorted, 0.5, conf, scratch);
    if (v.kind != INTERVAL_WOODRUFF)
        return v;
    const size_t n = s->start[s->n_units];
    const double t = t_of(conf, v.df);
    const double lo = at_share(sorted, n, 0.5 - t * sqrt(variance_of_share(s, v.lo)));
    const double hi = at_share(sorted, n, 0.5 + t * sqrt(variance_of_share(s, v.hi)));
    v.lo = lo > v.lo ? v.lo : lo;
    v.hi = hi < v.hi ? v.hi : hi;
    give_reason(&v);
    return v;
}

/* ---- a ratio ---- */

struct interval interval_ratio(const struct interval *b, const struct interval *a, double conf)
{
    struct interval v = {
        .at = NOT_MEASURED, .lo = NOT_MEASURED, .hi = NOT_MEASURED, .log_se = NOT_MEASURED};
    if (!(a->at > 0 && b->at > 0)) {
        v.reason = "a figure is not positive, or not there";
        return v;
    }
    v.at = b->at / a->at;
    v.kind = b->kind;
    v.n_effective = fmin(b->n_effective, a->n_effective);
    const double vb = b->log_se * b->log_se, va = a->log_se * a->log_se;
    v.df = compare_few_df(va, a->df, vb, b->df);
    v.log_se = sqrt(va + vb);
    const double half = isnan(v.log_se) ? NOT_MEASURED : t_of(conf, v.df) * v.log_se;
    v.lo = v.at * exp(-half);
    v.hi = v.at * exp(half);
    give_reason(&v);
    return v;
}

const char *interval_method(const struct interval *v, size_t n_units)
{
    switch (v->kind) {
    case INTERVAL_NONE:
        return nullptr;
    case INTERVAL_STUDENT:
    case INTERVAL_LOG_STUDENT:
        return n_units > 1
                   ? "Student over the means of the invocations, on the log scale"
                   : "Student over the samples of one invocation, on the log scale, widened "
                     "by their dependence: variation between invocations is not in it";
    case INTERVAL_UNIT_QUANTILES:
        return "Student over the logs of the invocations' medians";
    case INTERVAL_WOODRUFF:
        return "Woodruff: Student over the invocations' shares below the figure, inverted";
    case INTERVAL_ORDER:
        return "order statistics of one invocation, interpolated, widened by their dependence: "
               "variation between invocations is not in it";
    }
    unreachable();
}
