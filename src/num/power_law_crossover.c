#include "num/power_law_crossover.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/quantile.h"

#include <math.h>

/* A + B u = 0, u being log x of a x^b and x of a line. */
struct zero {
    double a, b, cov[3], df;
    bool logs;
};

static double size_of(const struct zero *z, double u)
{
    return z->logs ? exp(u) : u;
}

/* The u with |A + B u| <= t sd(A + B u). */
static void fieller(const struct zero *z, double conf, struct power_law_crossover *r)
{
    const double t = dist_t_quantile((1 + conf) / 2, z->df), tt = t * t;
    const double qa = z->b * z->b - tt * z->cov[2], qb = z->a * z->b - tt * z->cov[1];
    const double qc = z->a * z->a - tt * z->cov[0];
    const double disc = qb * qb - qa * qc;
    r->fieller_low = r->fieller_high = NOT_MEASURED;
    if (isnan(disc))
        return;
    if (qa > 0 && disc >= 0) {
        r->fieller_low = size_of(z, (-qb - sqrt(disc)) / qa);
        r->fieller_high = size_of(z, (-qb + sqrt(disc)) / qa);
    } else if (!(qa > 0) && disc < 0) { /* every size */
        r->fieller_low = size_of(z, -(double)INFINITY);
        r->fieller_high = (double)INFINITY;
    }
}

static void percentiles(double *x, size_t n, double conf, struct power_law_crossover *r)
{
    quantile_sort(x, n);
    r->met = n;
    r->boot_low = quantile_sorted(x, n, (1 - conf) / 2);
    r->boot_high = quantile_sorted(x, n, (1 + conf) / 2);
}

static void conclude(struct power_law_crossover *r, double b_low, double b_high, struct arena *a)
{
    const char *const range = arena_printf(a, "[%.6g, %.6g]", r->x_min, r->x_max);
    if (isnan(r->x))
        r->why = arena_printf(a, "not identifiable within %s: they do not meet", range);
    else if (r->x < r->x_min || r->x > r->x_max)
        r->why =
            arena_printf(a, "not identifiable within %s: they would meet at %.4g", range, r->x);
    else if (b_low <= 0 && b_high >= 0)
        r->why = arena_printf(a,
                              "not identifiable within %s: the slopes do not differ ([%.3g, %.3g] "
                              "holds 0)",
                              range, b_low, b_high);
    r->identifiable = !r->why;
}

/* Where a fit (as in boot_a, boot_b, boot_c) is level; NOT_MEASURED where it never is. */
static double meets(enum power_law_form form, double a, double b, double c, double level)
{
    const double x = form == POWER_LAW        ? exp((log(level) - a) / b)
                     : form == POWER_LAW_LINE ? (level - a) / b
                                              : pow((level - c) / a, 1 / b);
    return isfinite(x) && (form == POWER_LAW_LINE || x > 0) ? x : NOT_MEASURED;
}

struct power_law_crossover power_law_crossover_level(const struct power_law *f, double level,
                                                     double confidence, struct arena *a)
{
    const bool logs = f->form == POWER_LAW;
    const struct zero z = {logs ? log(f->a) - log(level) : f->a - level,
                           f->b,
                           {f->cov[0], f->cov[1], f->cov[2]},
                           (double)(f->n - f->p),
                           logs};
    struct power_law_crossover r = {.x_min = f->x_min,
                                    .x_max = f->x_max,
                                    .drawn = f->drawn,
                                    .without_low = NOT_MEASURED,
                                    .without_high = NOT_MEASURED};
    r.x = meets(f->form, logs ? log(f->a) : f->a, f->b, f->c, level);
    fieller(&z, confidence, &r);
    double *const x = ARENA_ARRAY(a, double, f->drawn + 1);
    size_t n = 0;
    for (size_t i = 0; i < f->drawn; i++) {
        x[n] = meets(f->form, f->boot_a[i], f->boot_b[i], f->boot_c[i], level);
        n += isnan(x[n]) ? 0 : 1;
    }
    percentiles(x, n, confidence, &r);
    for (size_t i = 0; i < f->n && f->form != POWER_LAW_OFFSET; i++) {
        const double w = meets(f->form, f->without_a[i], f->without_b[i], 0, level);
        r.without_low = fmin(r.without_low, w);
        r.without_high = fmax(r.without_high, w);
    }
    conclude(&r, f->low, f->high, a);
    return r;
}

/* Welch's degrees of freedom for the difference of two slopes. */
static double welch_df(double v1, double df1, double v2, double df2)
{
    return (v1 + v2) * (v1 + v2) / (v1 * v1 / df1 + v2 * v2 / df2);
}

enum err_code power_law_crossover_pair(const struct power_law *f, const struct power_law *g,
                                       double confidence, struct arena *a,
                                       struct power_law_crossover *ret, struct err *e)
{
    if (f->form != g->form || f->form == POWER_LAW_OFFSET)
        return err_set(e, ERR_UNSUPPORTED, "crossover: both fits must be a x^b, or both lines");
    const bool logs = f->form == POWER_LAW;
    const struct zero z = {
        .a = logs ? log(f->a) - log(g->a) : f->a - g->a,
        .b = f->b - g->b,
        .cov = {f->cov[0] + g->cov[0], f->cov[1] + g->cov[1], f->cov[2] + g->cov[2]},
        .df = welch_df(f->cov[2], (double)(f->n - f->p), g->cov[2], (double)(g->n - g->p)),
        .logs = logs};
    const size_t drawn = f->drawn < g->drawn ? f->drawn : g->drawn;
    struct power_law_crossover r = {.x_min = fmax(f->x_min, g->x_min),
                                    .x_max = fmin(f->x_max, g->x_max),
                                    .drawn = drawn,
                                    .without_low = NOT_MEASURED,
                                    .without_high = NOT_MEASURED};
    const double x = size_of(&z, -z.a / z.b);
    r.x = isfinite(x) ? x : NOT_MEASURED;
    fieller(&z, confidence, &r);
    double *const xs = ARENA_ARRAY(a, double, drawn + 1);
    size_t n = 0;
    for (size_t i = 0; i < drawn; i++) {
        xs[n] = size_of(&z, -(f->boot_a[i] - g->boot_a[i]) / (f->boot_b[i] - g->boot_b[i]));
        n += isfinite(xs[n]) ? 1 : 0;
    }
    percentiles(xs, n, confidence, &r);
    const double t = dist_t_quantile((1 + confidence) / 2, z.df), half = t * sqrt(z.cov[2]);
    conclude(&r, z.b - half, z.b + half, a);
    *ret = r;
    return ERR_OK;
}
