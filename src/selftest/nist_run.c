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

/* Certified values have 15 digits, of nonlinear fits 11, and 113 bits on the decimals of the file
 * reach them; where they do not, the file is not what NIST certified. */
static const double GENUINE = 12, GENUINE_NONLINEAR = 9.5;

double nist_run_digits(double got, double certified)
{
    if (isnan(got))
        return 0;
    const double off = fabs(got - certified);
    if (!(off > 0))
        return EQUAL;
    return fmin(EQUAL, fmax(0, -log10(certified != 0 ? off / fabs(certified) : off)));
}

static bool passes(const struct nist_quantity *q)
{
    return q->genuine && q->reached >= q->ceiling - MARGIN;
}

static void finish(struct nist_result *r, struct nist_quantity q)
{
    q.pass = passes(&q);
    r->quantities[r->n++] = q;
}

/* In 113 bits. */
struct exact {
    wide_t doubles, decimals; /* on the data rounded to doubles; on the decimals of the file */
};

static struct nist_quantity quantity(const char *what, double got, struct exact x, double certified,
                                     double genuine)
{
    return (struct nist_quantity){.what = what,
                                  .reached = nist_run_digits(got, certified),
                                  .ceiling = nist_run_digits((double)x.doubles, certified),
                                  .genuine =
                                      nist_run_digits((double)x.decimals, certified) >= genuine};
}

/* One number; nothing where NIST certifies none, or infinity. */
static void one(struct nist_result *r, const char *what, double got, struct exact x,
                double certified)
{
    if (isfinite(certified))
        finish(r, quantity(what, got, x, certified, r->genuine_digits));
}

/* Several: the one that fails stands for all, among those alike the one with the fewest digits. */
static void several(struct nist_result *r, const char *what, const char *letter, unsigned first,
                    const double *got, const wide_t *on_doubles, const wide_t *on_decimals,
                    const double *certified, size_t n, struct arena *a)
{
    struct nist_quantity worst = {
        .what = what, .reached = EQUAL, .ceiling = EQUAL, .genuine = true};
    for (size_t i = 0; i < n; i++) {
        const struct exact x = {on_doubles[i], on_decimals[i]};
        struct nist_quantity q = quantity(what, got[i], x, certified[i], r->genuine_digits);
        const bool good = passes(&q), all_good = passes(&worst);
        if (good == all_good ? q.reached < worst.reached : all_good) {
            q.worst = arena_printf(a, "%s%zu", letter, i + first);
            worst = q;
        }
    }
    finish(r, worst);
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

struct summary {
    wide_t mean, sd, lag1;
};

static struct summary summarise(const wide_t *x, size_t n)
{
    wide_t mean = 0, squares = 0, products = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i];
    mean /= (wide_t)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    for (size_t i = 0; i + 1 < n; i++)
        products += (x[i] - mean) * (x[i + 1] - mean);
    return (struct summary){mean, wide_sqrt(squares / (wide_t)(n - 1)), products / squares};
}

static void univariate(const struct nist_set *s, struct arena *a, struct nist_result *r)
{
    const double *const x = doubles(s->data, s->rows, a);
    const struct summary b = summarise(rounded(s->data, s->rows, a), s->rows);
    const struct summary d = summarise(s->data, s->rows);
    const struct moment m = moment_of(x, s->rows);
    one(r, "mean", m.mean, (struct exact){b.mean, d.mean}, s->mean);
    one(r, "standard deviation", m.sd, (struct exact){b.sd, d.sd}, s->sd);
    one(r, "lag-1 autocorrelation", moment_lag1(x, s->rows), (struct exact){b.lag1, d.lag1},
        s->lag1);
}

/* ---- analysis of variance ---- */

struct variance {
    wide_t between, within, f, r2, sd;
};

static struct variance analyse(const struct nist_set *s, const wide_t *x)
{
    const wide_t df1 = (wide_t)(s->groups - 1), df2 = (wide_t)(s->rows - s->groups);
    struct variance v = {};
    wide_t grand = 0;
    for (size_t i = 0; i < s->rows; i++)
        grand += x[i];
    grand /= (wide_t)s->rows;
    for (size_t g = 0; g < s->groups; x += s->group_n[g++]) {
        const wide_t n = (wide_t)s->group_n[g];
        wide_t mean = 0;
        for (size_t i = 0; i < s->group_n[g]; i++)
            mean += x[i];
        mean /= n;
        v.between += n * (mean - grand) * (mean - grand);
        for (size_t i = 0; i < s->group_n[g]; i++)
            v.within += (x[i] - mean) * (x[i] - mean);
    }
    v.f = v.between / df1 / (v.within / df2);
    v.r2 = v.between / (v.between + v.within);
    v.sd = wide_sqrt(v.within / df2);
    return v;
}

static void anova(const struct nist_set *s, struct arena *a, struct nist_result *r)
{
    const struct variance b = analyse(s, rounded(s->data, s->rows, a)), d = analyse(s, s->data);
    const struct anova got = anova_oneway(doubles(s->data, s->rows, a), s->group_n, s->groups);
    one(r, "sum of squares between", got.ss_between, (struct exact){b.between, d.between},
        s->ss_between);
    one(r, "sum of squares within", got.ss_within, (struct exact){b.within, d.within},
        s->ss_within);
    one(r, "F", got.f, (struct exact){b.f, d.f}, s->f);
    one(r, "R squared", got.ss_between / (got.ss_between + got.ss_within),
        (struct exact){b.r2, d.r2}, s->r2);
    one(r, "residual standard deviation", sqrt(got.ss_within / got.df2), (struct exact){b.sd, d.sd},
        s->residual_sd);
}

/* ---- linear ---- */

struct line { /* in 113 bits */
    wide_t *coef, *sd, rss, total;
};

static enum err_code exact_fit(const struct nist_set *s, const wide_t *data, size_t p,
                               struct arena *a, struct line *ret, struct err *e)
{
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
    *ret = (struct line){.coef = ls.coef, .sd = ARENA_ARRAY(a, wide_t, p), .rss = ls.rss};
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

static void compare(const struct nist_set *s, const struct regress *got, const struct line *b,
                    const struct line *d, struct arena *a, struct nist_result *r)
{
    const size_t p = s->coefficients;
    const unsigned first = s->no_intercept ? 1 : 0;
    const wide_t df2 = (wide_t)got->df_residual, ratio = (wide_t)got->df_model / df2;
    const wide_t model_b = b->total - b->rss, model_d = d->total - d->rss;
    several(r, "coefficients", "B", first, got->coef, b->coef, d->coef, s->coef, p, a);
    several(r, "standard deviations", "B", first, got->se, b->sd, d->sd, s->coef_sd, p, a);
    one(r, "residual standard deviation", got->residual_sd,
        (struct exact){wide_sqrt(b->rss / df2), wide_sqrt(d->rss / df2)}, s->residual_sd);
    one(r, "R squared", got->r2, (struct exact){model_b / b->total, model_d / d->total}, s->r2);
    one(r, "sum of squares, regression", got->model_ss, (struct exact){model_b, model_d},
        s->ss_between);
    one(r, "sum of squares, residual", got->rss, (struct exact){b->rss, d->rss}, s->ss_within);
    if (s->ss_within > 0)
        one(r, "F", got->f, (struct exact){model_b / b->rss / ratio, model_d / d->rss / ratio},
            s->f);
}

static enum err_code linear(const struct nist_set *s, struct arena *a, struct nist_result *r,
                            struct err *e)
{
    struct line b, d;
    struct regress got;
    const wide_t *const binary = rounded(s->data, s->rows * s->columns, a);
    enum err_code code = exact_fit(s, binary, s->coefficients, a, &b, e);
    if (code == ERR_OK)
        code = exact_fit(s, s->data, s->coefficients, a, &d, e);
    if (code == ERR_OK)
        code = product_fit(s, a, &got, e);
    if (code == ERR_OK)
        compare(s, &got, &b, &d, a, r);
    return code;
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
    several(r, names[start][0], "b", 1, doubles(got.coef, p, a), exact->coef, got.coef, s->coef, p,
            a);
    several(r, names[start][1], "b", 1, doubles(got.sd, p, a), exact->sd, got.sd, s->coef_sd, p, a);
    one(r, "residual sum of squares", (double)got.rss, (struct exact){exact->rss, got.rss}, s->rss);
    one(r, "residual standard deviation", (double)got.residual_sd,
        (struct exact){exact->residual_sd, got.residual_sd}, s->residual_sd);
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
    *ret = (struct nist_result){.set = s->name,
                                .family = families[s->kind],
                                .rows = s->rows,
                                .genuine_digits =
                                    s->kind == NIST_NONLINEAR ? GENUINE_NONLINEAR : GENUINE};
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
        ret->error = arena_printf(a, "%s: %s", s->name, e.msg);
}
