#include "num/rank.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/merge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t EXACT_BELOW = 50;
constexpr size_t KS_EXACT_BELOW = 10'000;

static double binomial_coefficient(size_t n, size_t k)
{
    double c = 1;
    for (size_t i = 1; i <= k; i++)
        c = c * (double)(n - k + i) / (double)i;
    return c;
}

/* P(U <= u) for samples of na and nb without ties, u at most half of the pairs. Counts of the
 * arrangements with each u: f(m, n, u) = f(m - 1, n, u - n) + f(m, n - 1, u), by whether the
 * largest value is one of a or of b; row n of the table holds f(m, n, .) and m grows. Sums of
 * positive terms only: no digits are lost. */
static double u_lower(size_t u, size_t na, size_t nb, struct arena *a)
{
    const size_t width = u + 1;
    double *const f = ARENA_ARRAY(a, double, (nb + 1) * width);
    for (size_t n = 0; n <= nb; n++)
        f[n * width] = 1; /* m = 0: one arrangement, u = 0 */
    for (size_t m = 1; m <= na; m++)
        for (size_t n = 1; n <= nb; n++) {
            double *const row = f + n * width;
            const double *const shorter = row - width;
            for (size_t i = width; i-- > 0;)
                row[i] = shorter[i] + (i >= n ? row[i - n] : 0);
        }
    double sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += f[nb * width + i];
    return sum / binomial_coefficient(na + nb, na);
}

static double towards_zero(double z, double by)
{
    return z > 0 ? z - by : z < 0 ? z + by : 0;
}

struct rank_u rank_mann_whitney(const struct merge *m, struct arena *scratch)
{
    const size_t na = m->na, nb = m->nb;
    struct rank_u r = {NOT_MEASURED, NOT_MEASURED, false, NOT_MEASURED};
    if (na == 0 || nb == 0)
        return r;
    const double pairs = (double)na * (double)nb, n = (double)na + (double)nb;
    r.u = m->above;
    r.cliff = 2 * m->above / pairs - 1;
    if (na < EXACT_BELOW && nb < EXACT_BELOW && !(m->ties > 0)) {
        r.exact = true;
        r.p = fmin(1, 2 * u_lower((size_t)fmin(m->above, pairs - m->above), na, nb, scratch));
        return r;
    }
    const double sd = sqrt(pairs / 12 * (n + 1 - m->ties / (n * (n - 1))));
    r.p = sd > 0 ? dist_normal_two_sided(towards_zero(m->above - pairs / 2, 0.5) / sd) : 1;
    return r;
}

struct entry {
    double x;
    size_t at;
};

static int by_value(const void *a, const void *b)
{
    const double x = ((const struct entry *)a)->x, y = ((const struct entry *)b)->x;
    return (x > y) - (x < y);
}

/* Ranks from 1, equal values sharing the mean of theirs; returns the sum of t^3 - t over ties. */
static double midranks(struct entry *e, size_t n, double *ret)
{
    double ties = 0;
    if (n > 1)
        qsort(e, n, sizeof *e, by_value);
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        while (j < n && e[j].x <= e[i].x)
            j++;
        const double t = (double)(j - i), rank = ((double)i + (double)j + 1) / 2;
        for (; i < j; i++)
            ret[e[i].at] = rank;
        ties += t * t * t - t;
    }
    return ties;
}

/* P(V <= v) for n < EXACT_BELOW differences without ties: which subsets of 1..n sum to at most v.
 */
static double v_lower(size_t v, size_t n)
{
    constexpr size_t MOST = EXACT_BELOW * (EXACT_BELOW + 1) / 2;
    double count[MOST] = {1};
    for (size_t k = 1; k <= n; k++)
        for (size_t s = v; s >= k; s--)
            count[s] += count[s - k];
    double sum = 0;
    for (size_t s = 0; s <= v; s++)
        sum += count[s];
    return ldexp(sum, -(int)n);
}

struct rank_signed rank_wilcoxon(const double *d, size_t n, struct arena *scratch)
{
    struct rank_signed r = {0, NOT_MEASURED, false, 0};
    struct entry *const e = ARENA_ARRAY(scratch, struct entry, n);
    double *const rank = ARENA_ARRAY(scratch, double, n);
    bool zeros = false;
    for (size_t i = 0; i < n; i++)
        if (fabs(d[i]) > 0)
            e[r.n++] = (struct entry){fabs(d[i]), i};
        else
            zeros = zeros || !isnan(d[i]);
    const double ties = midranks(e, r.n, rank);
    for (size_t i = 0; i < n; i++)
        r.v += d[i] > 0 ? rank[i] : 0;
    if (r.n == 0) {
        r.v = NOT_MEASURED;
        return r;
    }
    const double m = (double)r.n, all = m * (m + 1) / 2;
    r.exact = r.n < EXACT_BELOW && !zeros && !(ties > 0);
    if (r.exact) {
        r.p = fmin(1, 2 * v_lower((size_t)fmin(r.v, all - r.v), r.n));
        return r;
    }
    const double sd = sqrt(m * (m + 1) * (2 * m + 1) / 24 - ties / 48);
    r.p = dist_normal_two_sided(towards_zero(r.v - all / 2, 0.5) / sd);
    return r;
}

/* P(K >= z), K the limit of sqrt(na nb / (na + nb)) D. Of the two series the one that converges at
 * once. */
static double kolmogorov_upper(double z)
{
    const double pi = 3.14159265358979323846;
    double sum = 0;
    if (z <= 0)
        return 1;
    if (z < 1) {
        for (int k = 1; k < 40; k += 2)
            sum += exp(-k * k * pi * pi / (8 * z * z));
        return 1 - sqrt(2 * pi) / z * sum;
    }
    for (int k = 1; k < 40; k++)
        sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * z * z);
    return sum;
}

/* The pooled sample: the distance na nb D, and after which of its values (from 1) the distribution
 * functions may be compared: not inside a run of equal ones. */
static size_t distance(const double *a, size_t na, const double *b, size_t nb, bool *ret_step)
{
    size_t i = 0, j = 0, most = 0;
    while (i < na || j < nb) {
        const double v = j >= nb || (i < na && a[i] < b[j]) ? a[i] : b[j];
        while (i < na && a[i] <= v)
            i++;
        while (j < nb && b[j] <= v)
            j++;
        ret_step[i + j] = true;
        const size_t x = i * nb, y = j * na, d = x > y ? x - y : y - x;
        most = d > most ? d : most;
    }
    return most;
}

/* P(na nb D >= d): over all paths from (0, 0) to (na, nb), which are equally likely, the share that
 * comes to a point with |i nb - j na| >= d. */
static double ks_upper(size_t d, size_t na, size_t nb, const bool *step, struct arena *a)
{
    double *const u = ARENA_ARRAY(a, double, nb + 1);
    for (size_t i = 0; i <= na; i++)
        for (size_t j = 0; j <= nb; j++) {
            const size_t x = i * nb, y = j * na;
            if (step[i + j] && (x > y ? x - y : y - x) >= d)
                u[j] = 1;
            else if (i + j > 0)
                u[j] = ((double)i * u[j] + (j ? (double)j * u[j - 1] : 0)) / (double)(i + j);
        }
    return u[nb];
}

struct rank_ks rank_kolmogorov_smirnov(const struct merge *m, struct arena *scratch)
{
    const size_t na = m->na, nb = m->nb;
    struct rank_ks r = {NOT_MEASURED, NOT_MEASURED, false};
    if (na == 0 || nb == 0)
        return r;
    r.exact = na < KS_EXACT_BELOW && nb < KS_EXACT_BELOW && na * nb < KS_EXACT_BELOW;
    bool *const step = ARENA_ARRAY(scratch, bool, r.exact ? na + nb + 1 : 1);
    const size_t d = r.exact ? distance(m->a, na, m->b, nb, step) : m->distance;
    const double x = (double)na, y = (double)nb;
    r.d = (double)d / (x * y);
    r.p = d == 0    ? 1
          : r.exact ? fmin(1, ks_upper(d, na, nb, step, scratch))
                    : kolmogorov_upper(r.d * sqrt(x * y / (x + y)));
    return r;
}

static struct rank_groups chi_squared(double statistic, double df)
{
    if (!isfinite(statistic))
        return (struct rank_groups){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    return (struct rank_groups){statistic, df, dist_chi2_upper(statistic, df)};
}

struct rank_groups rank_kruskal_wallis(const double *x, const size_t *n, size_t k,
                                       struct arena *scratch)
{
    size_t total = 0;
    for (size_t g = 0; g < k; g++) {
        if (n[g] == 0)
            return chi_squared(NOT_MEASURED, 0);
        total += n[g];
    }
    if (k < 2)
        return chi_squared(NOT_MEASURED, 0);
    struct entry *const e = ARENA_ARRAY(scratch, struct entry, total);
    double *const rank = ARENA_ARRAY(scratch, double, total);
    for (size_t i = 0; i < total; i++)
        e[i] = (struct entry){x[i], i};
    const double ties = midranks(e, total, rank), m = (double)total;
    double between = 0;
    for (size_t g = 0, i = 0; g < k; g++) {
        double off = 0;
        for (const size_t end = i + n[g]; i < end; i++)
            off += rank[i] - (m + 1) / 2;
        between += off * off / (double)n[g];
    }
    const double h = 12 / (m * (m + 1)) * between / (1 - ties / (m * m * m - m));
    return chi_squared(h, (double)(k - 1));
}

struct rank_groups rank_friedman(const double *x, size_t blocks, size_t k, struct arena *scratch)
{
    if (blocks < 2 || k < 2)
        return chi_squared(NOT_MEASURED, 0);
    struct entry *const e = ARENA_ARRAY(scratch, struct entry, k);
    double *const rank = ARENA_ARRAY(scratch, double, k);
    double *const off = ARENA_ARRAY(scratch, double, k); /* rank sums, less their expectation */
    const double b = (double)blocks, t = (double)k;
    double ties = 0, squares = 0;
    for (size_t row = 0; row < blocks; row++) {
        for (size_t c = 0; c < k; c++)
            e[c] = (struct entry){x[row * k + c], c};
        ties += midranks(e, k, rank);
        for (size_t c = 0; c < k; c++)
            off[c] += rank[c] - (t + 1) / 2;
    }
    for (size_t c = 0; c < k; c++)
        squares += off[c] * off[c];
    return chi_squared(12 * squares / (b * t * (t + 1) - ties / (t - 1)), t - 1);
}
