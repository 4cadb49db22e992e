#include "lab/logit_diff.h"

#include <math.h>

double logit_diff_deviation(const float *x, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    const double mean = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - mean) * ((double)x[i] - mean);
    return n ? sqrt(squares / (double)n) : 0;
}

static size_t best_of(const float *x, size_t n, double *ret_lead)
{
    size_t best = 0;
    double second = -HUGE_VAL;
    for (size_t i = 1; i < n; i++) {
        if (x[i] > x[best]) {
            second = (double)x[best];
            best = i;
        } else if ((double)x[i] > second) {
            second = (double)x[i];
        }
    }
    *ret_lead = (double)x[best] - second;
    return best;
}

void logit_diff_add(const float *reference, const float *x, size_t positions, size_t vocab,
                    double deviation, double bound, struct logit_diff *sum)
{
    for (size_t p = 0; p < positions; p++, reference += vocab, x += vocab) {
        double worst = 0, lead, unused;
        for (size_t i = 0; i < vocab; i++) {
            const double d = fabs((double)x[i] - (double)reference[i]);
            if (!(d <= worst)) /* a NaN as well */
                worst = isnan(d) ? HUGE_VAL : d;
        }
        if (worst / deviation > sum->worst)
            sum->worst = worst / deviation;
        const size_t want = best_of(reference, vocab, &lead);
        sum->positions++;
        if (lead > bound * deviation) {
            sum->checked++;
            sum->agreed += best_of(x, vocab, &unused) == want;
        }
    }
}
