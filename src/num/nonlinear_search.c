#include "num/nonlinear_search.h"

#include "base/defs.h"
#include "num/formula_eval.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>

constexpr size_t MOST_STEPS = 1000;

/* A residual where the model has no value: far, but its square is a number, so that the step is
 * refused and a shorter one tried. */
static const double NOWHERE = 1e100;

static double residual_at(const struct nonlinear_search *s, const gsl_vector *b, size_t i,
                          double *ret_gradient)
{
    const double v = formula_eval_double(s->model, b->data, s->x + i * s->k, ret_gradient);
    return v - s->y[i];
}

static int residuals(const gsl_vector *b, void *data, gsl_vector *ret)
{
    const struct nonlinear_search *const s = data;
    for (size_t i = 0; i < s->n; i++) {
        const double r = residual_at(s, b, i, nullptr);
        gsl_vector_set(ret, i, fabs(r) < NOWHERE ? r : NOWHERE);
    }
    return GSL_SUCCESS;
}

static int jacobian(const gsl_vector *b, void *data, gsl_matrix *ret)
{
    const struct nonlinear_search *const s = data;
    double g[FORMULA_PARAMETERS];
    for (size_t i = 0; i < s->n; i++) {
        (void)residual_at(s, b, i, g);
        for (size_t j = 0; j < b->size; j++)
            gsl_matrix_set(ret, i, j, fabs(g[j]) < NOWHERE ? g[j] : 0);
    }
    return GSL_SUCCESS;
}

static gsl_multifit_nlinear_parameters parameters(size_t solver)
{
    const struct {
        const gsl_multifit_nlinear_trs *trs;
        const gsl_multifit_nlinear_scale *scale;
    } of[NONLINEAR_SEARCH_SOLVERS] = {
        {gsl_multifit_nlinear_trs_lm, gsl_multifit_nlinear_scale_more},
        {gsl_multifit_nlinear_trs_lm, gsl_multifit_nlinear_scale_marquardt},
        {gsl_multifit_nlinear_trs_lmaccel, gsl_multifit_nlinear_scale_more},
        {gsl_multifit_nlinear_trs_ddogleg, gsl_multifit_nlinear_scale_more},
        {gsl_multifit_nlinear_trs_lm, gsl_multifit_nlinear_scale_levenberg},
        {gsl_multifit_nlinear_trs_subspace2D, gsl_multifit_nlinear_scale_marquardt},
    };
    gsl_multifit_nlinear_parameters p = gsl_multifit_nlinear_default_parameters();
    p.trs = of[solver].trs;
    p.scale = of[solver].scale;
    p.solver = gsl_multifit_nlinear_solver_qr;
    return p;
}

static void workspace_free(gsl_multifit_nlinear_workspace **w)
{
    if (*w)
        gsl_multifit_nlinear_free(*w);
}

double nonlinear_search_run(const struct nonlinear_search *s, size_t solver, const double *start,
                            size_t p, double *ret)
{
    (void)gsl_set_error_handler_off(); /* GSL's own ends the program */
    const gsl_multifit_nlinear_parameters how = parameters(solver);
    CLEANUP(workspace_free)
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &how, s->n, p);
    if (!w)
        return NOT_MEASURED;
    struct nonlinear_search data = *s;
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .df = jacobian, .n = s->n, .p = p, .params = &data};
    const gsl_vector_const_view at = gsl_vector_const_view_array(start, p);
    int info;
    if (gsl_multifit_nlinear_init(&at.vector, &fdf, w) != GSL_SUCCESS)
        return NOT_MEASURED;
    /* A solver that gives up may still have come close: the sum of squares decides. */
    (void)gsl_multifit_nlinear_driver(MOST_STEPS, 1e-14, 1e-15, 0, nullptr, nullptr, &info, w);
    const gsl_vector *const b = gsl_multifit_nlinear_position(w);
    for (size_t j = 0; j < p; j++) {
        ret[j] = gsl_vector_get(b, j);
        if (!isfinite(ret[j]))
            return NOT_MEASURED;
    }
    double rss = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double r = residual_at(s, b, i, nullptr);
        rss += r * r;
    }
    return isfinite(rss) ? rss : NOT_MEASURED;
}
