/* autocorr.h - how much a series says about its own future, and how many independent values it is
 * worth. Pure but for scratch.
 *
 * Autocovariances have the divisor n and the mean of the whole series (R's acf, and NIST's lag-1).
 */
#pragma once

#include <stddef.h>

struct arena;

/* ret[0..max_lag]: ret[0] is 1. NOT_MEASURED throughout when n < 2 or the series is constant, and
 * for lags of n and more. Time n * max_lag. */
void autocorr_acf(const double *x, size_t n, size_t max_lag, double *ret);

/* Partial autocorrelations ret[0..max_lag): lag 1 is ret[0]; acf[0..max_lag]. Durbin-Levinson. */
void autocorr_pacf(const double *acf, size_t max_lag, double *ret, struct arena *scratch);

/* How many independent values have the variance of this series' mean.
 *
 * geyer: n / (1 + 2 sum rho_k) up to the end of Geyer's (1992, Stat. Science 7:473) initial
 *   monotone sequence: pairs rho_2m + rho_2m+1 while they are positive, each cut to the one before.
 *   A series that is dependent for more than AUTOCORR_MOST_LAGS lags is first averaged in blocks
 *   (`block` of the result), whose dependence is shorter; the mean's variance stays the same.
 * ar1: n (1 - r) / (1 + r) with lag-1's r.
 * spectral: n var / f(0) with f(0) of an autoregression chosen by AIC (coda's effectiveSize).
 * All may exceed n where the dependence is negative; take the lesser of it and n. Constant series
 * and n < 3: NOT_MEASURED; spectral of a straight line: 0. */
struct autocorr_ess {
    double n_eff;
    size_t lags;  /* that the sum or the autoregression took */
    size_t block; /* 1: the values themselves */
};
constexpr size_t AUTOCORR_MOST_LAGS = 400;
[[nodiscard]] struct autocorr_ess autocorr_ess_geyer(const double *x, size_t n,
                                                     struct arena *scratch);
[[nodiscard]] double autocorr_ess_ar1(const double *x, size_t n);
[[nodiscard]] struct autocorr_ess autocorr_ess_spectral(const double *x, size_t n,
                                                        struct arena *scratch);

/* Ljung & Box (1978): Q = n (n + 2) sum r_k^2 / (n - k) over lags 1..lags; chi-squared with
 * lags - fitted degrees of freedom, fitted the parameters of a model whose residuals x are. */
struct autocorr_test {
    double q, df, p;
};
[[nodiscard]] struct autocorr_test autocorr_ljung_box(const double *x, size_t n, size_t lags,
                                                      size_t fitted, struct arena *scratch);
