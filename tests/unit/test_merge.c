/* Each sum against counting pair by pair, of samples with no, some and nothing but equal values. */
#include "base/defs.h"
#include "base/rng.h"
#include "num/merge.h"
#include "num/quantile.h"
#include "test.h"

#include <math.h>
#include <string.h>

constexpr size_t MOST = 40;

/* By definition, pair by pair and value by value. */
static struct merge counted(const double *a, size_t na, const double *b, size_t nb)
{
    struct merge m = {.na = na, .nb = nb};
    double both[2 * MOST], column[MOST] = {}, apart = 0;
    for (size_t i = 0; i < na; i++) {
        double row = 0;
        for (size_t j = 0; j < nb; j++) {
            const double sign = (double)(a[i] > b[j]) - (double)(a[i] < b[j]);
            m.above += (sign + 1) / 2;
            m.equal += 1 - sign * sign;
            row += sign;
            column[j] -= sign;
        }
        m.rows += row * row;
        both[i] = a[i];
    }
    for (size_t j = 0; j < nb; j++) {
        m.columns += column[j] * column[j];
        both[na + j] = b[j];
    }
    for (size_t k = 0; k < na + nb; k++) {
        double i = 0, j = 0, run = 0;
        for (size_t l = 0; l < na + nb; l++) {
            run += !(both[l] < both[k]) && !(both[l] > both[k]);
            i += l < na && both[l] <= both[k];
            j += l >= na && both[l] <= both[k];
        }
        m.ties += run * run - 1; /* run times, for each of them */
        apart = fmax(apart, fabs(i * (double)nb - j * (double)na));
    }
    m.distance = (size_t)apart;
    return m;
}

static bool same(const struct merge *x, const struct merge *y)
{
    const double got[] = {x->above, x->equal, x->rows, x->columns, x->ties, (double)x->distance};
    const double want[] = {y->above, y->equal, y->rows, y->columns, y->ties, (double)y->distance};
    return memcmp(got, want, sizeof got) == 0;
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
            const struct merge got = merge_of(a, na, b, nb), want = counted(a, na, b, nb);
            bad += !same(&got, &want);
        }
        CHECK("sums", bad == 0, "of %zu different values: %zu wrong", (size_t)values[v], bad);
    }
    return test_done();
}
