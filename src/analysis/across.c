#include "analysis/across.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>
#include <string.h>

static bool same_configurations(const struct pair *p, const struct pair *q)
{
    return folder_key_same_configuration(&p->a->cell->key, &q->a->cell->key) &&
           folder_key_same_engine(&p->b->cell->key, &q->b->cell->key);
}

/* Cochran (1954): sum of (d - weighted mean)^2 / se^2 is chi-squared when one ratio fits all. */
static void heterogeneity(struct across *c, const double *d, const double *se)
{
    double weights = 0, mean = 0;
    c->q = c->q_df = c->q_p = NOT_MEASURED;
    for (size_t i = 0; i < c->n; i++) {
        if (!(se[i] > 0))
            return;
        weights += 1 / (se[i] * se[i]);
        mean += d[i] / (se[i] * se[i]);
    }
    mean /= weights;
    c->q = 0;
    for (size_t i = 0; i < c->n; i++)
        c->q += (d[i] - mean) * (d[i] - mean) / (se[i] * se[i]);
    c->q_df = (double)(c->n - 1);
    c->q_p = dist_chi2_upper(c->q, c->q_df);
}

static struct across gather(const struct pair *pairs, size_t n, size_t first, bool *done,
                            double margin, struct arena *a)
{
    struct across c = {.a = &pairs[first].a->cell->key, .b = &pairs[first].b->cell->key};
    struct across_part *const parts = ARENA_ARRAY(a, struct across_part, n - first);
    double *const d = ARENA_ARRAY(a, double, n - first), *const se = ARENA_ARRAY(a, double, n);
    for (size_t i = first; i < n; i++) {
        const struct pair *const p = &pairs[i];
        if (done[i] || !same_configurations(&pairs[first], p))
            continue;
        done[i] = true;
        if (p->unequal_work || isnan(p->verdict.ratio)) {
            c.left_out++;
            continue;
        }
        parts[c.n] = (struct across_part){p->a->cell->key.scenario, p->verdict.ratio, p->verdict.lo,
                                          p->verdict.hi};
        d[c.n] = log(p->verdict.ratio);
        se[c.n++] = isnan(p->verdict.t) ? NOT_MEASURED : p->verdict.se;
        c.b_faster += (size_t)(p->verdict.ratio < 1);
        c.b_slower += (size_t)(p->verdict.ratio > 1);
    }
    c.parts = parts;
    const struct moment m = moment_of(d, c.n);
    c.verdict = verdict_estimate(m.mean, m.sd / sqrt((double)c.n), (double)c.n - 1, margin);
    c.verdict.sd_a = m.sd;
    c.verdict.sd_b = 0; /* the pairing leaves one spread */
    c.verdict.unit = LEVEL_SCENARIOS;
    c.verdict.n_a = c.verdict.n_b = c.n;
    heterogeneity(&c, d, se);
    return c;
}

/* Holm within each model. */
static void adjust(struct across *all, size_t n, struct arena *a)
{
    struct verdict *const v = ARENA_ARRAY(a, struct verdict, n);
    bool *const done = ARENA_ARRAY(a, bool, n);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        for (size_t j = i; j < n; j++)
            if (!done[j] && strcmp(all[j].a->model, all[i].a->model) == 0)
                v[k++] = all[j].verdict;
        verdict_family(v, k, a);
        k = 0;
        for (size_t j = i; j < n; j++)
            if (!done[j] && strcmp(all[j].a->model, all[i].a->model) == 0) {
                all[j].verdict = v[k++];
                done[j] = true;
            }
    }
}

struct across *across_compute(const struct pair *pairs, size_t n, double margin, struct arena *a,
                              size_t *ret_n)
{
    struct across *const all = ARENA_ARRAY(a, struct across, n);
    bool *const done = ARENA_ARRAY(a, bool, n);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (done[i])
            continue;
        all[k] = gather(pairs, n, i, done, margin, a);
        k += (size_t)(all[k].n >= 2);
    }
    adjust(all, k, a);
    *ret_n = k;
    return all;
}
