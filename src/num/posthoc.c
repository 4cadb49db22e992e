#include "num/posthoc.h"

#include "base/defs.h"
#include "num/dist.h"
#include "num/dunnett.h"
#include "num/studentized.h"

#include <math.h>

constexpr size_t MOST_GROUPS = 1000; /* of Dunnett's test: its correlations lie on the stack */

struct within { /* the groups' common variance */
    double ms, df;
};

static struct within within_of(const struct moment *g, size_t k)
{
    double ss = 0, df = 0;
    for (size_t i = 0; i < k; i++)
        if (g[i].n > 1) {
            ss += (double)(g[i].n - 1) * g[i].var;
            df += (double)(g[i].n - 1);
        }
    return (struct within){df > 0 ? ss / df : NOT_MEASURED, df};
}

static struct posthoc_pair pair_of(const struct moment *g, size_t a, size_t b)
{
    return (struct posthoc_pair){.a = a,
                                 .b = b,
                                 .difference = g[b].mean - g[a].mean,
                                 .se = NOT_MEASURED,
                                 .statistic = NOT_MEASURED,
                                 .df = NOT_MEASURED,
                                 .p = NOT_MEASURED,
                                 .lo = NOT_MEASURED,
                                 .hi = NOT_MEASURED};
}

static bool put_statistic(struct posthoc_pair *p, double se, double df)
{
    if (!(se > 0))
        return false;
    p->se = se;
    p->df = df;
    p->statistic = fabs(p->difference) / se;
    return true;
}

static void put_interval(struct posthoc_pair *p, double quantile)
{
    p->lo = p->difference - quantile * p->se;
    p->hi = p->difference + quantile * p->se;
}

void posthoc_tukey_kramer(const struct moment *groups, size_t k, double conf,
                          struct posthoc_pair *ret)
{
    const struct within w = within_of(groups, k);
    CLEANUP(studentized_freep) struct studentized *range = studentized_new(k);
    const double q = studentized_upper_quantile_of(range, 1 - conf, w.df);
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++, ret++) {
            const double each = 1 / (double)groups[a].n + 1 / (double)groups[b].n;
            *ret = pair_of(groups, a, b);
            if (!put_statistic(ret, sqrt(w.ms / 2 * each), w.df))
                continue;
            ret->p = studentized_upper_of(range, ret->statistic, w.df);
            put_interval(ret, q);
        }
}

void posthoc_games_howell(const struct moment *groups, size_t k, double conf,
                          struct posthoc_pair *ret)
{
    CLEANUP(studentized_freep) struct studentized *range = studentized_new(k);
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++, ret++) {
            const struct moment *const x = &groups[a], *const y = &groups[b];
            *ret = pair_of(groups, a, b);
            if (x->n < 2 || y->n < 2)
                continue;
            const double va = x->var / (double)x->n, vb = y->var / (double)y->n, v = va + vb;
            const double df = v * v / (va * va / (double)(x->n - 1) + vb * vb / (double)(y->n - 1));
            if (!put_statistic(ret, sqrt(v / 2), df))
                continue;
            ret->p = studentized_upper_of(range, ret->statistic, df);
            put_interval(ret, studentized_upper_quantile_of(range, 1 - conf, df));
        }
}

void posthoc_dunnett(const struct moment *groups, size_t k, double conf, struct posthoc_pair *ret)
{
    const struct within w = within_of(groups, k);
    double lambda[MOST_GROUPS];
    const bool usable = w.ms > 0 && k > 1 && k <= MOST_GROUPS;
    for (size_t i = 1; i < k && usable; i++)
        lambda[i - 1] = sqrt((double)groups[i].n / ((double)groups[i].n + (double)groups[0].n));
    const double t = usable ? dunnett_upper_quantile(1 - conf, lambda, k - 1, w.df) : NOT_MEASURED;
    for (size_t i = 1; i < k; i++) {
        struct posthoc_pair *const p = &ret[i - 1];
        const double each = 1 / (double)groups[0].n + 1 / (double)groups[i].n;
        *p = pair_of(groups, 0, i);
        if (!usable || !put_statistic(p, sqrt(w.ms * each), w.df))
            continue;
        p->p = dunnett_upper(p->statistic, lambda, k - 1, w.df);
        put_interval(p, t);
    }
}
