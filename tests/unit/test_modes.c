/* diptest 0.12.0 (Python): tests/oracle/stats/dip_reference.json. Parts of mixtures that were made
 * so. */
#include "base/rng.h"
#include "num/modes.h"
#include "num/quantile.h"
#include "oracle.h"

static void test_reference(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/dip_reference.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t n;
        const double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const struct modes_dip d = modes_dip(x, n, a);
        const char *const kind = json_str(json_get(c, "kind"), "?");
        CHECK_NEAR(arena_printf(a, "%s of %zu", kind, n), d.dip, oracle_number(c, "dip"), 1e-12);
        /* R's table has other sizes; both are interpolated. */
        const double p = oracle_number(c, "p");
        CHECK("p", fabs(d.p - p) < fmax(0.02, 0.15 * p), "got %g, want %g", d.p, p);
    }
}

static size_t rejected(size_t n, bool two, struct arena *a)
{
    struct rng g;
    rng_init(&g, n);
    double *x = ARENA_ARRAY(a, double, n);
    size_t small = 0;
    for (int run = 0; run < 1000; run++) {
        for (size_t i = 0; i < n; i++)
            x[i] = two ? rng_normal(&g) + (rng_double(&g) < 0.4 ? 7 : 0) : rng_double(&g);
        quantile_sort(x, n);
        small += modes_dip(x, n, a).p < 0.05;
    }
    return small;
}

static void test_level(struct arena *a)
{
    static const size_t N[] = {10, 17, 40, 150, 700};
    for (size_t k = 0; k < COUNT_OF(N); k++) {
        const size_t level = rejected(N[k], false, a);
        CHECK(arena_printf(a, "the test's level, n = %zu", N[k]), level >= 30 && level <= 72,
              "%zu of 1000", level);
        const size_t power = rejected(N[k], true, a);
        CHECK("and its power",
              power > (N[k] < 15   ? 300
                       : N[k] < 20 ? 550
                                   : 900),
              "%zu of 1000", power);
    }
}

static void test_mixture(struct arena *a)
{
    struct rng g;
    rng_init(&g, 4);
    static const size_t N[] = {60, 400, 50000};
    for (size_t k = 0; k < COUNT_OF(N); k++) {
        double *x = ARENA_ARRAY(a, double, N[k]);
        for (size_t i = 0; i < N[k]; i++)
            x[i] = i % 4 ? 100 + rng_normal(&g) : 130 + 3 * rng_normal(&g);
        quantile_sort(x, N[k]);
        const struct modes_mixture m = modes_mixture(x, N[k], 1e-3, a);
        CHECK("two parts", m.bic_gain > 10 && m.ashman > 2, "%g %g", m.bic_gain, m.ashman);
        CHECK_NEAR("share", m.low.share, 0.75, 0.02);
        CHECK_NEAR("low", m.low.mean, 100, 0.01);
        CHECK_NEAR("high", m.high.mean, 130, 0.02);
        CHECK_NEAR("sd", m.high.sd, 3, N[k] < 100 ? 0.3 : 0.1);
        for (size_t i = 0; i < N[k]; i++)
            x[i] = 100 + rng_normal(&g);
        quantile_sort(x, N[k]);
        const struct modes_mixture one = modes_mixture(x, N[k], 1e-3, a);
        CHECK("one part is not two", !(one.bic_gain > 10 && one.ashman > 2), "%g %g", one.bic_gain,
              one.ashman);
    }
    const double same[] = {3, 3, 3, 3, 3, 3, 3};
    CHECK_NEAR("constant", modes_mixture(same, 7, 1e-3, a).bic_gain, NOT_MEASURED, 0);
    CHECK_NEAR("constant is no dip", modes_dip(same, 7, a).p, 1, 0);
    CHECK_NEAR("three values", modes_dip(same, 3, a).p, NOT_MEASURED, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
    test_reference(a);
    test_level(a);
    test_mixture(a);
    return test_done();
}
