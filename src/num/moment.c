#include "num/moment.h"

#include "base/defs.h"

#include <math.h>

struct sum {
    double total, lost; /* lost: what rounding took from total */
};

static void add(struct sum *s, double x)
{
    const double t = s->total + x;
    s->lost += fabs(s->total) >= fabs(x) ? (s->total - t) + x : (x - t) + s->total;
    s->total = t;
}

double moment_sum(const double *x, size_t n)
{
    struct sum s = {};
    for (size_t i = 0; i < n; i++)
        add(&s, x[i]);
    return s.total + s.lost;
}

struct moment moment_of(const double *x, size_t n)
{
    struct moment r = {.n = n,
                       .mean = NOT_MEASURED,
                       .var = NOT_MEASURED,
                       .sd = NOT_MEASURED,
                       .min = NOT_MEASURED,
                       .max = NOT_MEASURED};
    if (n == 0)
        return r;
    r.mean = moment_sum(x, n) / (double)n;
    r.min = r.max = x[0];
    struct sum squares = {}, rest = {};
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - r.mean;
        add(&squares, d * d);
        add(&rest, d);
        r.min = fmin(r.min, x[i]);
        r.max = fmax(r.max, x[i]);
    }
    if (n < 2)
        return r;
    const double d = rest.total + rest.lost;
    r.var = (squares.total + squares.lost - d * d / (double)n) / (double)(n - 1);
    r.sd = sqrt(r.var);
    return r;
}

double moment_lag1(const double *x, size_t n)
{
    const struct moment m = moment_of(x, n);
    if (!(m.var > 0))
        return NOT_MEASURED;
    struct sum s = {};
    for (size_t i = 0; i + 1 < n; i++)
        add(&s, (x[i] - m.mean) * (x[i + 1] - m.mean));
    return (s.total + s.lost) / (m.var * (double)(n - 1));
}
