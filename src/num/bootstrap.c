#include "num/bootstrap.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "num/bootstrap_exact.h"
#include "num/bootstrap_nested.h"
#include "num/dist.h"
#include "num/draw.h"
#include "num/moment.h"
#include "num/nested.h"
#include "num/quantile.h"

#include <math.h>
#include <string.h>

constexpr size_t CHUNK = 16;   /* resamples that share a stream */
constexpr size_t BLOCK = 1024; /* indices at a time */

struct drawing {
    const struct bootstrap_statistic *s;
    const struct bootstrap_plan *plan;
    size_t n, n_resamples;
    const double *x;       /* as given */
    const double *dx, *dy; /* deviations from their means: sums of them lose nothing */
    double mean_x, mean_y, se;
    double *room; /* of BOOTSTRAP_FUNCTION: n for each worker */
    double *ret;
    bool studentised;
};

/* ---- figures ---- */

static double ratio_of(const double *x, const double *y, size_t n)
{
    return moment_sum(x, n) / moment_sum(y, n);
}

/* The figure of x[0..n), and of y for a ratio; ascending where it is a quantile's. */
static double figure_of(const struct bootstrap_statistic *s, const double *x, const double *y,
                        size_t n)
{
    switch (s->of) {
    case BOOTSTRAP_MEAN:
        return n ? moment_sum(x, n) / (double)n : NOT_MEASURED;
    case BOOTSTRAP_QUANTILE:
        return quantile_sorted(x, n, s->p);
    case BOOTSTRAP_SD:
        return moment_of(x, n).sd;
    case BOOTSTRAP_RATIO:
        return ratio_of(x, y, n);
    case BOOTSTRAP_FUNCTION:
        return n ? s->function(s->context, x, n) : NOT_MEASURED;
    }
    unreachable();
}

static double *copy_of(const double *x, size_t n, struct arena *a)
{
    double *const copy = ARENA_ARRAY(a, double, n);
    if (n)
        memcpy(copy, x, n * sizeof *x);
    return copy;
}

/* ---- all resamples ---- */

struct small {
    const struct bootstrap_statistic *s;
    const double *x, *y;
    size_t n;
};

static double small_figure(void *context, const uint32_t *index)
{
    const struct small *const e = context;
    double x[BOOTSTRAP_EXACT_N], y[BOOTSTRAP_EXACT_N];
    for (size_t i = 0; i < e->n; i++) {
        x[i] = e->x[index[i]];
        y[i] = e->y ? e->y[index[i]] : 0;
    }
    return figure_of(e->s, x, y, e->n);
}

/* ---- drawn resamples ---- */

struct sums {
    double x, xx, y;
};

static void add_block(const struct drawing *d, const uint32_t *index, size_t n, struct sums *t)
{
    const double *const dx = d->dx;
    double a = 0, b = 0, c = 0, e = 0; /* four chains: an addition need not wait for the last */
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a += dx[index[i]];
        b += dx[index[i + 1]];
        c += dx[index[i + 2]];
        e += dx[index[i + 3]];
    }
    for (; i < n; i++)
        a += dx[index[i]];
    t->x += (a + b) + (c + e);
}

static void add_squares(const struct drawing *d, const uint32_t *index, size_t n, struct sums *t)
{
    double a = 0, b = 0, aa = 0, bb = 0;
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        const double u = d->dx[index[i]], v = d->dx[index[i + 1]];
        a += u;
        b += v;
        aa += u * u;
        bb += v * v;
    }
    for (; i < n; i++) {
        a += d->dx[index[i]];
        aa += d->dx[index[i]] * d->dx[index[i]];
    }
    t->x += a + b;
    t->xx += aa + bb;
}

static void add_pairs(const struct drawing *d, const uint32_t *index, size_t n, struct sums *t)
{
    for (size_t i = 0; i < n; i++) {
        t->x += d->dx[index[i]];
        t->y += d->dy[index[i]];
    }
}

/* The variance of a resample from sums of deviations from the sample's mean: they are of the size
 * of the spread, so that nothing cancels but what also vanishes in the resample. */
static double variance(const struct sums *t, double n)
{
    return fmax(0, (t->xx - t->x * t->x / n) / (n - 1));
}

static double from_sums(const struct drawing *d, const struct sums *t)
{
    const double n = (double)d->n, mean = t->x / n;
    if (d->studentised) {
        const double v = variance(t, n);
        return v > 0 ? mean / sqrt(v / n) : NOT_MEASURED;
    }
    if (d->s->of == BOOTSTRAP_MEAN)
        return d->mean_x + mean;
    if (d->s->of == BOOTSTRAP_SD)
        return sqrt(variance(t, n));
    return (d->mean_x + mean) / (d->mean_y + t->y / n);
}

static double draw_figure(const struct drawing *d, struct rng *r, double *room)
{
    uint32_t index[BLOCK];
    struct sums t = {};
    for (size_t done = 0; done < d->n; done += BLOCK) {
        const size_t m = d->n - done < BLOCK ? d->n - done : BLOCK;
        draw_indices(r, (uint32_t)d->n, index, m);
        if (d->studentised || d->s->of == BOOTSTRAP_SD)
            add_squares(d, index, m, &t);
        else if (d->s->of == BOOTSTRAP_MEAN)
            add_block(d, index, m, &t);
        else if (d->s->of == BOOTSTRAP_RATIO)
            add_pairs(d, index, m, &t);
        else
            for (size_t i = 0; i < m; i++)
                room[done + i] = d->x[index[i]];
    }
    return !d->studentised && d->s->of == BOOTSTRAP_FUNCTION
               ? d->s->function(d->s->context, room, d->n)
               : from_sums(d, &t);
}

static void draw_chunk(void *context, size_t chunk, size_t worker)
{
    const struct drawing *const d = context;
    struct rng r;
    rng_init(&r, rng_derive(d->plan->seed, chunk));
    const size_t first = chunk * CHUNK;
    for (size_t i = first; i < first + CHUNK && i < d->n_resamples; i++)
        d->ret[i] = draw_figure(d, &r, d->room ? d->room + worker * d->n : nullptr);
}

static double *deviations(const double *x, size_t n, double *ret_mean, struct arena *a)
{
    double *const d = ARENA_ARRAY(a, double, n);
    *ret_mean = n ? moment_sum(x, n) / (double)n : NOT_MEASURED;
    for (size_t i = 0; i < n; i++)
        d[i] = x[i] - *ret_mean;
    return d;
}

static void draw_all(struct drawing *d, struct arena *a)
{
    const size_t chunks = (d->n_resamples + CHUNK - 1) / CHUNK;
    d->dx = deviations(d->x, d->n, &d->mean_x, a);
    if (d->s->of == BOOTSTRAP_RATIO)
        d->dy = deviations(d->s->y, d->n, &d->mean_y, a);
    if (d->s->of == BOOTSTRAP_FUNCTION)
        d->room = ARENA_ARRAY(a, double, d->n *parallel_width(chunks, d->plan->threads));
    parallel_run(chunks, d->plan->threads, draw_chunk, d);
}

static void resample(const double *x, size_t n, const struct bootstrap_statistic *s,
                     const struct bootstrap_plan *plan, struct bootstrap *b, struct arena *a)
{
    double *const values = ARENA_ARRAY(a, double, plan->resamples);
    if (s->of == BOOTSTRAP_QUANTILE) {
        const size_t start[] = {0, n};
        bootstrap_nested_quantiles(&(struct nested){x, start, 1}, s->p, plan, a, values);
    } else {
        struct drawing d = {
            .s = s, .plan = plan, .n = n, .n_resamples = plan->resamples, .x = x, .ret = values};
        draw_all(&d, a);
    }
    quantile_sort(values, plan->resamples);
    b->values = values;
    b->n_values = b->total = plan->resamples;
}

/* ---- what BCa needs ---- */

/* The figure without value i, of samples too small or figures too general for a shortcut. */
static double without(const struct bootstrap_statistic *s, const double *x, size_t n, size_t i,
                      double *room)
{
    double *const y = room + n;
    size_t k = 0;
    for (size_t j = 0; j < n; j++)
        if (j != i) {
            room[k] = x[j];
            y[k++] = s->of == BOOTSTRAP_RATIO ? s->y[j] : 0;
        }
    return figure_of(s, room, y, n - 1);
}

/* The same for all i by sums over deviations: linear where the above is quadratic. */
static void jackknife_by_sums(const struct bootstrap_statistic *s, const double *x, size_t n,
                              double *ret, struct arena *a)
{
    double mean_x, mean_y = 1;
    const double m = (double)n - 1;
    const double *const dx = deviations(x, n, &mean_x, a);
    const double *const dy = s->of == BOOTSTRAP_RATIO ? deviations(s->y, n, &mean_y, a) : nullptr;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += dx[i] * dx[i];
    for (size_t i = 0; i < n; i++) {
        const double mean = -dx[i] / m;
        if (s->of == BOOTSTRAP_MEAN)
            ret[i] = mean;
        else if (s->of == BOOTSTRAP_RATIO)
            ret[i] = (mean_x + mean) / (mean_y - dy[i] / m);
        else
            ret[i] = sqrt(fmax(0, (squares - dx[i] * dx[i] - m * mean * mean) / (m - 1)));
    }
}

/* Of sorted values: which one is missing changes a quantile in three ways at most. */
static void jackknife_of_quantile(const double *sorted, size_t n, double p, double *ret)
{
    const double h = (double)(n - 2) * p;
    const size_t lo = (size_t)h;
    for (size_t i = 0; i < n; i++) {
        const double below = sorted[i <= lo ? lo + 1 : lo];
        const double above = lo + 1 > n - 2 ? below : sorted[i <= lo + 1 ? lo + 2 : lo + 1];
        ret[i] = below + (h - (double)lo) * (above - below);
    }
}

static double acceleration(const struct bootstrap_statistic *s, const double *x, size_t n,
                           struct arena *a)
{
    constexpr size_t SMALL = 64;
    if (n < 3)
        return 0;
    double *const t = ARENA_ARRAY(a, double, n), *const room = ARENA_ARRAY(a, double, 2 * n);
    if (s->of == BOOTSTRAP_QUANTILE)
        jackknife_of_quantile(x, n, s->p, t);
    else if (s->of != BOOTSTRAP_FUNCTION && n > SMALL)
        jackknife_by_sums(s, x, n, t, a);
    else
        for (size_t i = 0; i < n; i++)
            t[i] = without(s, x, n, i, room);
    const double mean = moment_sum(t, n) / (double)n;
    double squares = 0, cubes = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = mean - t[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * squares * sqrt(squares)) : 0;
}

static uint64_t weight_to(const struct bootstrap *b, size_t i) /* of values[0..i) */
{
    return i == 0 ? 0 : b->up_to ? b->up_to[i - 1] : i;
}

static double normal_quantile(double p)
{
    return dist_t_quantile(p, INFINITY);
}

static double normal_cdf(double z)
{
    const double tail = dist_normal_two_sided(z) / 2;
    return z < 0 ? tail : 1 - tail;
}

static void describe(struct bootstrap *b, struct arena *a)
{
    const double tolerance = bootstrap_exact_tolerance(b->values, b->n_values);
    size_t less = 0, at_most = 0;
    double *const part = ARENA_ARRAY(a, double, b->n_values);
    const double total = (double)b->total;
    for (size_t i = 0; i < b->n_values; i++) {
        less += b->values[i] < b->theta - tolerance;
        at_most += b->values[i] <= b->theta + tolerance;
        part[i] = b->values[i] * ((double)(weight_to(b, i + 1) - weight_to(b, i)) / total);
    }
    b->mean = moment_sum(part, b->n_values);
    for (size_t i = 0; i < b->n_values; i++) {
        const double d = b->values[i] - b->mean;
        part[i] = d * d * ((double)(weight_to(b, i + 1) - weight_to(b, i)) / total);
    }
    b->se = sqrt(moment_sum(part, b->n_values));
    b->share_less = (double)weight_to(b, less) / total;
    b->share_equal = (double)(weight_to(b, at_most) - weight_to(b, less)) / total;
    b->z0 = normal_quantile(b->share_less + b->share_equal / 2);
}

struct bootstrap bootstrap_of(const double *x, size_t n, const struct bootstrap_statistic *s,
                              const struct bootstrap_plan *plan, struct arena *a)
{
    struct bootstrap b = {.n = n};
    double *const own = copy_of(x, n, a);
    if (s->of == BOOTSTRAP_QUANTILE)
        quantile_sort(own, n);
    b.theta = figure_of(s, own, s->y, n);
    b.mean = b.se = b.share_less = b.share_equal = b.z0 = b.acceleration = NOT_MEASURED;
    if (isnan(b.theta) || n == 0)
        return b;
    if (n <= BOOTSTRAP_EXACT_N && !plan->never_exact) {
        struct small e = {s, own, s->of == BOOTSTRAP_RATIO ? s->y : nullptr, n};
        bootstrap_exact(n, small_figure, &e, &b, a);
    } else if (plan->resamples > 0) {
        resample(own, n, s, plan, &b, a);
    } else {
        return b;
    }
    describe(&b, a);
    b.acceleration = acceleration(s, own, n, a);
    return b;
}

/* ---- intervals ---- */

static double value_at(const struct bootstrap *b, double level)
{
    constexpr double ROUNDING = 1e-12; /* of 0.05 * 10^n, which is whole */
    if (!(level >= 0 && level <= 1) || b->n_values == 0 || b->n < 2)
        return NOT_MEASURED;
    if (!b->exact) {
        const double at = fmin(fmax(level * (double)(b->n_values + 1), 1), (double)b->n_values);
        const size_t i = (size_t)at - 1;
        return i + 1 < b->n_values
                   ? b->values[i] + (at - floor(at)) * (b->values[i + 1] - b->values[i])
                   : b->values[i];
    }
    const double wanted = level * (double)b->total * (1 - ROUNDING);
    size_t lo = 0, hi = b->n_values - 1; /* the first with up_to >= wanted */
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if ((double)b->up_to[mid] >= wanted)
            hi = mid;
        else
            lo = mid + 1;
    }
    return b->values[lo];
}

static double density(double z)
{
    return exp(-z * z / 2) / sqrt(2 * M_PI);
}

/* Half the distance between the values one standard error of the level to either side. The level
 * itself errs too where it rests on z0, that is on counted resamples. */
static double error_at(const struct bootstrap *b, double level, bool by_z0)
{
    if (b->exact || isnan(level))
        return b->exact ? 0 : NOT_MEASURED;
    const double total = (double)b->total, counted = density(b->z0) * sqrt(total);
    double spread = sqrt(level * (1 - level) / total);
    if (by_z0)
        spread = hypot(spread, 2 * density(normal_quantile(level)) * 0.5 / counted);
    return (value_at(b, fmin(level + spread, 1)) - value_at(b, fmax(level - spread, 0))) / 2;
}

static double bca_level(const struct bootstrap *b, double level)
{
    const double z = b->z0 + normal_quantile(level);
    return normal_cdf(b->z0 + z / (1 - b->acceleration * z));
}

struct bootstrap_ends bootstrap_ends(const struct bootstrap *b, enum bootstrap_method method,
                                     double conf)
{
    const double tail = (1 - conf) / 2;
    const bool bca = method == BOOTSTRAP_BCA;
    struct bootstrap_ends r = {.level_lo = bca ? bca_level(b, tail) : tail,
                               .level_hi = bca ? bca_level(b, 1 - tail) : 1 - tail};
    const double lower = value_at(b, r.level_lo), upper = value_at(b, r.level_hi);
    const double error_lower = error_at(b, r.level_lo, bca);
    const double error_upper = error_at(b, r.level_hi, bca);
    const bool turned = method == BOOTSTRAP_BASIC;
    r.lo = turned ? 2 * b->theta - upper : lower;
    r.hi = turned ? 2 * b->theta - lower : upper;
    r.error_lo = turned ? error_upper : error_lower;
    r.error_hi = turned ? error_lower : error_upper;
    return r;
}

struct bootstrap_ends bootstrap_t(const double *x, size_t n, const struct bootstrap_plan *plan,
                                  double conf, struct arena *scratch)
{
    struct bootstrap_ends r = {NOT_MEASURED,       NOT_MEASURED, (1 - conf) / 2,
                               1 - (1 - conf) / 2, NOT_MEASURED, NOT_MEASURED};
    const struct moment m = moment_of(x, n);
    if (n < BOOTSTRAP_T_LEAST_N || !(m.var > 0) || plan->resamples == 0)
        return r;
    static const struct bootstrap_statistic mean = {.of = BOOTSTRAP_MEAN};
    double *const t = ARENA_ARRAY(scratch, double, plan->resamples);
    struct drawing d = {.s = &mean,
                        .plan = plan,
                        .n = n,
                        .n_resamples = plan->resamples,
                        .x = x,
                        .ret = t,
                        .studentised = true};
    draw_all(&d, scratch);
    size_t kept = 0;
    for (size_t i = 0; i < plan->resamples; i++)
        if (!isnan(t[i]))
            t[kept++] = t[i];
    quantile_sort(t, kept);
    const struct bootstrap b = {.n = n, .n_values = kept, .values = t, .total = kept};
    const double se = m.sd / sqrt((double)n);
    r.lo = m.mean - value_at(&b, r.level_hi) * se;
    r.hi = m.mean - value_at(&b, r.level_lo) * se;
    r.error_lo = error_at(&b, r.level_hi, false) * se;
    r.error_hi = error_at(&b, r.level_lo, false) * se;
    return r;
}

struct bootstrap_interval bootstrap_percentile(double *values, size_t b, double conf)
{
    quantile_sort(values, b);
    return (struct bootstrap_interval){quantile_sorted(values, b, (1 - conf) / 2),
                                       quantile_sorted(values, b, 1 - (1 - conf) / 2), (uint32_t)b};
}
