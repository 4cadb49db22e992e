#include "selftest/nist_run.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/anova.h"
#include "num/formula.h"
#include "num/moment.h"
#include "num/nonlinear.h"
#include "num/regress.h"
#include "num/wide_ls.h"

#include <math.h>

static const double EQUAL = 16; /* digits */

/* A quantity passes within this many digits of its ceiling. */
static const double MARGIN = 1;

double nist_run_digits(double got, double certified)
{
    if (isnan(got))
        return 0;
    const double off = fabs(got - certified);
    if (!(off > 0))
        return EQUAL;
    return fmin(EQUAL, fmax(0, -log10(certified != 0 ? off / fabs(certified) : off)));
}

static void finish(struct nist_result *r, struct nist_quantity q)
{
    q.pass = q.reached >= q.ceiling - MARGIN;
    r->quantities[r->n++] = q;
}

/* One number; nothing where NIST certifies none, or infinity. */
static void one(struct nist_result *r, const char *what, double got, wide_t exact, double certified)
{
    if (isfinite(certified))
        finish(r, (struct nist_quantity){.what = what,
                                         .reached = nist_run_digits(got, certified),
                                         .ceiling = nist_run_digits((double)exact, certified)});
}

/* Several: the one that is furthest below its ceiling stands for all; among equals the worst. */
static void several(struct nist_result *r, const char *what, const char *letter, unsigned first,
                    const double *got, const wide_t *exact, const double *certified, size_t n,
                    struct arena *a)
{
    struct nist_quantity q = {.what = what, .reached = EQUAL, .ceiling = EQUAL};
    for (size_t i = 0; i < n; i++) {
        const double reached = nist_run_digits(got[i], certified[i]);
        const double ceiling = nist_run_digits((double)exact[i], certified[i]);
        const bool fails = reached < ceiling - MARGIN, failed = q.reached < q.ceiling - MARGIN;
        if (q.worst && (failed && !fails))
            continue;
        if (!q.worst || (fails && !failed) || reached < q.reached) {
            q.reached = reached;
            q.ceiling = ceiling;
            q.worst = arena_printf(a, "%s%zu", letter, i + first);
        }
    }
    if (q.reached == EQUAL)
        q.worst = nullptr;
    finish(r, q);
}

static double *doubles(const wide_t *x, size_t n, struct arena *a)
{
    double *const r = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        r[i] = (double)x[i];
    return r;
}

static wide_t *rounded(const wide_t *x, size_t n, struct arena *a)
{
    wide_t *const r = ARENA_ARRAY(a, wide_t, n);
    for (size_t i = 0; i < n; i++)
        r[i] = (wide_t)(double)x[i];
    return r;
}

/* ---- univariate ---- */

static void univariate(const struct nist_set *s, struct arena *a, struct nist_result *r)
{
    const double *const x = doubles(s->data, s->rows, a);
    const size_t n = s->rows;
    wide_t mean = 0, squares = 0, products = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i];
    mean /= (wide_t)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    for (size_t i = 0; i + 1 < n; i++)
        products += (x[i] - mean) * (x[i + 1] - mean);
    const struct moment m = moment_of(x, n);
    one(r, "mean", m.mean, mean, s->mean);
    one(r, "standard deviation", m.sd, wide_sqrt(squares / (wide_t)(n - 1)), s->sd);
    one(r, "lag-1 autocorrelation", moment_lag1(x, n), products / squares, s->lag1);
}

/* ---- analysis of variance ---- */

static void anova(const struct nist_set *s, struct arena *a, struct nist_result *r)
{
    const double *const x = doubles(s->data, s->rows, a);
    wide_t grand = 0, between = 0, within = 0;
    for (size_t i = 0; i < s->rows; i++)
        grand += x[i];
    grand /= (wide_t)s->rows;
    const double *at = x;
    for (size_t g = 0; g < s->groups; at += s->group_n[g++]) {
        const wide_t n = (wide_t)s->group_n[g];
        wide_t mean = 0;
        for (size_t i = 0; i < s->group_n[g]; i++)
            mean += at[i];
        mean /= n;
        between += n * (mean - grand) * (mean - grand);
        for (size_t i = 0; i < s->group_n[g]; i++)
            within += (at[i] - mean) * (at[i] - mean);
    }
    const wide_t df1 = (wide_t)(s->groups - 1), df2 = (wide_t)(s->rows - s->groups);
    const struct anova got = anova_oneway(x, s->group_n, s->groups);
    one(r, "sum of squares between", got.ss_between, between, s->ss_between);
    one(r, "sum of squares within", got.ss_within, within, s->ss_within);
    one(r, "F", got.f, between / df1 / (within / df2), s->f);
    one(r, "R squared", got.ss_between / (got.ss_between + got.ss_within),
        between / (between + within), s->r2);
    one(r, "residual standard deviation", sqrt(got.ss_within / got.df2), wide_sqrt(within / df2),
        s->residual_sd);
}

/* ---- linear ---- */

struct exact { /* in 113 bits, on the doubles */
    wide_t *coef, *sd, rss, total;
};

static enum err_code exact_fit(const struct nist_set *s, size_t p, struct arena *a,
                               struct exact *ret, struct err *e)
{
    const wide_t *const data = rounded(s->data, s->rows * s->columns, a);
    wide_t *const x = ARENA_ARRAY(a, wide_t, s->rows * p), *const y =
                                                               ARENA_ARRAY(a, wide_t, s->rows);
    const size_t first = s->no_intercept ? 0 : 1;
    wide_t mean = 0;
    for (size_t i = 0; i < s->rows; i++) {
        const wide_t *const row = data + i * s->columns;
        wide_t power = 1;
        y[i] = row[0];
        mean += row[0] / (wide_t)s->rows;
        if (first)
            x[i * p] = 1;
        for (size_t j = first; j < p; j++) {
            power *= row[1];
            x[i * p + j] = s->degree > 0 ? power : row[1 + j - first];
        }
    }
    struct wide_ls ls;
    const enum err_code code = wide_ls_solve(x, y, s->rows, p, a, &ls, e);
    if (code != ERR_OK)
        return code;
    *ret = (struct exact){.coef = ls.coef, .sd = ARENA_ARRAY(a, wide_t, p), .rss = ls.rss};
    mean = s->no_intercept ? 0 : mean;
    for (size_t i = 0; i < s->rows; i++)
        ret->total += (y[i] - mean) * (y[i] - mean);
    for (size_t j = 0; j < p; j++)
        ret->sd[j] = wide_sqrt(ls.inverse[j * p + j] * ls.rss / (wide_t)(s->rows - p));
    return ERR_OK;
}

static enum err_code product_fit(const struct nist_set *s, struct arena *a, struct regress *ret,
                                 struct err *e)
{
    double **const columns = ARENA_ARRAY(a, double *, s->columns);
    for (size_t j = 0; j < s->columns; j++) {
        columns[j] = ARENA_ARRAY(a, double, s->rows);
        for (size_t i = 0; i < s->rows; i++)
            columns[j][i] = (double)s->data[i * s->columns + j];
    }
    const struct regress_data d = {.y = columns[0],
                                   .x = (const double *const *)columns + 1,
                                   .n = s->rows,
                                   .k = s->columns - 1,
                                   .degree = s->degree,
                                   .no_intercept = s->no_intercept};
    return regress_fit(&d, a, ret, e);
}

static enum err_code linear(const struct nist_set *s, struct arena *a, struct nist_result *r,
                            struct err *e)
{
    const size_t p = s->coefficients, first = s->no_intercept ? 1 : 0;
    struct exact x;
    struct regress got;
    enum err_code code = exact_fit(s, p, a, &x, e);
    if (code == ERR_OK)
        code = product_fit(s, a, &got, e);
    if (code != ERR_OK)
        return code;
    const wide_t df1 = (wide_t)got.df_model, df2 = (wide_t)got.df_residual;
    several(r, "coefficients", "B", (unsigned)first, got.coef, x.coef, s->coef, p, a);
    several(r, "standard deviations", "B", (unsigned)first, got.se, x.sd, s->coef_sd, p, a);
    one(r, "residual standard deviation", got.residual_sd, wide_sqrt(x.rss / df2), s->residual_sd);
    one(r, "R squared", got.r2, 1 - x.rss / x.total, s->r2);
    one(r, "sum of squares, regression", got.model_ss, x.total - x.rss, s->ss_between);
    one(r, "sum of squares, residual", got.rss, x.rss, s->ss_within);
    if (s->ss_within > 0)
        one(r, "F", got.f, (x.total - x.rss) / df1 / (x.rss / df2), s->f);
    return ERR_OK;
}

/* ---- nonlinear ---- */

static enum err_code fit(const struct nist_set *s, const struct formula *f, bool as_doubles,
                         const double *start, struct arena *a, struct nonlinear *ret, struct err *e)
{
    const size_t k = s->columns - 1;
    const wide_t *const data = as_doubles ? rounded(s->data, s->rows * s->columns, a) : s->data;
    wide_t *const y = ARENA_ARRAY(a, wide_t, s->rows), *const x =
                                                           ARENA_ARRAY(a, wide_t, s->rows * k);
    for (size_t i = 0; i < s->rows; i++) {
        y[i] = data[i * s->columns];
        for (size_t j = 0; j < k; j++)
            x[i * k + j] = data[i * s->columns + 1 + j];
    }
    const struct nonlinear_data d = {f, y, x, s->rows, k};
    return nonlinear_fit(&d, start, a, ret, e);
}

static enum err_code from_start(const struct nist_set *s, const struct formula *f,
                                const struct nonlinear *exact, size_t start, struct arena *a,
                                struct nist_result *r, struct err *e)
{
    static const char *const names[2][2] = {{"parameters, from start 1", "standard deviations"},
                                            {"parameters, from start 2", "standard deviations"}};
    struct nonlinear got;
    const enum err_code code = fit(s, f, false, s->start[start], a, &got, e);
    if (code != ERR_OK)
        return err_wrap(e, "from start %zu", start + 1);
    const size_t p = s->coefficients;
    several(r, names[start][0], "b", 1, doubles(got.coef, p, a), exact->coef, s->coef, p, a);
    several(r, names[start][1], "b", 1, doubles(got.sd, p, a), exact->sd, s->coef_sd, p, a);
    one(r, "residual sum of squares", (double)got.rss, exact->rss, s->rss);
    one(r, "residual standard deviation", (double)got.residual_sd, exact->residual_sd,
        s->residual_sd);
    return ERR_OK;
}

static enum err_code nonlinear(const struct nist_set *s, struct arena *a, struct nist_result *r,
                               struct err *e)
{
    const struct formula *f;
    struct nonlinear exact;
    enum err_code code = formula_parse(s->model, a, &f, e);
    if (code == ERR_OK && formula_parameters(f) != s->coefficients)
        code = err_set(e, ERR_PARSE, "the model has %zu parameters, %zu are certified",
                       formula_parameters(f), s->coefficients);
    if (code == ERR_OK)
        code = fit(s, f, true, s->coef, a, &exact, e);
    for (size_t start = 0; code == ERR_OK && start < 2; start++)
        code = from_start(s, f, &exact, start, a, r, e);
    return code;
}

void nist_run(const struct nist_set *s, struct arena *a, struct nist_result *ret)
{
    static const char *const families[] = {[NIST_UNIVARIATE] = "univariate",
                                           [NIST_ANOVA] = "analysis of variance",
                                           [NIST_LINEAR] = "linear regression",
                                           [NIST_NONLINEAR] = "nonlinear regression"};
    struct err e = {};
    enum err_code code = ERR_OK;
    *ret = (struct nist_result){.set = s->name, .family = families[s->kind], .rows = s->rows};
    if (s->rows < 2 || (s->kind == NIST_ANOVA && (s->groups < 2 || s->rows <= s->groups)) ||
        (s->kind >= NIST_LINEAR && s->rows <= s->coefficients))
        code = err_set(&e, ERR_PARSE, "%zu rows are too few for what is certified", s->rows);
    else if (s->kind == NIST_UNIVARIATE)
        univariate(s, a, ret);
    else if (s->kind == NIST_ANOVA)
        anova(s, a, ret);
    else
        code = s->kind == NIST_LINEAR ? linear(s, a, ret, &e) : nonlinear(s, a, ret, &e);
    if (code != ERR_OK)
        ret->error = arena_strdup(a, e.msg);
}
