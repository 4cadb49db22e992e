/* diptest 0.12.0 (Python): tests/oracle/stats/dip_reference.json. Parts of mixtures that were made
 * so. Gaps: NumPy, tests/oracle/modes_gap.py. */
#include "base/rng.h"
#include "num/modes.h"
#include "num/modes_gap.h"
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

/* As series() in the oracle. */
static void gap_series(double *x, size_t n, double step, size_t of_unit, const double *level)
{
    for (size_t i = 0; i < n; i++)
        x[i] = 0.05 * (double)((i * i * 7919 + 31 * i) % 1009) / 1009 +
               (i * 7 % 10 < 3 ? step : 0) + level[i / of_unit];
}

static void test_gap(struct arena *a)
{
    static const struct {
        const char *label;
        double gap, cut, share, high, sd, mixed; /* tests/oracle/modes_gap.py */
    } want[] = {
        {"30 values", 10.91571605444992, 0.1249008919722498, 0.3, 0.2265994934478582,
         0.01270361986155042, 1},
        {"5 units of 10", 10.9821462545229, 0.1476982160555005, 0.3, 0.2534020482325735,
         0.01219666732201615, 1},
        {"units that differ, one mode", 33.87510057613584, 0.2772629666336306, 0.4,
         0.5280773042616451, 0.01238295662022315, 0},
    };
    static const double level[][5] = {{0}, {0, 0.06, -0.05, 0.03, 0.08}, {0, 0, 0.5, 0, 0.5}};
    static const size_t start[] = {0, 10, 20, 30, 40, 50}, one[] = {0, 30};
    double x[50], z[50];
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        const size_t units = i == 0 ? 1 : 5, n = i == 0 ? 30 : 50;
        gap_series(x, n, i == 2 ? 0 : 0.2, n / units, level[i]);
        const struct nested s = {x, i == 0 ? one : start, units};
        const struct modes_gap g = modes_gap_of(&s, 0.08, 1e-6, a, z);
        CHECK_NEAR(want[i].label, g.gap, want[i].gap, 1e-11);
        CHECK_NEAR("cut", g.cut, want[i].cut, 1e-12);
        CHECK_NEAR("share", g.high.share, want[i].share, 1e-15);
        CHECK_NEAR("high", g.high.mean, want[i].high, 1e-12);
        CHECK_NEAR("sd", g.low.sd, want[i].sd, 1e-11);
        CHECK_NEAR("mixed units", g.mixed, want[i].mixed, 1e-15);
        CHECK_NEAR("limit", g.limit, 16 / sqrt((double)(n - units - 1)), 1e-15);
    }
    for (size_t i = 0; i < 30; i++)
        x[i] = i % 3 ? 20 : 21;
    const struct nested coarse = {x, one, 1};
    CHECK_NEAR("two readings of a coarse clock", modes_gap_of(&coarse, 0.08, 1e-6, a, z).gap,
               NOT_MEASURED, 0);
    const double ms[] = {10.1, 13.2, 10.3, 9.9, 10.2, 13.0, 10.0, 9.8};
    for (size_t i = 0; i < 8; i++)
        x[i] = log(ms[i]);
    const struct modes_groups groups = modes_gap_groups(x, 8, 2, 1e-6, a);
    CHECK_NEAR("two groups of levels", groups.score, 32.47704034334602, 1e-11);
    CHECK_NEAR("and their cut", groups.cut, 2.448546626348564, 1e-13);
    CHECK_NEAR("of three levels", modes_gap_groups(x, 3, 1, 1e-6, a).score, NOT_MEASURED, 0);
    const struct nested few = {x, (const size_t[]){0, 19}, 1};
    CHECK_NEAR("19 values", modes_gap_of(&few, 0.08, 1e-6, a, z).gap, NOT_MEASURED, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 30);
    test_reference(a);
    test_level(a);
    test_mixture(a);
    test_gap(a);
    return test_done();
}
