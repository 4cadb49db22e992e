#include "num/modes.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/modes_table.h"
#include "num/moment.h"

#include <math.h>
#include <stdint.h>

/* ---- the dip ---- */

/* The greatest convex function under the points (x[i], i), or the least concave one over them:
 * next[i] is the neighbour of i on the hull of the points from i to the end that it starts from. */
static void hull(const double *x, size_t n, bool convex, size_t *next)
{
    const size_t end = convex ? 0 : n - 1;
    next[end] = end;
    for (size_t step = 1; step < n; step++) {
        const size_t i = convex ? step : n - 1 - step;
        size_t k = convex ? i - 1 : i + 1;
        while (k != end) {
            /* Keep k where the slope from i to k is steeper (convex) than from k to the one after.
             */
            const size_t m = next[k];
            const double near = fabs(x[i] - x[k]) * fabs((double)k - (double)m);
            const double far = fabs(x[k] - x[m]) * fabs((double)i - (double)k);
            if (near < far)
                break;
            k = m;
        }
        next[i] = k;
    }
}

struct chain { /* hull points of an interval, from one end to the other */
    size_t *at;
    size_t n;
};

/* Line from point a to b of a hull, at x: its height there, in counts. */
static double line(const double *x, size_t a, size_t b, double at)
{
    const double width = x[b] - x[a];
    return width > 0 ? (double)a + (at - x[a]) * ((double)b - (double)a) / width : (double)b;
}

/* Where the two hulls are farthest apart. minorant runs downwards from high to low, majorant
 * upwards from low to high. Distances count the step of the distribution function: + 1. */
static double farthest(const double *x, const struct chain *minorant, const struct chain *majorant,
                       size_t *ret_low, size_t *ret_high)
{
    double d = 0;
    *ret_low = minorant->n - 1;
    *ret_high = majorant->n - 1;
    if (minorant->n == 2 && majorant->n == 2)
        return 1;
    size_t g = minorant->n - 2, h = 1;
    do {
        const size_t on_minorant = minorant->at[g], on_majorant = majorant->at[h];
        if (on_minorant > on_majorant) { /* the next point to the right is the majorant's */
            const double apart =
                (double)on_majorant + 1 - line(x, minorant->at[g + 1], on_minorant, x[on_majorant]);
            h++;
            if (apart >= d) {
                d = apart;
                *ret_low = g + 1;
                *ret_high = h - 1;
            }
        } else {
            const double apart =
                line(x, majorant->at[h - 1], on_majorant, x[on_minorant]) - (double)on_minorant + 1;
            if (apart >= d) {
                d = apart;
                *ret_low = g;
                *ret_high = h;
            }
            g = g > 0 ? g - 1 : 0;
        }
        h = h < majorant->n ? h : majorant->n - 1;
    } while (minorant->at[g] != majorant->at[h]);
    return d;
}

/* How far the distribution function is from the hull between the hull's points a < b. */
static double between(const double *x, size_t a, size_t b, bool convex)
{
    double most = 1;
    if (b - a < 2 || !(x[b] > x[a]))
        return most;
    for (size_t i = a; i <= b; i++) {
        const double on_line = line(x, a, b, x[i]);
        most = fmax(most, convex ? (double)i + 1 - on_line : on_line - (double)i + 1);
    }
    return most;
}

/* The dip in counts, times two. */
static double dip_of(const double *x, size_t n, struct arena *scratch)
{
    size_t *below = ARENA_ARRAY(scratch, size_t, n), *above = ARENA_ARRAY(scratch, size_t, n);
    struct chain g = {ARENA_ARRAY(scratch, size_t, n), 0}, h = {ARENA_ARRAY(scratch, size_t, n), 0};
    hull(x, n, true, below);
    hull(x, n, false, above);
    size_t low = 0, high = n - 1;
    double dip = 1;
    for (;;) {
        g.n = h.n = 0;
        g.at[g.n++] = high;
        while (g.at[g.n - 1] > low)
            g.at[g.n] = below[g.at[g.n - 1]], g.n++;
        h.at[h.n++] = low;
        while (h.at[h.n - 1] < high)
            h.at[h.n] = above[h.at[h.n - 1]], h.n++;

        size_t to_low, to_high;
        if (farthest(x, &g, &h, &to_low, &to_high) < dip)
            return dip;
        double left = 0, right = 0;
        for (size_t k = to_low; k + 1 < g.n; k++)
            left = fmax(left, between(x, g.at[k + 1], g.at[k], true));
        for (size_t k = to_high; k + 1 < h.n; k++)
            right = fmax(right, between(x, h.at[k], h.at[k + 1], false));
        dip = fmax(dip, fmax(left, right));
        if (low == g.at[to_low] && high == h.at[to_high])
            return dip;
        low = g.at[to_low];
        high = h.at[to_high];
    }
}

/* Quantiles of sqrt(n) dip in the table's column, between its rows linear in 1 / sqrt(n): the limit
 * at infinite n is approached that way. */
static double critical(size_t n, size_t column)
{
    const size_t last = MODES_TABLE_ROWS - 1;
    size_t r = 0;
    while (r < last && MODES_TABLE_N[r + 1] <= n)
        r++;
    if (r == last)
        return MODES_TABLE[last][column];
    const double a = 1 / sqrt((double)MODES_TABLE_N[r]), b = 1 / sqrt((double)MODES_TABLE_N[r + 1]);
    const double w = (1 / sqrt((double)n) - b) / (a - b);
    return w * MODES_TABLE[r][column] + (1 - w) * MODES_TABLE[r + 1][column];
}

static double dip_p(double dip, size_t n)
{
    const double v = sqrt((double)n) * dip;
    double q = critical(n, 0);
    if (v <= q)
        return 1;
    for (size_t k = 0; k + 1 < MODES_TABLE_COLUMNS; k++) {
        const double next = critical(n, k + 1);
        if (v < next) { /* log-linear in the upper tail, linear below */
            const double w = (v - q) / (next - q), p = MODES_TABLE_P[k], p2 = MODES_TABLE_P[k + 1];
            return p2 < 0.5 ? exp((1 - w) * log(p) + w * log(p2)) : (1 - w) * p + w * p2;
        }
        q = next;
    }
    return MODES_LEAST_P;
}

struct modes_dip modes_dip(const double *sorted, size_t n, struct arena *scratch)
{
    struct modes_dip r = {NOT_MEASURED, NOT_MEASURED};
    if (n < 4)
        return r;
    if (!(sorted[0] < sorted[n - 1]))
        return (struct modes_dip){0.5 / (double)n, 1};
    r.dip = dip_of(sorted, n, scratch) / (2 * (double)n);
    r.p = dip_p(r.dip, n);
    return r;
}

/* ---- the mixture ---- */

static double log_normal_density(const struct modes_part *part, double x)
{
    constexpr double HALF_LOG_2_PI = 0.9189385332046727;
    const double z = (x - part->mean) / part->sd;
    return log(part->share) - log(part->sd) - HALF_LOG_2_PI - 0.5 * z * z;
}

struct em_sums { /* weighted by the chance of the part */
    double w, x, xx;
};

static void fit_part(const struct em_sums *s, double n, double least_sd, struct modes_part *ret)
{
    const double mean = s->x / s->w;
    ret->share = s->w / n;
    ret->mean = mean;
    ret->sd = fmax(sqrt(fmax(s->xx / s->w - mean * mean, 0)), least_sd);
}

/* One step; returns the log likelihood before it. */
static double em_step(const double *x, size_t n, double least_sd, struct modes_part part[2])
{
    struct em_sums s[2] = {};
    double log_lik = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = log_normal_density(&part[0], x[i]), b = log_normal_density(&part[1], x[i]);
        const double most = fmax(a, b), both = most + log1p(exp(-fabs(a - b)));
        const double w[2] = {exp(a - both), exp(b - both)};
        log_lik += both;
        for (size_t k = 0; k < 2; k++) {
            s[k].w += w[k];
            s[k].x += w[k] * x[i];
            s[k].xx += w[k] * x[i] * x[i];
        }
    }
    for (size_t k = 0; k < 2; k++)
        if (s[k].w > 1e-6)
            fit_part(&s[k], (double)n, least_sd, &part[k]);
    return log_lik;
}

/* Values are centred and scaled, so that fit_part's difference of squares does not cancel. */
static double fit_two(const double *x, size_t n, size_t cut, double least_sd,
                      struct modes_part part[2])
{
    const struct moment a = moment_of(x, cut), b = moment_of(x + cut, n - cut);
    const double share = (double)cut / (double)n;
    part[0] = (struct modes_part){share, a.mean, fmax(a.n > 1 ? a.sd : 0, least_sd)};
    part[1] = (struct modes_part){1 - share, b.mean, fmax(b.n > 1 ? b.sd : 0, least_sd)};
    double before = -INFINITY, now = -INFINITY;
    constexpr int MOST_STEPS = 60;
    for (int step = 0; step < MOST_STEPS; step++) {
        now = em_step(x, n, least_sd, part);
        if (now - before < 1e-5 * fabs(now))
            break;
        before = now;
    }
    return now;
}

/* The cut that leaves the least variance within its two sides. */
static size_t best_cut(const double *x, size_t n)
{
    double total = 0, sum = 0, most = -1;
    for (size_t i = 0; i < n; i++)
        total += x[i];
    size_t cut = n / 2;
    for (size_t i = 1; i < n; i++) {
        sum += x[i - 1];
        const double off = sum / (double)i - (total - sum) / (double)(n - i);
        const double gain = (double)i * (double)(n - i) * off * off;
        if (gain > most) {
            most = gain;
            cut = i;
        }
    }
    return cut;
}

struct modes_mixture modes_mixture(const double *sorted, size_t n, double least_sd,
                                   struct arena *scratch)
{
    struct modes_mixture r = {{NOT_MEASURED, NOT_MEASURED, NOT_MEASURED},
                              {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED},
                              NOT_MEASURED,
                              NOT_MEASURED,
                              n < MODES_MOST_N ? n : MODES_MOST_N};
    const struct moment all = moment_of(sorted, n);
    if (n < 6 || !(all.min < all.max))
        return r;
    const size_t m = r.n_used;
    double *x = ARENA_ARRAY(scratch, double, m);
    for (size_t i = 0; i < m; i++) /* the middle of each m-th of the order */
        x[i] = (sorted[(size_t)(((double)i + 0.5) * (double)n / (double)m)] - all.mean) / all.sd;
    const struct moment one = moment_of(x, m);
    const double floor = fmax(least_sd / all.sd, 1e-6);

    struct modes_part best[2] = {}, part[2];
    double most = -INFINITY;
    const size_t cuts[] = {best_cut(x, m), m / 2, m / 10 > 1 ? m / 10 : 2,
                           m - (m / 10 > 1 ? m / 10 : 2)};
    for (size_t k = 0; k < COUNT_OF(cuts); k++) {
        const double log_lik = fit_two(x, m, cuts[k], floor, part);
        if (log_lik > most) {
            most = log_lik;
            best[0] = part[0];
            best[1] = part[1];
        }
    }
    const double var = one.var * (double)(m - 1) / (double)m;
    const double log_one = -0.5 * (double)m * (log(2 * acos(-1.0) * fmax(var, floor * floor)) + 1);
    r.bic_gain = 2 * (most - log_one) - 3 * log((double)m); /* five parameters against two */
    const size_t low = best[0].mean <= best[1].mean ? 0 : 1;
    r.low = best[low];
    r.high = best[1 - low];
    r.ashman = sqrt(2.0) * (r.high.mean - r.low.mean) / hypot(r.low.sd, r.high.sd);
    for (struct modes_part *p = &r.low;; p = &r.high) {
        p->mean = all.mean + all.sd * p->mean;
        p->sd *= all.sd;
        if (p == &r.high)
            return r;
    }
}
