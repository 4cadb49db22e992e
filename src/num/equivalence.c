#include "num/equivalence.h"

#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

const char *equivalence_outcome_name(enum equivalence_outcome o)
{
    static const char *const name[] = {"unknown", "different", "equivalent",
                                       "different but negligible", "undecided"};
    return name[o];
}

struct equivalence_limits equivalence_limits_difference(double margin)
{
    return margin > 0 ? (struct equivalence_limits){-margin, margin}
                      : (struct equivalence_limits){NOT_MEASURED, NOT_MEASURED};
}

struct equivalence_limits equivalence_limits_ratio(double margin)
{
    return margin > 0 && margin < 1 ? (struct equivalence_limits){log1p(-margin), log1p(margin)}
                                    : (struct equivalence_limits){NOT_MEASURED, NOT_MEASURED};
}

enum equivalence_outcome equivalence_outcome_of(double p_difference, double p_equivalence,
                                                double alpha)
{
    if (isnan(p_difference) || isnan(p_equivalence))
        return EQUIVALENCE_UNKNOWN;
    if (p_equivalence < alpha)
        return p_difference < alpha ? EQUIVALENCE_NEGLIGIBLE : EQUIVALENCE_EQUIVALENT;
    return p_difference < alpha ? EQUIVALENCE_DIFFERENT : EQUIVALENCE_UNDECIDED;
}

/* P(T >= t) from the two-sided probability, which keeps the digits of a small tail. */
static double upper_tail(double t, double df)
{
    const double two = dist_t_two_sided(t, df);
    return t > 0 ? two / 2 : 1 - two / 2;
}

struct equivalence equivalence_of(double estimate, double se, double df,
                                  struct equivalence_limits limits, double alpha)
{
    struct equivalence r = {estimate,     NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                            NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, NOT_MEASURED,
                            NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, EQUIVALENCE_UNKNOWN};
    if (!(se > 0) || isnan(limits.lo) || isnan(limits.hi) || isnan(estimate))
        return r;
    r.se = se;
    r.df = df;
    r.t_lower = (estimate - limits.lo) / se;
    r.p_lower = upper_tail(r.t_lower, df);
    r.t_upper = (estimate - limits.hi) / se;
    r.p_upper = upper_tail(-r.t_upper, df);
    r.p = fmax(r.p_lower, r.p_upper);
    r.p_difference = dist_t_two_sided(estimate / se, df);
    const double half = dist_t_quantile(1 - alpha, df) * se;
    r.lo = estimate - half;
    r.hi = estimate + half;
    r.outcome = equivalence_outcome_of(r.p_difference, r.p, alpha);
    return r;
}

struct equivalence equivalence_welch(const struct moment *a, const struct moment *b,
                                     struct equivalence_limits limits, double alpha)
{
    if (a->n < 2 || b->n < 2)
        return equivalence_of(a->mean - b->mean, NOT_MEASURED, 0, limits, alpha);
    const double va = a->var / (double)a->n, vb = b->var / (double)b->n, v = va + vb;
    const double df = v * v / (va * va / (double)(a->n - 1) + vb * vb / (double)(b->n - 1));
    return equivalence_of(a->mean - b->mean, sqrt(v), df, limits, alpha);
}

struct question {
    double va, vb; /* of single runs */
    double difference, nearer, farther, alpha, power;
};

static bool answers(const struct question *q, size_t runs)
{
    const double n = (double)runs, va = q->va / n, vb = q->vb / n, v = va + vb, se = sqrt(v);
    const double df = v * v / (va * va + vb * vb) * (n - 1);
    if ((dist_t_quantile(1 - q->alpha / 2, df) + dist_t_quantile(q->power, df)) * se <=
        q->difference)
        return true;
    /* TOST's power is 1 - P(misses at the nearer limit) - P(misses at the farther one). */
    const double t = dist_t_quantile(1 - q->alpha, df);
    const double miss = upper_tail(q->nearer / se - t, df) + upper_tail(q->farther / se - t, df);
    return q->nearer > 0 && 1 - miss >= q->power;
}

size_t equivalence_runs(double estimate, double sd_a, double sd_b, struct equivalence_limits limits,
                        double alpha, double power)
{
    const double up = limits.hi - estimate, down = estimate - limits.lo;
    const struct question q = {.va = sd_a * sd_a,
                               .vb = sd_b * sd_b,
                               .difference = fabs(estimate),
                               .nearer = fmin(up, down),
                               .farther = fmax(up, down),
                               .alpha = alpha,
                               .power = power};
    if (!(q.va + q.vb > 0) || isnan(up) || isnan(down))
        return 0;
    size_t lo = 1, hi = 2; /* lo never answers: one run has no spread */
    while (hi < EQUIVALENCE_MOST_RUNS && !answers(&q, hi)) {
        lo = hi;
        hi *= 2;
    }
    if (hi >= EQUIVALENCE_MOST_RUNS)
        return EQUIVALENCE_MOST_RUNS;
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (answers(&q, middle))
            hi = middle;
        else
            lo = middle;
    }
    return hi;
}
