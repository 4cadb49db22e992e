/* Each count against counting one by one, of samples with no, some and nothing but equal values. */
#include "base/defs.h"
#include "base/rng.h"
#include "num/merge.h"
#include "num/quantile.h"
#include "test.h"

constexpr size_t MOST = 40;

static size_t wrong(const double *x, size_t nx, const double *y, size_t ny,
                    const struct merge_counts *c)
{
    size_t bad = 0;
    for (size_t i = 0; i < nx; i++) {
        size_t below = 0, upto = 0;
        for (size_t j = 0; j < ny; j++) {
            below += y[j] < x[i];
            upto += y[j] <= x[i];
        }
        bad += c->below[i] != below || c->upto[i] != upto;
    }
    return bad;
}

int main(void)
{
    static const uint64_t values[] = {1, 2, 5, 30, 1'000'000};
    struct rng r;
    rng_init(&r, 7);
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        size_t bad = 0;
        for (size_t run = 0; run < 2000; run++) {
            double a[MOST], b[MOST];
            const size_t na = rng_below(&r, MOST + 1), nb = rng_below(&r, MOST + 1);
            const double shift = (double)rng_below(&r, 3) * (double)values[v] / 2;
            for (size_t i = 0; i < na; i++)
                a[i] = (double)rng_below(&r, values[v]) + shift;
            for (size_t i = 0; i < nb; i++)
                b[i] = (double)rng_below(&r, values[v]);
            quantile_sort(a, na);
            quantile_sort(b, nb);
            CLEANUP(merge_done) struct merge m = merge_of(a, na, b, nb);
            bad += wrong(a, na, b, nb, &m.of_a) + wrong(b, nb, a, na, &m.of_b);
        }
        CHECK("counts", bad == 0, "of %zu different values: %zu wrong", (size_t)values[v], bad);
    }
    return test_done();
}
