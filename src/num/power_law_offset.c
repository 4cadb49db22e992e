#include "num/power_law_offset.h"

#include <math.h>

static const double MOST = 6; /* of |b|: beyond, it is an exponential */
constexpr int GRID = 96;
constexpr int REFINE = 80;

struct sums {                 /* of the rows, for one b */
    double rss, slope, level; /* y = level + slope * basis */
};

struct rows {
    const double *x, *y;
    const uint32_t *pick;
    size_t n;
    double log_scale; /* the mean of log x */
};

static double basis(const struct rows *r, size_t i, double b)
{
    const double u = log(r->x[i]) - r->log_scale;
    return fabs(b * u) > 0 ? expm1(b * u) / b : u;
}

static struct sums at(const struct rows *r, double b)
{
    double mz = 0, my = 0, zz = 0, zy = 0, yy = 0;
    for (size_t k = 0; k < r->n; k++) {
        const size_t i = r->pick ? r->pick[k] : k;
        mz += basis(r, i, b) / (double)r->n;
        my += r->y[i] / (double)r->n;
    }
    for (size_t k = 0; k < r->n; k++) {
        const size_t i = r->pick ? r->pick[k] : k;
        const double z = basis(r, i, b) - mz, y = r->y[i] - my;
        zz += z * z;
        zy += z * y;
        yy += y * y;
    }
    const double slope = zz > 0 ? zy / zz : 0;
    return (struct sums){fmax(0, yy - slope * zy), slope, my - slope * mz};
}

/* Golden section between lo and hi, which hold one minimum. */
static double refine(const struct rows *r, double lo, double hi)
{
    const double golden = 0.61803398874989484820;
    double x1 = hi - golden * (hi - lo), x2 = lo + golden * (hi - lo);
    double f1 = at(r, x1).rss, f2 = at(r, x2).rss;
    for (int i = 0; i < REFINE && hi - lo > 1e-10; i++) {
        if (f1 < f2) {
            hi = x2;
            x2 = x1;
            f2 = f1;
            x1 = hi - golden * (hi - lo);
            f1 = at(r, x1).rss;
        } else {
            lo = x1;
            x1 = x2;
            f1 = f2;
            x2 = lo + golden * (hi - lo);
            f2 = at(r, x2).rss;
        }
    }
    return (lo + hi) / 2;
}

bool power_law_offset_fit(const double *x, const double *y, const uint32_t *pick, size_t n,
                          struct power_law_offset *ret)
{
    struct rows r = {x, y, pick, n, 0};
    for (size_t k = 0; k < n; k++)
        r.log_scale += log(x[pick ? pick[k] : k]) / (double)n;
    int best = 0;
    double least = (double)INFINITY;
    for (int g = 0; g <= GRID; g++) {
        const double rss = at(&r, MOST * (2.0 * g / GRID - 1)).rss;
        if (rss < least) {
            least = rss;
            best = g;
        }
    }
    if (best == 0 || best == GRID)
        return false;
    const double step = 2 * MOST / GRID, middle = MOST * (2.0 * best / GRID - 1);
    const double b = refine(&r, middle - step, middle + step);
    const struct sums s = at(&r, b);
    if (!(fabs(b) > 1e-9)) /* a logarithm: not of this form */
        return false;
    *ret = (struct power_law_offset){
        .a = s.slope / b * exp(-b * r.log_scale), .b = b, .c = s.level - s.slope / b};
    return isfinite(ret->a) && isfinite(ret->c);
}
