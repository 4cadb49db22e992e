#include "num/wide_ls.h"

#include "base/arena.h"

/* Of a column, what is left after the columns before it; 2^-112 is the last bit. */
static const double DEPENDENT = 1e-29;

struct columns { /* column-major n * p, which the reflections turn into R above their own vectors */
    wide_t *q, *r; /* q: vectors, r: R's diagonal */
    size_t n, p;
};

static wide_t dot(const wide_t *a, const wide_t *b, size_t n)
{
    wide_t s = 0;
    for (size_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

/* y -= 2 v (v'y) / (v'v), on the rows from j on. */
static void reflect(const struct columns *c, size_t j, wide_t *y)
{
    const wide_t *const v = c->q + j * c->n;
    const size_t m = c->n - j;
    const wide_t f = 2 * dot(v + j, y + j, m) / dot(v + j, v + j, m);
    for (size_t i = j; i < c->n; i++)
        y[i] -= f * v[i];
}

static enum err_code decompose(struct columns *c, struct err *e)
{
    for (size_t j = 0; j < c->p; j++) {
        wide_t *const v = c->q + j * c->n;
        const wide_t whole = wide_sqrt(dot(v, v, c->n));
        const wide_t rest = wide_sqrt(dot(v + j, v + j, c->n - j));
        if (!(rest > whole * (wide_t)DEPENDENT))
            return err_set(e, ERR_UNSUPPORTED,
                           "regression: column %zu of %zu is a combination of those before it",
                           j + 1, c->p);
        c->r[j] = v[j] > 0 ? -rest : rest;
        v[j] -= c->r[j];
        for (size_t k = j + 1; k < c->p; k++)
            reflect(c, j, c->q + k * c->n);
    }
    return ERR_OK;
}

static wide_t upper(const struct columns *c, size_t i, size_t j)
{
    return i == j ? c->r[i] : c->q[j * c->n + i];
}

/* R's inverse, upper triangular, row-major. */
static void invert(const struct columns *c, wide_t *ret)
{
    const size_t p = c->p;
    for (size_t j = 0; j < p; j++)
        for (size_t i = j + 1; i-- > 0;) {
            wide_t s = i == j ? 1 : 0;
            for (size_t k = i + 1; k <= j; k++)
                s -= upper(c, i, k) * ret[k * p + j];
            ret[i * p + j] = s / c->r[i];
        }
}

static void leverages(const wide_t *x, const wide_t *inverse_r, struct wide_ls *ret)
{
    const size_t p = ret->p;
    for (size_t i = 0; i < ret->n; i++) {
        wide_t h = 0;
        for (size_t j = 0; j < p; j++) {
            wide_t s = 0;
            for (size_t k = 0; k <= j; k++)
                s += x[i * p + k] * inverse_r[k * p + j];
            h += s * s;
        }
        ret->hat[i] = h;
    }
}

enum err_code wide_ls_solve(const wide_t *x, const wide_t *y, size_t n, size_t p, struct arena *a,
                            struct wide_ls *ret, struct err *e)
{
    if (p == 0 || n < p)
        return err_set(e, ERR_UNSUPPORTED, "regression: %zu rows for %zu coefficients", n, p);
    struct columns c = {ARENA_ARRAY(a, wide_t, n * p), ARENA_ARRAY(a, wide_t, p), n, p};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < p; j++)
            c.q[j * n + i] = x[i * p + j];
    const enum err_code code = decompose(&c, e);
    if (code != ERR_OK)
        return code;
    wide_t *const inverse_r = ARENA_ARRAY(a, wide_t, p * p), *const z = ARENA_ARRAY(a, wide_t, n);
    for (size_t i = 0; i < n; i++)
        z[i] = y[i];
    for (size_t j = 0; j < p; j++)
        reflect(&c, j, z);
    invert(&c, inverse_r);
    *ret = (struct wide_ls){.n = n,
                            .p = p,
                            .coef = ARENA_ARRAY(a, wide_t, p),
                            .inverse = ARENA_ARRAY(a, wide_t, p * p),
                            .hat = ARENA_ARRAY(a, wide_t, n),
                            .residual = ARENA_ARRAY(a, wide_t, n)};
    for (size_t i = 0; i < p; i++)
        ret->coef[i] = dot(inverse_r + i * p, z, p);
    for (size_t i = 0; i < p; i++)
        for (size_t j = 0; j < p; j++)
            ret->inverse[i * p + j] = dot(inverse_r + i * p, inverse_r + j * p, p);
    for (size_t i = 0; i < n; i++)
        ret->residual[i] = y[i] - dot(x + i * p, ret->coef, p);
    ret->rss = dot(ret->residual, ret->residual, n);
    leverages(x, inverse_r, ret);
    return ERR_OK;
}
