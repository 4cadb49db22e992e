#include "num/draw.h"

#include "base/defs.h"
#include "base/rng.h"

#include <math.h>

constexpr size_t WORDS = 512; /* at a time */

/* Lemire's multiplication of both halves. False: a low half is under the threshold, where the bias
 * would be, and the words are to be looked at one by one. */
static bool multiply(const uint64_t *word, size_t n, uint32_t bound, uint32_t threshold,
                     uint32_t *ret)
{
    uint32_t half[2 * WORDS];
    uint64_t under = 0; /* its top bit: a subtraction that had to borrow */
    for (size_t i = 0; i < n; i++) {
        half[2 * i] = (uint32_t)word[i];
        half[2 * i + 1] = (uint32_t)(word[i] >> 32);
    }
    for (size_t i = 0; i < 2 * n; i++) {
        const uint64_t product = (uint64_t)half[i] * bound;
        ret[i] = (uint32_t)(product >> 32);
        under |= (product & UINT32_MAX) - threshold;
    }
    return under >> 63 == 0;
}

static size_t keep(const uint64_t *word, size_t n, uint32_t bound, uint32_t threshold,
                   uint32_t *ret, size_t room)
{
    size_t k = 0;
    for (size_t i = 0; i < 2 * n && k < room; i++) {
        const uint32_t half = (uint32_t)(word[i / 2] >> (i % 2 * 32));
        const uint64_t product = (uint64_t)half * bound;
        if ((uint32_t)product >= threshold)
            ret[k++] = (uint32_t)(product >> 32);
    }
    return k;
}

void draw_indices(struct rng *r, uint32_t bound, uint32_t *ret, size_t n)
{
    uint64_t word[WORDS];
    const uint32_t threshold = -bound % bound;
    for (size_t k = 0; k < n;) {
        const size_t wanted = (n - k + 1) / 2, m = wanted < WORDS ? wanted : WORDS;
        rng_fill(r, word, m);
        if (2 * m <= n - k && multiply(word, m, bound, threshold, ret + k))
            k += 2 * m;
        else
            k += keep(word, m, bound, threshold, ret + k, n - k);
    }
}

/* Down from the probability of no success; n p below some 10, so that q^n does not vanish. */
static uint64_t by_inversion(struct rng *r, uint64_t n, double p)
{
    const double odds = p / (1 - p);
    double f = exp((double)n * log1p(-p)), u = rng_double(r);
    uint64_t k = 0;
    while (u > f && k < n) {
        u -= f;
        k++;
        f *= odds * (double)(n - k + 1) / (double)k;
    }
    return k;
}

/* log k! less Stirling's formula without its series, of k + 1/2. */
static double stirling_rest(double k)
{
    static const double table[] = {0.08106146679532726, 0.04134069595540929, 0.02767792568499834,
                                   0.02079067210376509, 0.01664469118982119, 0.01387612882307075,
                                   0.01189670994589177, 0.01041126526197209, 0.009255462182712733,
                                   0.008330563433362871};
    const size_t known = COUNT_OF(table);
    if (k < (double)known)
        return table[(size_t)k];
    const double a = 1 / (k + 1), b = a * a;
    return (1.0 / 12 - (1.0 / 360 - b / 1260) * b) * a;
}

static uint64_t by_rejection(struct rng *r, uint64_t trials, double p)
{
    const double n = (double)trials, spread = sqrt(n * p * (1 - p));
    const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double centre = n * p + 0.5, v_r = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread;
    const double odds = p / (1 - p), m = floor((n + 1) * p);
    for (;;) {
        const double u = rng_double(r) - 0.5;
        double v = rng_double(r);
        const double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + centre);
        if (us >= 0.07 && v <= v_r)
            return (uint64_t)k;
        if (!(k >= 0 && k <= n))
            continue;
        v = log(v * alpha / (a / (us * us) + b));
        const double bound = (m + 0.5) * log((m + 1) / (odds * (n - m + 1))) +
                             (n + 1) * log((n - m + 1) / (n - k + 1)) +
                             (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + stirling_rest(m) +
                             stirling_rest(n - m) - stirling_rest(k) - stirling_rest(n - k);
        if (v <= bound)
            return (uint64_t)k;
    }
}

uint64_t draw_binomial(struct rng *r, uint64_t n, double p)
{
    constexpr double FEW = 10; /* BTRS's squeeze needs at least so many expected */
    if (n == 0 || !(p > 0))
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - draw_binomial(r, n, 1 - p);
    return (double)n * p < FEW ? by_inversion(r, n, p) : by_rejection(r, n, p);
}
