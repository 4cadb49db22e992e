#include "num/nonlinear.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/formula_eval.h"
#include "num/nonlinear_search.h"
#include "num/wide_ls.h"

#include <math.h>
#include <string.h>

constexpr unsigned MOST_STEPS = 400;
constexpr int MOST_HALVINGS = 30;
constexpr size_t SCRATCH = (size_t)1 << 30;

/* A step of this share of a parameter is standing still; data in double end near 1e-16. */
static const double STILL = 1e-22;

/* A solver's sum of squares must be this much better to replace one that came before. */
static const double BETTER = 1 - 1e-7;

struct state {
    const struct nonlinear_data *d;
    wide_t *response;            /* n: the left side of the model at y */
    wide_t *b, *trial;           /* p */
    wide_t *jacobian, *residual; /* at b: n * p, n */
    wide_t rss;
    size_t n, p;
};

static wide_t sum_of_squares(const struct state *s, const wide_t *b)
{
    wide_t rss = 0;
    for (size_t i = 0; i < s->n; i++) {
        const wide_t v = formula_eval_wide(s->d->model, b, s->d->x + i * s->d->k, nullptr);
        rss += (s->response[i] - v) * (s->response[i] - v);
    }
    return rss;
}

static void linearise(struct state *s)
{
    s->rss = 0;
    for (size_t i = 0; i < s->n; i++) {
        const wide_t v =
            formula_eval_wide(s->d->model, s->b, s->d->x + i * s->d->k, s->jacobian + i * s->p);
        s->residual[i] = s->response[i] - v;
        s->rss += s->residual[i] * s->residual[i];
    }
}

/* One Gauss-Newton step, halved until the sum of squares does not grow. *ret_moved: the largest
 * relative change of a parameter, 0 where no part of the step helped. */
static void advance(struct state *s, const struct wide_ls *ls, wide_t *ret_moved)
{
    wide_t scale = 1;
    *ret_moved = 0;
    for (int i = 0; i < MOST_HALVINGS; i++, scale /= 2) {
        wide_t moved = 0;
        for (size_t j = 0; j < s->p; j++) {
            s->trial[j] = s->b[j] + scale * ls->coef[j];
            const wide_t size = wide_abs(s->trial[j]) > 0 ? wide_abs(s->trial[j]) : (wide_t)1;
            const wide_t share = wide_abs(scale * ls->coef[j]) / size;
            moved = share > moved ? share : moved;
        }
        if (sum_of_squares(s, s->trial) <= s->rss) {
            memcpy(s->b, s->trial, s->p * sizeof *s->b);
            *ret_moved = moved;
            return;
        }
    }
}

static enum err_code polish(struct state *s, struct arena *a, struct wide_ls *ret_ls,
                            unsigned *ret_steps, struct err *e)
{
    for (unsigned step = 0;; step++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
        linearise(s);
        struct wide_ls ls;
        const enum err_code code =
            wide_ls_solve(s->jacobian, s->residual, s->n, s->p, scratch, &ls, e);
        if (code != ERR_OK)
            return err_wrap(e, "at the minimum that was found, the data do not determine all "
                               "parameters");
        wide_t moved;
        advance(s, &ls, &moved);
        if (moved <= (wide_t)STILL || step == MOST_STEPS) {
            *ret_steps = step;
            linearise(s);
            return step < MOST_STEPS
                       ? wide_ls_solve(s->jacobian, s->residual, s->n, s->p, a, ret_ls, e)
                       : err_set(e, ERR_UNSUPPORTED,
                                 "the parameters still move after %u steps in 113 bits",
                                 MOST_STEPS);
        }
    }
}

/* The first stage: the best of the solvers. */
static enum err_code search(struct state *s, const double *start, struct arena *a, struct err *e)
{
    double *const y = ARENA_ARRAY(a, double, s->n), *const x =
                                                        ARENA_ARRAY(a, double, s->n * s->d->k);
    for (size_t i = 0; i < s->n; i++)
        y[i] = (double)s->response[i];
    for (size_t i = 0; i < s->n * s->d->k; i++)
        x[i] = (double)s->d->x[i];
    const struct nonlinear_search what = {s->d->model, y, x, s->n, s->d->k};
    double best = NOT_MEASURED, at[FORMULA_PARAMETERS];
    for (size_t solver = 0; solver < NONLINEAR_SEARCH_SOLVERS; solver++) {
        const double rss = nonlinear_search_run(&what, solver, start, s->p, at);
        if (isnan(rss) || (!isnan(best) && !(rss < best * BETTER)))
            continue;
        best = rss;
        for (size_t j = 0; j < s->p; j++)
            s->b[j] = at[j];
    }
    return isnan(best) ? err_set(e, ERR_UNSUPPORTED, "no solver found a minimum from there")
                       : ERR_OK;
}

static void conclude(const struct state *s, const struct wide_ls *ls, struct arena *a,
                     struct nonlinear *ret)
{
    wide_t *const sd = ARENA_ARRAY(a, wide_t, s->p);
    const size_t df = s->n - s->p;
    const wide_t variance = df > 0 ? s->rss / (wide_t)df : (wide_t)NOT_MEASURED;
    for (size_t j = 0; j < s->p; j++)
        sd[j] = wide_sqrt(variance * ls->inverse[j * s->p + j]);
    ret->n = s->n;
    ret->p = s->p;
    ret->coef = s->b;
    ret->sd = sd;
    ret->inverse = ls->inverse;
    ret->residual = s->residual;
    ret->rss = s->rss;
    ret->residual_sd = wide_sqrt(variance);
}

enum err_code nonlinear_fit(const struct nonlinear_data *d, const double *start, struct arena *a,
                            struct nonlinear *ret, struct err *e)
{
    const size_t p = formula_parameters(d->model), n = d->n;
    if (formula_predictors(d->model) > d->k)
        return err_set(e, ERR_USAGE, "the model has x%zu, the data %zu predictors",
                       formula_predictors(d->model), d->k);
    if (n < p)
        return err_set(e, ERR_UNSUPPORTED, "%zu rows for %zu parameters", n, p);
    struct state s = {.d = d,
                      .response = ARENA_ARRAY(a, wide_t, n),
                      .b = ARENA_ARRAY(a, wide_t, p),
                      .trial = ARENA_ARRAY(a, wide_t, p),
                      .jacobian = ARENA_ARRAY(a, wide_t, n * p),
                      .residual = ARENA_ARRAY(a, wide_t, n),
                      .n = n,
                      .p = p};
    for (size_t i = 0; i < n; i++)
        s.response[i] = formula_eval_response(d->model, d->y[i]);
    struct wide_ls ls;
    struct nonlinear r = {};
    enum err_code code = search(&s, start, a, e);
    if (code == ERR_OK)
        code = polish(&s, a, &ls, &r.polished, e);
    if (code != ERR_OK)
        return code;
    conclude(&s, &ls, a, &r);
    *ret = r;
    return ERR_OK;
}
