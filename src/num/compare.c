#include "num/compare.h"

#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

static struct compare_t t_test(double difference, double se, double df, double conf)
{
    struct compare_t r = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    if (!(se > 0))
        return r;
    r.t = difference / se;
    r.df = df;
    r.p = dist_t_two_sided(r.t, df);
    const double half = dist_t_quantile(1 - (1 - conf) / 2, df) * se;
    r.lo = difference - half;
    r.hi = difference + half;
    return r;
}

static double pooled_var(const struct moment *a, const struct moment *b)
{
    return ((double)(a->n - 1) * a->var + (double)(b->n - 1) * b->var) / (double)(a->n + b->n - 2);
}

struct compare_t compare_pooled(const struct moment *a, const struct moment *b, double conf)
{
    if (a->n < 2 || b->n < 2)
        return t_test(0, NOT_MEASURED, 0, conf);
    const double se = sqrt(pooled_var(a, b) * (1 / (double)a->n + 1 / (double)b->n));
    return t_test(a->mean - b->mean, se, (double)(a->n + b->n - 2), conf);
}

struct compare_t compare_welch(const struct moment *a, const struct moment *b, double conf)
{
    if (a->n < 2 || b->n < 2)
        return t_test(0, NOT_MEASURED, 0, conf);
    const double va = a->var / (double)a->n, vb = b->var / (double)b->n, v = va + vb;
    const double df =
        v * v / (va * va / (double)(a->n - 1) + vb * vb / (double)(b->n - 1)); /* Satterthwaite */
    return t_test(a->mean - b->mean, sqrt(v), df, conf);
}

static double welch_df(double va, double da, double vb, double db, double more)
{
    const double v = va + vb;
    return v * v / (va * va / (da + more) + vb * vb / (db + more)) - more;
}

double compare_few_df(double va, double da, double vb, double db)
{
    if (!(va + vb > 0))
        return da + db;
    return fmin(welch_df(va, da, vb, db, 2), welch_df(1 / (da + 1), da, 1 / (db + 1), db, 0.5));
}

struct compare_t compare_paired(const struct moment *differences, double conf)
{
    const size_t n = differences->n;
    if (n < 2)
        return t_test(0, NOT_MEASURED, 0, conf);
    return t_test(differences->mean, differences->sd / sqrt((double)n), (double)(n - 1), conf);
}
