#include "num/root.h"

#include <float.h>
#include <math.h>

constexpr int MOST_STEPS = 200;

struct point {
    double x, f;
};

/* The fraction of the way from b to a at which to look next; c is the point that a replaced. */
static double fraction(struct point a, struct point b, struct point c)
{
    const double xi = (a.x - b.x) / (c.x - b.x), phi = (a.f - b.f) / (c.f - b.f);
    if (!(phi * phi < xi && (1 - phi) * (1 - phi) < 1 - xi))
        return 0.5;
    return a.f / (b.f - a.f) * (c.f / (b.f - c.f)) +
           (c.x - a.x) / (b.x - a.x) * (a.f / (c.f - a.f)) * (b.f / (c.f - b.f));
}

double root_between(double (*f)(const void *ctx, double x), const void *ctx, double lo, double hi)
{
    struct point a = {hi, f(ctx, hi)}, b = {lo, f(ctx, lo)};
    if (!(b.f < 0))
        return b.f >= 0 ? lo : b.f;
    if (!(a.f > 0))
        return a.f <= 0 ? hi : a.f;
    double t = 0.5;
    for (int i = 0; i < MOST_STEPS; i++) {
        const double x = a.x + t * (b.x - a.x);
        const struct point new = {x, f(ctx, x)};
        struct point c = a;
        if ((new.f > 0) != (a.f > 0)) {
            c = b;
            b = a;
        }
        a = new;
        const double best = fabs(a.f) < fabs(b.f) ? a.x : b.x;
        const double limit = (2 * DBL_EPSILON * fabs(best) + DBL_MIN) / fabs(b.x - a.x);
        if (limit > 0.5 || a.f == 0 || isnan(a.f))
            return isnan(a.f) ? a.f : best;
        t = fmin(1 - limit, fmax(limit, fraction(a, b, c)));
    }
    return a.x;
}

double root_from(double (*f)(const void *ctx, double x), const void *ctx, double start, double step)
{
    double lo = start, hi = start;
    const double here = f(ctx, start);
    if (isnan(here))
        return here;
    for (; here > 0 && f(ctx, lo) > 0 && isfinite(lo); step *= 2) {
        hi = lo;
        lo -= step;
    }
    for (; here < 0 && f(ctx, hi) < 0 && isfinite(hi); step *= 2) {
        lo = hi;
        hi += step;
    }
    return root_between(f, ctx, lo, hi);
}
