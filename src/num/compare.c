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

/* Walk both sorted samples in step, one run of equal values at a time. */
struct walk {
    double u;    /* pairs a > b, halves for equal */
    double ties; /* sum of t^3 - t over the runs of equal values */
};

static struct walk walk_pairs(const double *a, size_t na, const double *b, size_t nb)
{
    struct walk w = {};
    size_t i = 0, j = 0;
    while (i < na || j < nb) {
        const double v = j >= nb || (i < na && a[i] < b[j]) ? a[i] : b[j];
        size_t ia = i, jb = j;
        while (ia < na && a[ia] <= v)
            ia++;
        while (jb < nb && b[jb] <= v)
            jb++;
        const double equal_a = (double)(ia - i), equal_b = (double)(jb - j);
        w.u += equal_a * ((double)j + equal_b / 2);
        const double t = equal_a + equal_b;
        w.ties += t * t * t - t;
        i = ia;
        j = jb;
    }
    return w;
}

constexpr size_t EXACT_BELOW = 50;

struct compare_u compare_mann_whitney(const double *a, size_t na, const double *b, size_t nb)
{
    struct compare_u r = {NOT_MEASURED, NOT_MEASURED, false, NOT_MEASURED};
    if (na == 0 || nb == 0)
        return r;
    const struct walk w = walk_pairs(a, na, b, nb);
    const double pairs = (double)na * (double)nb, n = (double)na + (double)nb;
    r.u = w.u;
    r.cliff = 2 * w.u / pairs - 1;
    if (na < EXACT_BELOW && nb < EXACT_BELOW && !(w.ties > 0)) {
        r.exact = true;
        const double tail = w.u > pairs / 2 ? 1 - dist_wilcoxon_cdf(w.u - 1, na, nb)
                                            : dist_wilcoxon_cdf(w.u, na, nb);
        r.p = fmin(1, 2 * tail);
        return r;
    }
    const double sd = sqrt(pairs / 12 * (n + 1 - w.ties / (n * (n - 1))));
    const double z = w.u - pairs / 2;
    const double corrected = z > 0 ? z - 0.5 : z < 0 ? z + 0.5 : 0;
    r.p = sd > 0 ? dist_normal_two_sided(corrected / sd) : 1;
    return r;
}
