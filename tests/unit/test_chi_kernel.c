/* The constant against the C library's functions of 113 bits, which have digits to lose. */
#include "base/defs.h"
#include "num/chi_kernel.h"
#include "num/wide.h"
#include "test.h"

int main(void)
{
    static const double dfs[] = {1e-6, 0.3, 1, 2, 4.7, 11, 31.9, 32, 32.1, 100, 1e4, 1e9};
    for (size_t i = 0; i < COUNT_OF(dfs); i++) {
        const wide_t h = (wide_t)dfs[i] / 2;
        const double want = (double)(wide_log(2) + h * wide_log(h) - h - wide_lgamma(h));
        CHECK_NEAR("log of the constant", chi_kernel_log_constant(dfs[i]), want, 8e-15);
    }
    CHECK_NEAR("the kernel far from 0", chi_kernel(1), 1 - (exp(2) - 1) / 2, 1e-15);
    CHECK_NEAR("and near", chi_kernel(1e-9), -1e-18 - 2.0 / 3 * 1e-27, 1e-30);
    return test_done();
}
