#include "num/tail_verdict.h"

#include "base/defs.h"
#include "num/dist.h"

#include <math.h>

static bool usable(const struct tail_verdict_rule *r)
{
    const double p = r->p - r->tolerance;
    return p > 0 && p < 1 && r->confidence > 0 && r->confidence < 1;
}

static bool enough(const struct tail_verdict_rule *r, size_t under, size_t over)
{
    return dist_binomial_cdf((double)over, under + over, 1 - (r->p - r->tolerance)) <=
           1 - r->confidence;
}

size_t tail_verdict_under(const struct tail_verdict_rule *r, size_t over)
{
    if (!usable(r))
        return 0;
    size_t lo = 0, hi = 1; /* lo is not enough: P(Bin(t, q) <= t) is 1 */
    while (!enough(r, hi, over)) {
        lo = hi;
        hi *= 2;
    }
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (enough(r, middle, over))
            hi = middle;
        else
            lo = middle;
    }
    return hi;
}

struct tail_verdict_result tail_verdict_of(const struct tail_verdict_rule *r, const double *x,
                                           size_t n, double limit)
{
    struct tail_verdict_result v = {.queries = n};
    for (size_t i = 0; i < n; i++)
        v.over += !(x[i] <= limit); /* a missing latency is not under it */
    if (!usable(r) || n == 0)
        return v;
    v.needed = tail_verdict_under(r, v.over);
    const double q = 1 - (r->p - r->tolerance);
    const double upper = v.over ? dist_binomial_upper((double)v.over - 1, n, q) : 1;
    v.verdict = n - v.over >= v.needed       ? TAIL_VERDICT_PASS
                : upper <= 1 - r->confidence ? TAIL_VERDICT_FAIL
                                             : TAIL_VERDICT_UNDECIDED;
    return v;
}

double tail_verdict_estimate(const struct tail_verdict_rule *r, const double *x, size_t n)
{
    if (!usable(r) || n < 2 || !enough(r, n - 1, 1))
        return NOT_MEASURED;
    size_t t = 1, bad = n; /* t over the limit are admitted, bad are not */
    while (bad - t > 1) {
        const size_t middle = t + (bad - t) / 2;
        if (enough(r, n - middle, middle))
            t = middle;
        else
            bad = middle;
    }
    return x[n - t];
}
