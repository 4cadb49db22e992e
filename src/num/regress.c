#include "num/regress.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"
#include "num/regress_large.h"
#include "num/wide_ls.h"

#include <math.h>

static wide_t power(wide_t x, size_t n)
{
    wide_t r = 1;
    for (size_t i = 0; i < n; i++)
        r *= x;
    return r;
}

/* Row i of the design. */
static void design_row(const struct regress_data *d, size_t i, size_t p, wide_t *ret)
{
    const size_t first = d->no_intercept ? 0 : 1;
    if (first)
        ret[0] = 1;
    for (size_t j = first; j < p; j++)
        ret[j] = d->degree > 1 ? power(d->x[0][i], j + 1 - first) : (wide_t)d->x[j - first][i];
}

static void sums_of_squares(const struct regress_data *d, struct regress *r, wide_t rss)
{
    wide_t mean = 0, total = 0;
    for (size_t i = 0; i < d->n && !d->no_intercept; i++)
        mean += d->y[i];
    mean /= (wide_t)d->n;
    for (size_t i = 0; i < d->n; i++)
        total += (d->y[i] - mean) * (d->y[i] - mean);
    r->rss = (double)rss;
    r->total_ss = (double)total;
    r->model_ss = (double)(total - rss);
    r->r2 = total > 0 ? (double)(1 - rss / total) : NOT_MEASURED;
}

struct solution { /* what both arithmetics give */
    double *coef, *inverse, *hat, *residual;
};

static enum err_code solve_wide(const struct regress_data *d, struct arena *a, struct solution *s,
                                struct regress *r, struct err *e)
{
    wide_t *const x = ARENA_ARRAY(a, wide_t, r->n * r->p), *const y = ARENA_ARRAY(a, wide_t, r->n);
    for (size_t i = 0; i < r->n; i++) {
        design_row(d, i, r->p, x + i * r->p);
        y[i] = d->y[i];
    }
    struct wide_ls w;
    const enum err_code code = wide_ls_solve(x, y, r->n, r->p, a, &w, e);
    if (code != ERR_OK)
        return code;
    for (size_t i = 0; i < r->p; i++)
        s->coef[i] = (double)w.coef[i];
    for (size_t i = 0; i < r->p * r->p; i++)
        s->inverse[i] = (double)w.inverse[i];
    for (size_t i = 0; i < r->n; i++) {
        s->hat[i] = (double)w.hat[i];
        s->residual[i] = (double)w.residual[i];
    }
    sums_of_squares(d, r, w.rss);
    return ERR_OK;
}

static enum err_code solve_large(const struct regress_data *d, struct arena *a, struct solution *s,
                                 struct regress *r, struct err *e)
{
    double *const x = ARENA_ARRAY(a, double, r->n * r->p);
    wide_t *const row = ARENA_ARRAY(a, wide_t, r->p);
    for (size_t i = 0; i < r->n; i++) {
        design_row(d, i, r->p, row);
        for (size_t j = 0; j < r->p; j++)
            x[i * r->p + j] = (double)row[j];
    }
    const enum err_code code = regress_large_solve(
        x, d->y, r->n, r->p, &(struct regress_large){s->coef, s->inverse, s->hat, s->residual}, e);
    if (code != ERR_OK)
        return code;
    wide_t rss = 0;
    for (size_t i = 0; i < r->n; i++)
        rss += (wide_t)s->residual[i] * s->residual[i];
    sums_of_squares(d, r, rss);
    return ERR_OK;
}

static void inference(const struct regress_data *d, struct arena *a, const struct solution *s,
                      struct regress *r)
{
    const size_t p = r->p;
    double *const se = ARENA_ARRAY(a, double, p), *const t = ARENA_ARRAY(a, double, p);
    double *const pv = ARENA_ARRAY(a, double, p), *const lower = ARENA_ARRAY(a, double, p);
    double *const upper = ARENA_ARRAY(a, double, p);
    const double df = (double)(r->n - p), conf = d->confidence > 0 ? d->confidence : 0.95;
    r->df_residual = df;
    r->df_model = (double)(p - (d->no_intercept ? 0 : 1));
    r->residual_sd = df > 0 ? sqrt(r->rss / df) : NOT_MEASURED;
    const double at = df > 0 ? dist_t_quantile((1 + conf) / 2, df) : NOT_MEASURED;
    for (size_t j = 0; j < p; j++) {
        se[j] = r->residual_sd * sqrt(s->inverse[j * p + j]);
        t[j] = s->coef[j] / se[j];
        pv[j] = dist_t_two_sided(t[j], df);
        lower[j] = s->coef[j] - at * se[j];
        upper[j] = s->coef[j] + at * se[j];
    }
    r->f = df > 0 && r->df_model > 0 ? r->model_ss / r->df_model / (r->rss / df) : NOT_MEASURED;
    r->f_p = dist_f_upper(r->f, r->df_model, df);
    r->coef = s->coef;
    r->se = se;
    r->t = t;
    r->p_value = pv;
    r->lower = lower;
    r->upper = upper;
}

/* Cook's distance, and the coefficients without each row: coef - (X'X)^-1 x_i e_i / (1 - h_i). */
static void influence(const struct regress_data *d, struct arena *a, const struct solution *s,
                      struct regress *r)
{
    const size_t p = r->p;
    double *const cook = ARENA_ARRAY(a, double, r->n);
    double *const without = ARENA_ARRAY(a, double, r->n *p);
    wide_t *const row = ARENA_ARRAY(a, wide_t, p);
    for (size_t i = 0; i < r->n; i++) {
        const double left = 1 - s->hat[i];
        const double e = left > 1e-10 ? s->residual[i] / left : NOT_MEASURED;
        cook[i] = e * e * s->hat[i] / ((double)p * r->residual_sd * r->residual_sd);
        design_row(d, i, p, row);
        for (size_t j = 0; j < p; j++) {
            double shift = 0;
            for (size_t k = 0; k < p; k++)
                shift += s->inverse[j * p + k] * (double)row[k];
            without[i * p + j] = s->coef[j] - shift * e;
        }
    }
    r->residual = s->residual;
    r->leverage = s->hat;
    r->cook = cook;
    r->without = without;
}

static enum err_code check(const struct regress_data *d, struct err *e)
{
    if (d->degree > 1 && d->k != 1)
        return err_set(e, ERR_USAGE, "regression: a polynomial takes one column, not %zu", d->k);
    for (size_t i = 0; i < d->n; i++) {
        bool finite = isfinite(d->y[i]);
        for (size_t j = 0; j < d->k; j++)
            finite = finite && isfinite(d->x[j][i]);
        if (!finite)
            return err_set(e, ERR_USAGE, "regression: row %zu has a value that is no number",
                           i + 1);
    }
    return ERR_OK;
}

enum err_code regress_fit(const struct regress_data *d, struct arena *a, struct regress *ret,
                          struct err *e)
{
    const size_t slopes = d->degree > 1 ? d->degree : d->k;
    struct regress r = {.n = d->n, .p = slopes + (d->no_intercept ? 0 : 1)};
    enum err_code code = check(d, e);
    if (code == ERR_OK && (r.n < r.p || r.p == 0))
        code = err_set(e, ERR_UNSUPPORTED, "regression: %zu rows for %zu coefficients", r.n, r.p);
    if (code != ERR_OK)
        return code;
    struct solution s = {ARENA_ARRAY(a, double, r.p), ARENA_ARRAY(a, double, r.p *r.p),
                         ARENA_ARRAY(a, double, r.n), ARENA_ARRAY(a, double, r.n)};
    code = r.n * r.p * r.p <= REGRESS_WIDE ? solve_wide(d, a, &s, &r, e)
                                           : solve_large(d, a, &s, &r, e);
    if (code != ERR_OK)
        return code;
    inference(d, a, &s, &r);
    influence(d, a, &s, &r);
    *ret = r;
    return ERR_OK;
}
