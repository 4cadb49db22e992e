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
