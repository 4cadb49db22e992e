#include "num/incomplete.h"

/* Far below what a double shows, far above wide_t's own error. */
static const double ENOUGH = 1e-20;

/* Steps that no case within the contract reaches. */
constexpr long MANY = 2'000'000;

static wide_t not_zero(wide_t v)
{
    return v == 0 ? (wide_t)DBL_MIN : v;
}

/* log_tail of the smaller-by-construction side; the other is one minus it. */
static struct incomplete tails(wide_t log_tail, bool is_lower)
{
    const wide_t tail = wide_exp(log_tail), rest = tail < 1 ? 1 - tail : (wide_t)0;
    const double near = (double)tail, far = (double)rest;
    const double log_near = (double)log_tail, log_far = (double)WIDE_CALL(log1p)(-tail);
    return is_lower ? (struct incomplete){near, far, log_near, log_far}
                    : (struct incomplete){far, near, log_far, log_near};
}

/* Lentz's algorithm as Thompson and Barnett (1986) have it. */
struct lentz {
    wide_t c, d, value;
};

static wide_t lentz_step(struct lentz *l, wide_t numerator, wide_t denominator)
{
    l->d = 1 / not_zero(denominator + numerator * l->d);
    l->c = not_zero(denominator + numerator / l->c);
    const wide_t factor = l->c * l->d;
    l->value *= factor;
    return wide_abs(factor - 1);
}

static wide_t beta_fraction(wide_t a, wide_t b, wide_t x)
{
    const wide_t d = 1 / not_zero(1 - (a + b) * x / (a + 1));
    struct lentz l = {.c = 1, .d = d, .value = d};
    for (long i = 1; i < MANY; i++) {
        const wide_t m = i, k = a + 2 * m;
        (void)lentz_step(&l, m * (b - m) * x / ((k - 1) * k), 1);
        if (lentz_step(&l, -(a + m) * (a + b + m) * x / (k * (k + 1)), 1) < (wide_t)ENOUGH)
            break;
    }
    return l.value;
}

static struct incomplete beta_side(wide_t a, wide_t b, wide_t x, wide_t y, bool is_lower)
{
    const wide_t log_front = a * wide_log(x) + b * wide_log(y) + wide_lgamma(a + b) -
                             wide_lgamma(a) - wide_lgamma(b) - wide_log(a);
    return tails(log_front + wide_log(beta_fraction(a, b, x)), is_lower);
}

struct incomplete incomplete_beta(double a, double b, wide_t x, wide_t y)
{
    if (x <= 0)
        return (struct incomplete){0, 1, -INFINITY, 0};
    if (y <= 0)
        return (struct incomplete){1, 0, 0, -INFINITY};
    const wide_t wa = a, wb = b;
    return x <= (wa + 1) / (wa + wb + 2) ? beta_side(wa, wb, x, y, true)
                                         : beta_side(wb, wa, y, x, false);
}

static wide_t gamma_series(wide_t a, wide_t x)
{
    wide_t term = 1 / a, sum = term;
    for (wide_t n = a + 1; term > sum * (wide_t)ENOUGH; n += 1) {
        term *= x / n;
        sum += term;
    }
    return sum;
}

static wide_t gamma_fraction(wide_t a, wide_t x)
{
    const wide_t first = x + 1 - a;
    struct lentz l = {.c = 1 / (wide_t)DBL_MIN, .d = 1 / first, .value = 1 / first};
    for (long i = 1; i < MANY; i++)
        if (lentz_step(&l, -(wide_t)i * ((wide_t)i - a), first + 2 * (wide_t)i) < (wide_t)ENOUGH)
            break;
    return l.value;
}

struct incomplete incomplete_gamma(double a, double x)
{
    if (!(x > 0))
        return (struct incomplete){0, 1, -INFINITY, 0};
    const wide_t wa = a, wx = x;
    const wide_t log_front = wa * wide_log(wx) - wx - wide_lgamma(wa);
    const bool below = wx < wa + 1;
    return tails(log_front + wide_log(below ? gamma_series(wa, wx) : gamma_fraction(wa, wx)),
                 below);
}
