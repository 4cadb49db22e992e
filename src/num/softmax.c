#include "num/softmax.h"

#include <math.h>

bool softmax_row_of(const float *x, size_t n, struct softmax_row *ret)
{
    struct softmax_row r = {.x = x, .n = n};
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || x[i] == INFINITY)
            return false;
        if (x[i] > x[r.top])
            r.top = i;
    }
    r.max = (double)x[r.top];
    if (isinf(r.max))
        return false;
    double sum = 0, lost = 0; /* Neumaier's, with terms that are never larger than the sum */
    for (size_t i = 0; i < n; i++) {
        const double term = exp((double)x[i] - r.max), next = sum + term;
        lost += sum >= term ? (sum - next) + term : (term - next) + sum;
        sum = next;
    }
    r.log_sum = log(sum + lost);
    *ret = r;
    return true;
}

double softmax_nll(const struct softmax_row *r, size_t token)
{
    return r->log_sum - ((double)r->x[token] - r->max);
}

double softmax_kl(const struct softmax_row *p, const struct softmax_row *q)
{
    const double p_zero = p->max + p->log_sum, q_zero = q->max + q->log_sum;
    double sum = 0, lost = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double lp = (double)p->x[i] - p_zero, lq = (double)q->x[i] - q_zero, d = lq - lp;
        const double term = isinf(lp) || d > 1 ? exp(lq) - (isinf(lp) ? 0 : exp(lp) * (1 + d))
                                               : exp(lp) * (expm1(d) - d);
        const double next = sum + term;
        if (isinf(next))
            return HUGE_VAL;
        lost += sum >= term ? (sum - next) + term : (term - next) + sum;
        sum = next;
    }
    return sum + lost;
}
