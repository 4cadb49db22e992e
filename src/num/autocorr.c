#include "num/autocorr.h"

#include "base/arena.h"
#include "base/defs.h"
#include "num/dist.h"
#include "num/moment.h"

#include <math.h>
#include <string.h>

/* x minus its mean, and the sum of squares; 0 when nothing varies. */
static double centre(const double *x, size_t n, double *ret)
{
    const struct moment m = moment_of(x, n);
    double ss = 0;
    for (size_t i = 0; i < n; i++) {
        ret[i] = x[i] - m.mean;
        ss += ret[i] * ret[i];
    }
    return m.min < m.max ? ss : 0;
}

static double product(const double *d, size_t n, size_t lag)
{
    double s = 0;
    for (size_t i = 0; i + lag < n; i++)
        s += d[i] * d[i + lag];
    return s;
}

void autocorr_acf(const double *x, size_t n, size_t max_lag, double *ret)
{
    const struct moment m = moment_of(x, n);
    const bool varies = n >= 2 && m.min < m.max;
    double ss = 0;
    for (size_t i = 0; varies && i < n; i++)
        ss += (x[i] - m.mean) * (x[i] - m.mean);
    for (size_t k = 0; k <= max_lag; k++) {
        ret[k] = varies && k < n ? 0 : NOT_MEASURED;
        for (size_t i = 0; varies && i + k < n; i++)
            ret[k] += (x[i] - m.mean) * (x[i + k] - m.mean);
        ret[k] = k == 0 && varies ? 1 : ret[k] / ss;
    }
}

/* The autoregression of one order more: phi[0..order) becomes phi[0..order], v the share of the
 * variance that it leaves. */
static void levinson(const double *acf, size_t order, double *phi, double *scratch, double *v)
{
    double num = acf[order + 1];
    for (size_t j = 0; j < order; j++)
        num -= phi[j] * acf[order - j];
    const double k = num / *v;
    for (size_t j = 0; j < order; j++)
        scratch[j] = phi[j] - k * phi[order - 1 - j];
    memcpy(phi, scratch, order * sizeof *phi);
    phi[order] = k;
    *v *= 1 - k * k;
}

void autocorr_pacf(const double *acf, size_t max_lag, double *ret, struct arena *scratch)
{
    double *phi = ARENA_ARRAY(scratch, double, max_lag + 1);
    double *spare = ARENA_ARRAY(scratch, double, max_lag + 1);
    double v = 1;
    for (size_t k = 0; k < max_lag; k++) {
        levinson(acf, k, phi, spare, &v);
        ret[k] = phi[k];
    }
}

/* 1 + 2 sum rho over Geyer's initial monotone sequence of d, whose sum of squares is ss. Returns
 * false when the sequence does not end within most lags. */
static bool geyer_sum(const double *d, size_t n, double ss, size_t most, double *ret_sum,
                      size_t *ret_lags)
{
    double sum = -1, before = INFINITY;
    size_t lag = 0;
    for (; lag < n; lag += 2) {
        if (lag > most)
            return false;
        const double even = lag == 0 ? 1 : product(d, n, lag) / ss;
        const double pair = even + (lag + 1 < n ? product(d, n, lag + 1) / ss : 0);
        if (pair <= 0)
            break;
        before = fmin(pair, before);
        sum += 2 * before;
    }
    *ret_sum = sum;
    *ret_lags = lag > 0 ? lag - 1 : 0;
    return true;
}

static size_t average_blocks(double *x, size_t n, size_t block)
{
    const size_t blocks = n / block;
    for (size_t b = 0; b < blocks; b++)
        x[b] = moment_sum(x + b * block, block) / (double)block;
    return blocks;
}

struct autocorr_ess autocorr_ess_geyer(const double *x, size_t n, struct arena *scratch)
{
    struct autocorr_ess r = {.n_eff = NOT_MEASURED, .block = 1};
    if (n < 3)
        return r;
    double *d = ARENA_ARRAY(scratch, double, n);
    double ss = centre(x, n, d);
    if (!(ss > 0))
        return r;
    const double var = ss / (double)n;
    double sum = NOT_MEASURED;
    size_t m = n;
    constexpr size_t BLOCK = 16;
    while (
        !geyer_sum(d, m, ss, m > 4 * AUTOCORR_MOST_LAGS ? AUTOCORR_MOST_LAGS : m, &sum, &r.lags)) {
        m = average_blocks(d, m, BLOCK);
        r.block *= BLOCK;
        ss = centre(d, m, d);
    }
    /* Var(mean) = (ss / m) sum / m of the blocks; the series alone would have var / n_eff. A sum of
     * nothing positive can come from a zigzag of a few values: n_eff is then bounded by n log n. */
    const double most = (double)n * fmax(log10((double)n), 1);
    const double n_eff = var / (ss / (double)m * sum / (double)m);
    r.n_eff = sum > 0 ? fmin(n_eff, most) : most;
    return r;
}

double autocorr_ess_ar1(const double *x, size_t n)
{
    const double r = n >= 3 ? moment_lag1(x, n) : NOT_MEASURED;
    return (double)n * (1 - r) / (1 + r);
}

/* d minus its least-squares line over time. */
static void take_slope_off(double *d, size_t n)
{
    const double middle = (double)(n - 1) / 2;
    double xy = 0, xx = 0;
    for (size_t i = 0; i < n; i++) {
        const double t = (double)i - middle;
        xy += t * d[i];
        xx += t * t;
    }
    for (size_t i = 0; i < n; i++)
        d[i] -= xy / xx * ((double)i - middle);
}

struct autocorr_ess autocorr_ess_spectral(const double *x, size_t n, struct arena *scratch)
{
    struct autocorr_ess r = {.n_eff = NOT_MEASURED, .block = 1};
    const struct moment all = moment_of(x, n);
    if (n < 3 || !(all.min < all.max))
        return r;
    double *d = ARENA_ARRAY(scratch, double, n);
    (void)centre(x, n, d);
    take_slope_off(d, n);
    /* As in coda, the slope is taken off only to see whether anything else is there. */
    const struct moment rest = moment_of(d, n);
    if (!(rest.sd > 1e-12 * all.sd)) {
        r.n_eff = 0;
        return r;
    }
    const size_t most = (size_t)fmin((double)n - 1, floor(10 * log10((double)n)));
    double *acf = ARENA_ARRAY(scratch, double, most + 1), *phi = ARENA_ARRAY(scratch, double, most);
    double *spare = ARENA_ARRAY(scratch, double, most);
    autocorr_acf(x, n, most, acf);
    const double var_n = all.var * (double)(n - 1) / (double)n;
    double v = 1, least = (double)n * log(var_n), f0 = var_n * (double)n / (double)(n - 1);
    for (size_t k = 0; k < most; k++) {
        levinson(acf, k, phi, spare, &v);
        const double aic = (double)n * log(var_n * v) + 2 * (double)(k + 1);
        if (!(aic < least))
            continue;
        least = aic;
        double gain = 1;
        for (size_t j = 0; j <= k; j++)
            gain -= phi[j];
        f0 = var_n * v * (double)n / ((double)n - (double)(k + 2)) / (gain * gain);
        r.lags = k + 1;
    }
    r.n_eff = (double)n * all.var / f0;
    return r;
}

struct autocorr_test autocorr_ljung_box(const double *x, size_t n, size_t lags, size_t fitted,
                                        struct arena *scratch)
{
    struct autocorr_test t = {NOT_MEASURED, (double)lags - (double)fitted, NOT_MEASURED};
    if (lags == 0 || lags >= n || fitted >= lags)
        return t;
    double *acf = ARENA_ARRAY(scratch, double, lags + 1);
    autocorr_acf(x, n, lags, acf);
    double s = 0;
    for (size_t k = 1; k <= lags; k++)
        s += acf[k] * acf[k] / ((double)n - (double)k);
    t.q = (double)n * ((double)n + 2) * s;
    t.p = dist_f_upper(t.q / t.df, t.df, INFINITY); /* chi-squared */
    return t;
}
