#include "num/chi_kernel.h"

#include <math.h>

double chi_kernel(double u)
{
    if (fabs(u) > 0.3)
        return u - expm1(2 * u) / 2;
    double term = -u * u, sum = term;
    for (int k = 3; fabs(term) > 1e-18 * fabs(sum); k++) {
        term *= 2 * u / k;
        sum += term;
    }
    return sum;
}

/* From h to h + 1 it grows by what a double holds; from 16 on Stirling's series does, to 1e-16. */
double chi_kernel_log_constant(double df)
{
    double h = df / 2, log_c = 0;
    for (; h < 16; h++)
        log_c += 1 - (h + 1) * log1p(1 / h);
    const double r = 1 / h, rr = r * r;
    const double stirling =
        r *
        (1.0 / 12 - rr * (1.0 / 360 - rr * (1.0 / 1260 - rr * (1.0 / 1680 - rr * (1.0 / 1188)))));
    return log_c - stirling + log(2 * h / M_PI) / 2;
}
