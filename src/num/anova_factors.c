#include "num/anova_factors.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>
#include <stdlib.h>

/* A combination of levels that occurs. */
struct cell {
    size_t key, first; /* first: of its values, in the order that sorts them by key */
    double n, mean;    /* less the grand mean */
};

struct place {
    size_t key, at;
};

struct problem {
    const struct anova_factors_design *d;
    struct cell *cell;
    size_t cells;
    double within; /* sum of squares inside the cells */
    double total;
    bool even; /* cells are as large */
};

/* Orthonormal columns over the cells, and what is left of y. */
struct basis {
    double *q; /* column c is q[c * cells ..) */
    size_t columns;
    double *rest;
};

static int by_key(const void *a, const void *b)
{
    const struct place *const x = a, *const y = b;
    const int c = (x->key > y->key) - (x->key < y->key);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

static size_t level_of(const struct anova_factors_design *d, size_t key, size_t factor)
{
    for (size_t f = 0; f < factor; f++)
        key /= d->n_levels[f];
    return key % d->n_levels[factor];
}

static size_t key_of(const struct anova_factors_design *d, size_t i)
{
    size_t key = 0;
    for (size_t f = d->n_factors; f-- > 0;)
        key = key * d->n_levels[f] + d->level[f][i];
    return key;
}

static void add_cell(struct problem *p, const struct place *place, size_t n, double grand,
                     double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = p->d->y[place[i].at] - grand;
    const struct moment m = moment_of(scratch, n);
    p->within += n > 1 ? m.var * (double)(n - 1) : 0;
    p->even = p->even && (p->cells == 0 || !(fabs(p->cell[0].n - (double)n) > 0));
    p->cell[p->cells++] = (struct cell){.key = place->key, .n = (double)n, .mean = m.mean};
}

static struct problem problem_of(const struct anova_factors_design *d, struct arena *a)
{
    struct problem p = {.d = d, .cell = ARENA_ARRAY(a, struct cell, d->n), .even = true};
    struct place *const place = ARENA_ARRAY(a, struct place, d->n);
    double *const scratch = ARENA_ARRAY(a, double, d->n);
    for (size_t i = 0; i < d->n; i++)
        place[i] = (struct place){key_of(d, i), i};
    if (d->n > 1)
        qsort(place, d->n, sizeof *place, by_key);
    const double grand = moment_sum(d->y, d->n) / (double)d->n;
    for (size_t i = 0, j; i < d->n; i = j) {
        for (j = i + 1; j < d->n && place[j].key == place[i].key;)
            j++;
        add_cell(&p, place + i, j - i, grand, scratch);
    }
    double off = 0; /* what rounding left in the grand mean */
    for (size_t c = 0; c < p.cells; c++)
        off += p.cell[c].n * p.cell[c].mean / (double)d->n;
    p.total = p.within;
    for (size_t c = 0; c < p.cells; c++) {
        p.cell[c].mean -= off;
        p.total += p.cell[c].n * p.cell[c].mean * p.cell[c].mean;
    }
    return p;
}

static double dot(const double *x, const double *y, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++)
        s += x[i] * y[i];
    return s;
}

static void take_off(double *v, const double *q, size_t n)
{
    const double s = dot(v, q, n);
    for (size_t i = 0; i < n; i++)
        v[i] -= s * q[i];
}

/* Adds the column that v (weighted, over the cells) is when the others are taken off; false where
 * nothing is left of it. Returns in ret_ss what it explains of y. */
static bool add_column(struct basis *b, size_t cells, const double *v, double *ret_ss)
{
    constexpr double NOTHING = 1e-9; /* of its length: it depends on the others */
    double *const q = b->q + b->columns * cells;
    for (size_t i = 0; i < cells; i++)
        q[i] = v[i];
    const double before = sqrt(dot(q, q, cells));
    for (int pass = 0; pass < 2; pass++)
        for (size_t c = 0; c < b->columns; c++)
            take_off(q, b->q + c * cells, cells);
    const double length = sqrt(dot(q, q, cells));
    if (!(length > NOTHING * before))
        return false;
    for (size_t i = 0; i < cells; i++)
        q[i] /= length;
    const double s = dot(b->rest, q, cells);
    take_off(b->rest, q, cells);
    b->columns++;
    *ret_ss = s * s;
    return true;
}

/* Column `k` of a term: the product over its factors of the codes that sum to zero, level l of
 * factor f against its last level. */
static void column_of(const struct problem *p, uint32_t factors, size_t k, double *ret)
{
    const struct anova_factors_design *const d = p->d;
    for (size_t c = 0; c < p->cells; c++)
        ret[c] = sqrt(p->cell[c].n);
    for (size_t f = 0; f < d->n_factors; f++) {
        if (!(factors >> f & 1))
            continue;
        const size_t last = d->n_levels[f] - 1, code = k % last;
        k /= last;
        for (size_t c = 0; c < p->cells; c++) {
            const size_t l = level_of(d, p->cell[c].key, f);
            ret[c] *= l == code ? 1 : l == last ? -1 : 0;
        }
    }
}

static size_t columns_of(const struct anova_factors_design *d, uint32_t factors)
{
    size_t n = 1;
    for (size_t f = 0; f < d->n_factors; f++)
        n *= factors >> f & 1 ? d->n_levels[f] - 1 : 1;
    return n;
}

/* The sum of squares that a term's columns add to the basis, and how many of them do. */
static double add_term(const struct problem *p, struct basis *b, uint32_t factors, double *scratch,
                       double *ret_df)
{
    double ss = 0;
    *ret_df = 0;
    for (size_t k = 0, n = columns_of(p->d, factors); k < n && b->columns < p->cells; k++) {
        double s;
        column_of(p, factors, k, scratch);
        if (add_column(b, p->cells, scratch, &s)) {
            ss += s;
            *ret_df += 1;
        }
    }
    return ss;
}

static void start_basis(const struct problem *p, struct basis *b, double *scratch)
{
    double s;
    b->columns = 0;
    for (size_t c = 0; c < p->cells; c++)
        b->rest[c] = sqrt(p->cell[c].n) * p->cell[c].mean;
    column_of(p, 0, 0, scratch);
    (void)add_column(b, p->cells, scratch, &s); /* the mean, which is always there */
}

/* Does term t stand before `of` in its model? */
static bool comes_before(const struct anova_factors_design *d, size_t t, size_t of)
{
    switch (d->kind) {
    case ANOVA_FACTORS_I:
        return t < of;
    case ANOVA_FACTORS_II:
        return t != of && (d->terms[t] & d->terms[of]) != d->terms[of];
    case ANOVA_FACTORS_III:
        return t != of;
    }
    return false;
}

static void judge(struct anova_factors_term *t, const struct anova_factors *r, size_t n)
{
    t->ms = t->f = t->p = t->eta2 = t->partial_eta2 = t->omega2 = t->partial_omega2 = t->epsilon2 =
        t->partial_epsilon2 = NOT_MEASURED;
    if (!(t->df > 0)) {
        t->ss = NOT_MEASURED;
        return;
    }
    t->ms = t->ss / t->df;
    t->eta2 = t->ss / r->ss_total;
    if (!(r->df_residual > 0) || !(r->ss_residual > 0))
        return;
    const double mse = r->ss_residual / r->df_residual, over = t->ss - t->df * mse;
    const double part = t->ss + r->ss_residual;
    t->f = t->ms / mse;
    t->p = dist_f_upper(t->f, t->df, r->df_residual);
    t->partial_eta2 = t->ss / part;
    t->omega2 = over / (r->ss_total + mse);
    t->partial_omega2 = over / (t->ss + ((double)n - t->df) * mse);
    t->epsilon2 = over / r->ss_total;
    t->partial_epsilon2 = over / part;
}

void anova_factors_of(const struct anova_factors_design *d, struct arena *a,
                      struct anova_factors *ret)
{
    const struct problem p = problem_of(d, a);
    size_t columns = 1;
    for (size_t t = 0; t < d->n_terms; t++)
        columns += columns_of(d, d->terms[t]);
    columns = (columns < p.cells ? columns : p.cells) + 1; /* one is tried and left out */
    struct basis b = {.q = ARENA_ARRAY(a, double, columns *p.cells),
                      .rest = ARENA_ARRAY(a, double, p.cells)};
    double *const scratch = ARENA_ARRAY(a, double, p.cells);
    double df, levels = 1;
    *ret = (struct anova_factors){.term = ARENA_ARRAY(a, struct anova_factors_term, d->n_terms),
                                  .ss_total = p.total};
    for (size_t f = 0; f < d->n_factors; f++)
        levels *= (double)d->n_levels[f];
    ret->balanced = p.even && !((double)p.cells < levels);
    for (size_t t = 0; t < d->n_terms; t++) {
        start_basis(&p, &b, scratch);
        for (size_t other = 0; other < d->n_terms; other++)
            if (comes_before(d, other, t))
                (void)add_term(&p, &b, d->terms[other], scratch, &df);
        ret->term[t].factors = d->terms[t];
        ret->term[t].ss = add_term(&p, &b, d->terms[t], scratch, &ret->term[t].df);
    }
    start_basis(&p, &b, scratch);
    for (size_t t = 0; t < d->n_terms; t++)
        (void)add_term(&p, &b, d->terms[t], scratch, &df);
    ret->df_residual = (double)d->n - (double)b.columns;
    ret->ss_residual = p.within + dot(b.rest, b.rest, p.cells);
    for (size_t t = 0; t < d->n_terms; t++)
        judge(&ret->term[t], ret, d->n);
}
