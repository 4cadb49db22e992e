/* moment.h - mean, spread and serial correlation of a sample. Pure: no I/O, no clock, no
 * allocation. */
#pragma once

#include <stddef.h>

struct moment {
    size_t n;
    double mean; /* NOT_MEASURED when n is 0 */
    double var;  /* with n - 1; NOT_MEASURED when n < 2 */
    double sd;
    double min, max;
};

/* A compensated sum (Neumaier 1974): error of the size of one rounding, whatever the order. */
[[nodiscard]] double moment_sum(const double *x, size_t n);

/* Mean from the compensated sum; variance by the corrected two-pass algorithm (Chan, Golub, LeVeque
 * 1983, eq. 1.7), which does not cancel on data like 10000000.2 +- 0.1. */
[[nodiscard]] struct moment moment_of(const double *x, size_t n);

/* Lag-1 autocorrelation as NIST defines it: sum (x_i - m)(x_{i+1} - m) / sum (x_i - m)^2.
 * NOT_MEASURED when n < 2 or the sample is constant. */
[[nodiscard]] double moment_lag1(const double *x, size_t n);
