#include "num/regress_large.h"

#include "base/defs.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <string.h>

/* Of a column, scaled to length 1, what must be left after the columns before it. */
static const double DEPENDENT = 1e-13;

static void matrix_free(gsl_matrix **m)
{
    gsl_matrix_free(*m);
}

static void vector_free(gsl_vector **v)
{
    gsl_vector_free(*v);
}

/* Columns scaled to length 1: QR does not mind, the test of dependence does. */
static void load(const double *x, size_t n, size_t p, gsl_matrix *m, double *scale)
{
    for (size_t j = 0; j < p; j++) {
        double s = 0;
        for (size_t i = 0; i < n; i++)
            s = hypot(s, x[i * p + j]);
        scale[j] = s > 0 ? s : 1;
        for (size_t i = 0; i < n; i++)
            gsl_matrix_set(m, i, j, x[i * p + j] / scale[j]);
    }
}

/* R^-1 into inverse_r, the columns' scale taken off. */
static void invert(const gsl_matrix *qr, const double *scale, gsl_matrix *inverse_r)
{
    gsl_matrix_set_identity(inverse_r);
    const gsl_matrix_const_view r =
        gsl_matrix_const_submatrix(qr, 0, 0, inverse_r->size1, inverse_r->size1);
    (void)gsl_blas_dtrsm(CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, 1, &r.matrix,
                         inverse_r);
    for (size_t i = 0; i < inverse_r->size1; i++)
        for (size_t j = 0; j < inverse_r->size1; j++)
            *gsl_matrix_ptr(inverse_r, i, j) /= scale[i];
}

static void fill(const double *x, const gsl_matrix *inverse_r, size_t n,
                 const struct regress_large *ret)
{
    const size_t p = inverse_r->size1;
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++) {
            double s = 0;
            for (size_t k = 0; k < p; k++)
                s += gsl_matrix_get(inverse_r, i, k) * gsl_matrix_get(inverse_r, j, k);
            ret->inverse[i * p + j] = s;
        }
    for (size_t i = 0; i < n; i++) {
        ret->hat[i] = 0;
        for (size_t j = 0; j < p; j++) {
            double s = 0;
            for (size_t k = 0; k <= j; k++)
                s += x[i * p + k] * gsl_matrix_get(inverse_r, k, j);
            ret->hat[i] += s * s;
        }
    }
}

enum err_code regress_large_solve(const double *x, const double *y, size_t n, size_t p,
                                  const struct regress_large *ret, struct err *e)
{
    (void)gsl_set_error_handler_off(); /* GSL's own ends the program */
    CLEANUP(matrix_free) gsl_matrix *qr = gsl_matrix_alloc(n, p);
    CLEANUP(matrix_free) gsl_matrix *inverse_r = gsl_matrix_alloc(p, p);
    CLEANUP(vector_free) gsl_vector *tau = gsl_vector_alloc(p), *coef = gsl_vector_alloc(p);
    CLEANUP(vector_free) gsl_vector *scale = gsl_vector_alloc(p), *rest = gsl_vector_alloc(n);
    if (!qr || !inverse_r || !tau || !coef || !scale || !rest)
        return err_set(e, ERR_LIMIT, "regression: no memory for %zu rows of %zu", n, p);
    load(x, n, p, qr, scale->data);
    (void)gsl_linalg_QR_decomp(qr, tau);
    for (size_t j = 0; j < p; j++)
        if (!(fabs(gsl_matrix_get(qr, j, j)) > DEPENDENT))
            return err_set(e, ERR_UNSUPPORTED,
                           "regression: column %zu of %zu is a combination of those before it",
                           j + 1, p);
    const gsl_vector_const_view b = gsl_vector_const_view_array(y, n);
    (void)gsl_linalg_QR_lssolve(qr, tau, &b.vector, coef, rest);
    for (size_t j = 0; j < p; j++)
        ret->coef[j] = gsl_vector_get(coef, j) / scale->data[j];
    memcpy(ret->residual, rest->data, n * sizeof *ret->residual);
    invert(qr, scale->data, inverse_r);
    fill(x, inverse_r, n, ret);
    return ERR_OK;
}
