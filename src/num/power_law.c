#include "num/power_law.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/dist.h"
#include "num/draw.h"
#include "num/formula.h"
#include "num/formula_eval.h"
#include "num/nonlinear.h"
#include "num/power_law_offset.h"
#include "num/quantile.h"
#include "num/regress.h"

#include <math.h>
#include <string.h>

/* Leverage above which a point can carry a fit: 0.5, or three times the mean (Hoaglin and Welsch).
 */
static const double HIGH_LEVERAGE = 0.5;
static const double LEVERAGE_MEANS = 3;

/* Below, the size explains too little of the figure to be spoken of. */
static const double LEAST_R2 = 0.2;

constexpr size_t LEAST_FOR_BOOTSTRAP = 4;

/* Bounds on points times resamples, of which there are LEAST_RESAMPLES at least: seconds. A fit of
 * a x^b + c looks at every point some 180 times, and has bounds on points, and on fits without one
 * of them, too. */
constexpr size_t MOST_WORK = 200'000'000;
constexpr size_t MOST_OFFSET_WORK = 500'000;
constexpr size_t MOST_OFFSET_POINTS = 5'000;
constexpr size_t MOST_REFITS = 100;
constexpr size_t LEAST_RESAMPLES = 200;

/* Resamples are given up when this many times as many as wanted were refused. */
constexpr size_t PATIENCE = 10;

struct points { /* as the form's least squares sees them: log, log of a x^b */
    const double *u, *v;
    const double *x, *y;
    size_t n;
    enum power_law_form form;
    double conf;
    const bool *differs; /* n: b from 0 without this point; nullptr: not known */
};

struct line {
    double a, b, c; /* v = a + b u; of a x^b + c its parameters */
    bool ok;
};

static size_t distinct(const double *x, const uint32_t *pick, size_t n, size_t enough)
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < enough; i++) {
        bool new = true;
        for (size_t k = 0; k < i && new; k++)
            new = x[pick ? pick[i] : i] != x[pick ? pick[k] : k];
        found += new;
    }
    return found;
}

/* The fit alone, of the picked points. */
static struct line quick(const struct points *p, const uint32_t *pick, size_t n)
{
    if (p->form == POWER_LAW_OFFSET) {
        struct power_law_offset o;
        if (!power_law_offset_fit(p->x, p->y, pick, n, &o))
            return (struct line){};
        return (struct line){o.a, o.b, o.c, true};
    }
    double mu = 0, mv = 0, uu = 0, uv = 0;
    for (size_t k = 0; k < n; k++) {
        mu += p->u[pick[k]] / (double)n;
        mv += p->v[pick[k]] / (double)n;
    }
    for (size_t k = 0; k < n; k++) {
        uu += (p->u[pick[k]] - mu) * (p->u[pick[k]] - mu);
        uv += (p->u[pick[k]] - mu) * (p->v[pick[k]] - mv);
    }
    const double b = uv / uu;
    return (struct line){mv - b * mu, b, 0, isfinite(b)};
}

/* ---- the fit with its standard errors ---- */

static const double *column_of(const double *rows, size_t n, size_t j, struct arena *a)
{
    double *const c = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        c[i] = rows[2 * i + j];
    return c;
}

/* Whether b differs from 0 without each point, by Student's t on the others: their sum of squares
 * is less by e^2 / (1 - h), the spread of their u by its share. */
static void significance_without(const struct points *p, const struct regress *r, double mean,
                                 double spread, struct arena *a, struct points *ret)
{
    const double n = (double)p->n, df = n - 3;
    const double t = df > 0 ? dist_t_quantile((1 + p->conf) / 2, df) : NOT_MEASURED;
    bool *const differs = ARENA_ARRAY(a, bool, p->n);
    for (size_t i = 0; i < p->n; i++) {
        const double e = r->residual[i], off = p->u[i] - mean;
        const double rss = r->rss - e * e / (1 - r->leverage[i]);
        const double se = sqrt(fmax(0, rss) / df / (spread - off * off * n / (n - 1)));
        differs[i] = fabs(r->without[2 * i + 1]) > t * se;
    }
    ret->differs = differs;
}

static enum err_code fit_line(struct points *p, struct arena *a, struct power_law *f, struct err *e)
{
    const struct regress_data d = {.y = p->v, .x = &p->u, .n = p->n, .k = 1, .confidence = p->conf};
    struct regress r;
    const enum err_code code = regress_fit(&d, a, &r, e);
    if (code != ERR_OK)
        return code;
    double mean = 0, spread = 0;
    for (size_t i = 0; i < p->n; i++)
        mean += p->u[i] / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        spread += (p->u[i] - mean) * (p->u[i] - mean);
    const double variance = r.residual_sd * r.residual_sd;
    f->p = 2;
    f->a = p->form == POWER_LAW ? exp(r.coef[0]) : r.coef[0];
    f->b = r.coef[1];
    f->se = r.se[1];
    f->low = r.lower[1];
    f->high = r.upper[1];
    f->p_value = r.p_value[1];
    f->residual_sd = r.residual_sd;
    f->r2 = r.r2;
    f->leverage = r.leverage;
    f->without_a = column_of(r.without, p->n, 0, a);
    f->without_b = column_of(r.without, p->n, 1, a);
    significance_without(p, &r, mean, spread, a, p);
    f->cov[0] = variance * (1 / (double)p->n + mean * mean / spread);
    f->cov[1] = -variance * mean / spread;
    f->cov[2] = variance / spread;
    return ERR_OK;
}

static void offset_leverage(const struct points *p, const struct formula *model,
                            const struct nonlinear *r, double *ret)
{
    for (size_t i = 0; i < p->n; i++) {
        wide_t g[FORMULA_PARAMETERS], h = 0;
        const wide_t x = p->x[i];
        (void)formula_eval_wide(model, r->coef, &x, g);
        for (size_t j = 0; j < r->p; j++)
            for (size_t k = 0; k < r->p; k++)
                h += g[j] * r->inverse[j * r->p + k] * g[k];
        ret[i] = (double)h;
    }
}

static void offset_inference(const struct points *p, const struct nonlinear *r, struct power_law *f)
{
    double mean = 0, total = 0;
    for (size_t i = 0; i < p->n; i++)
        mean += p->y[i] / (double)p->n;
    for (size_t i = 0; i < p->n; i++)
        total += (p->y[i] - mean) * (p->y[i] - mean);
    const double df = (double)(p->n - 3);
    const double t = df > 0 ? dist_t_quantile((1 + p->conf) / 2, df) : NOT_MEASURED;
    f->p = 3;
    f->a = (double)r->coef[0];
    f->b = (double)r->coef[1];
    f->c = (double)r->coef[2];
    f->se = (double)r->sd[1];
    f->low = f->b - t * f->se;
    f->high = f->b + t * f->se;
    f->p_value = dist_t_two_sided(f->b / f->se, df);
    f->residual_sd = (double)r->residual_sd;
    f->r2 = total > 0 ? 1 - (double)r->rss / total : NOT_MEASURED;
}

static enum err_code fit_offset(const struct points *p, struct arena *a, struct power_law *f,
                                struct err *e)
{
    struct power_law_offset o;
    if (!power_law_offset_fit(p->x, p->y, nullptr, p->n, &o))
        return err_set(e, ERR_UNSUPPORTED,
                       "a x^b + c: no exponent between -6 and 6 fits best (a logarithm or an "
                       "exponential would)");
    const struct formula *model;
    enum err_code code = formula_parse("y = b1 * x**b2 + b3", a, &model, e);
    if (code != ERR_OK)
        return code;
    wide_t *const x = ARENA_ARRAY(a, wide_t, p->n), *const y = ARENA_ARRAY(a, wide_t, p->n);
    for (size_t i = 0; i < p->n; i++) {
        x[i] = p->x[i];
        y[i] = p->y[i];
    }
    const struct nonlinear_data d = {model, y, x, p->n, 1};
    struct nonlinear r;
    code = nonlinear_fit(&d, (const double[]){o.a, o.b, o.c}, a, &r, e);
    if (code != ERR_OK)
        return code;
    double *const leverage = ARENA_ARRAY(a, double, p->n);
    offset_leverage(p, model, &r, leverage);
    f->leverage = leverage;
    f->cov[0] = f->cov[1] = f->cov[2] = NOT_MEASURED;
    offset_inference(p, &r, f);
    return ERR_OK;
}

/* ---- resamples ---- */

static void bootstrap(const struct points *p, const struct power_law_data *d, struct arena *a,
                      struct power_law *f)
{
    f->boot_low = f->boot_high = NOT_MEASURED;
    if (p->n < LEAST_FOR_BOOTSTRAP)
        return;
    const size_t work = p->form == POWER_LAW_OFFSET ? MOST_OFFSET_WORK : MOST_WORK;
    const size_t most = work / p->n > LEAST_RESAMPLES ? work / p->n : LEAST_RESAMPLES;
    const size_t asked = d->resamples ? d->resamples : POWER_LAW_RESAMPLES;
    const size_t want = asked < most ? asked : most;
    double *const as = ARENA_ARRAY(a, double, want), *const bs = ARENA_ARRAY(a, double, want);
    double *const cs = ARENA_ARRAY(a, double, want), *const sorted = ARENA_ARRAY(a, double, want);
    uint32_t *const pick = ARENA_ARRAY(a, uint32_t, p->n);
    struct rng rng;
    rng_init(&rng, d->seed);
    while (f->drawn < want && f->refused < PATIENCE * want) {
        draw_indices(&rng, (uint32_t)p->n, pick, p->n);
        const bool enough = distinct(p->x, pick, p->n, POWER_LAW_DISTINCT) == POWER_LAW_DISTINCT;
        const struct line l = enough ? quick(p, pick, p->n) : (struct line){};
        if (!l.ok) {
            f->refused++;
            continue;
        }
        as[f->drawn] = l.a;
        bs[f->drawn] = l.b;
        cs[f->drawn++] = l.c;
    }
    memcpy(sorted, bs, f->drawn * sizeof *sorted);
    quantile_sort(sorted, f->drawn);
    f->boot_low = quantile_sorted(sorted, f->drawn, (1 - p->conf) / 2);
    f->boot_high = quantile_sorted(sorted, f->drawn, (1 + p->conf) / 2);
    f->boot_a = as;
    f->boot_b = bs;
    f->boot_c = cs;
}

/* ---- one point left out ---- */

static double high_leverage(const struct points *p, const struct power_law *f)
{
    return fmin(HIGH_LEVERAGE, LEVERAGE_MEANS * (double)f->p / (double)p->n);
}

/* Of a x^b + c, which has no closed form: every point of few, of many those with a high leverage.
 */
static void refit_without(const struct points *p, struct arena *a, struct power_law *f)
{
    double *const wa = ARENA_ARRAY(a, double, p->n), *const wb = ARENA_ARRAY(a, double, p->n);
    uint32_t *const pick = ARENA_ARRAY(a, uint32_t, p->n);
    size_t refits = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct line l = {};
        if ((p->n <= MOST_REFITS || f->leverage[i] > high_leverage(p, f)) &&
            refits++ < MOST_REFITS) {
            size_t m = 0;
            for (size_t k = 0; k < p->n; k++)
                if (k != i)
                    pick[m++] = (uint32_t)k;
            if (m >= f->p && distinct(p->x, pick, m, f->p) == f->p)
                l = quick(p, pick, m);
        }
        wa[i] = l.ok ? l.a : NOT_MEASURED;
        wb[i] = l.ok ? l.b : NOT_MEASURED;
    }
    f->without_a = wa;
    f->without_b = wb;
}

static void leave_out(const struct points *p, struct arena *a, struct power_law *f)
{
    if (p->form == POWER_LAW_OFFSET)
        refit_without(p, a, f);
    f->without_low = f->without_high = NOT_MEASURED;
    for (size_t i = 0; i < p->n; i++) {
        f->without_low =
            fmin(f->without_low, f->without_b[i]); /* of a NaN and a number the number */
        f->without_high = fmax(f->without_high, f->without_b[i]);
        if (f->leverage[i] > f->leverage[f->pivot])
            f->pivot = i;
    }
}

static void judge(const struct points *p, struct arena *a, struct power_law *f)
{
    const double limit = high_leverage(p, f);
    const bool significant = f->low > 0 || f->high < 0;
    for (size_t i = 0; i < p->n && !f->fragile; i++) {
        if (!(f->leverage[i] > limit) || isnan(f->without_b[i]) || isnan(f->low))
            continue;
        const bool moved = f->without_b[i] < f->low || f->without_b[i] > f->high;
        const bool still = p->differs ? p->differs[i] : significant;
        f->fragile = moved || still != significant;
        if (f->fragile)
            f->fragile_why =
                arena_printf(a, "without the point at x = %.6g (leverage %.3f) b is %.4g, %s",
                             p->x[i], f->leverage[i], f->without_b[i],
                             moved ? arena_printf(a, "outside [%.4g, %.4g]", f->low, f->high)
                             : significant ? "which no longer differs from 0"
                                           : "which then differs from 0");
    }
    if (!(f->r2 >= LEAST_R2))
        f->unusable_why = arena_printf(a, "R^2 is %.3f, below %.1f", f->r2, LEAST_R2);
    else if (isnan(f->boot_low))
        f->unusable_why = arena_printf(a, "%zu points: no bootstrap interval below %zu", p->n,
                                       LEAST_FOR_BOOTSTRAP);
    else if (f->boot_low <= 0 && f->boot_high >= 0)
        f->unusable_why = arena_printf(a, "the bootstrap interval of b, [%.4g, %.4g], holds 0",
                                       f->boot_low, f->boot_high);
    f->usable = !f->unusable_why;
}

static enum err_code check(const struct power_law_data *d, struct err *e)
{
    const size_t least = d->form == POWER_LAW_OFFSET ? 3 : 2;
    for (size_t i = 0; i < d->n; i++) {
        if (!isfinite(d->x[i]) || !isfinite(d->y[i]))
            return err_set(e, ERR_UNSUPPORTED, "fit: point %zu is not a pair of numbers", i + 1);
        if ((d->form != POWER_LAW_LINE && !(d->x[i] > 0)) ||
            (d->form == POWER_LAW && !(d->y[i] > 0)))
            return err_set(e, ERR_UNSUPPORTED,
                           "fit: point %zu (%g, %g): a power of x needs positive numbers", i + 1,
                           d->x[i], d->y[i]);
    }
    if (d->form == POWER_LAW_OFFSET && d->n > MOST_OFFSET_POINTS)
        return err_set(e, ERR_LIMIT, "a x^b + c: %zu points, at most %zu: fit a mean for each x",
                       d->n, MOST_OFFSET_POINTS);
    if (d->n < least || distinct(d->x, nullptr, d->n, least) < least)
        return err_set(e, ERR_UNSUPPORTED, "fit: fewer than %zu different x among %zu points",
                       least, d->n);
    return ERR_OK;
}

enum err_code power_law_fit(const struct power_law_data *d, struct arena *a, struct power_law *ret,
                            struct err *e)
{
    enum err_code code = check(d, e);
    if (code != ERR_OK)
        return code;
    struct points p = {
        d->x, d->y, d->x, d->y, d->n, d->form, d->confidence > 0 ? d->confidence : 0.95};
    struct power_law f = {.form = d->form, .n = d->n, .x_min = d->x[0], .x_max = d->x[0]};
    double *const u = ARENA_ARRAY(a, double, d->n), *const v = ARENA_ARRAY(a, double, d->n);
    for (size_t i = 0; i < d->n; i++) {
        f.x_min = fmin(f.x_min, d->x[i]);
        f.x_max = fmax(f.x_max, d->x[i]);
        u[i] = d->form == POWER_LAW ? log(d->x[i]) : d->x[i];
        v[i] = d->form == POWER_LAW ? log(d->y[i]) : d->y[i];
    }
    p.u = u;
    p.v = v;
    code = d->form == POWER_LAW_OFFSET ? fit_offset(&p, a, &f, e) : fit_line(&p, a, &f, e);
    if (code != ERR_OK)
        return code;
    bootstrap(&p, d, a, &f);
    leave_out(&p, a, &f);
    judge(&p, a, &f);
    *ret = f;
    return ERR_OK;
}

double power_law_at(const struct power_law *f, double x)
{
    return f->form == POWER_LAW_LINE ? f->a + f->b * x : f->a * pow(x, f->b) + f->c;
}
