/* R 4.2.2 (acf, pacf, Box.test) and coda 0.19.4 (effectiveSize):
 * tests/oracle/stats/autocorr_R.json. AR(1) with coefficient r: n_eff / n is (1 - r) / (1 + r) in
 * the limit. */
#include "base/rng.h"
#include "num/autocorr.h"
#include "num/moment.h"
#include "oracle.h"

static void test_against_r(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/autocorr_R.json", a), "series"));
    const char *name;
    for (const struct json *s; (s = json_next(&it, &name));) {
        size_t n, lags, partial;
        const double *const x = oracle_numbers(json_get(s, "x"), a, &n);
        const double *const acf = oracle_numbers(json_get(s, "acf0_10"), a, &lags);
        const double *const pacf = oracle_numbers(json_get(s, "pacf1_5"), a, &partial);
        double got[11], part[5];
        autocorr_acf(x, n, 10, got);
        autocorr_pacf(got, 5, part, a);
        for (size_t k = 0; k < lags; k++)
            CHECK_NEAR(arena_printf(a, "%s acf %zu", name, k), got[k], acf[k], 1e-13);
        for (size_t k = 0; k < partial; k++)
            CHECK_NEAR(arena_printf(a, "%s pacf %zu", name, k + 1), part[k], pacf[k], 1e-13);
        CHECK_NEAR("lag 1 is NIST's", got[1], moment_lag1(x, n), 1e-13);
        const struct autocorr_test box = autocorr_ljung_box(x, n, 10, 0, a);
        CHECK_NEAR("Q", box.q, oracle_number(json_get(s, "ljung_box_10"), "Q"), 1e-12);
        CHECK_DIGITS("p", box.p, oracle_number(json_get(s, "ljung_box_10"), "p"), 10);
        CHECK_NEAR("coda's effective size", autocorr_ess_spectral(x, n, a).n_eff,
                   oracle_number(s, "coda_ess_spectral_ar"), 1e-10);
    }
}

static double *ar1(struct arena *a, size_t n, double r, uint64_t seed)
{
    struct rng g;
    rng_init(&g, seed);
    double *x = ARENA_ARRAY(a, double, n), v = 0;
    for (size_t i = 0; i < n + 2000; i++) {
        v = r * v + rng_normal(&g);
        if (i >= 2000)
            x[i - 2000] = v;
    }
    return x;
}

static void test_ar1(struct arena *a)
{
    static const struct {
        double r;
        size_t n;
    } cases[] = {{0, 20000}, {0.5, 20000}, {0.9, 100000}, {0.99, 500000}, {-0.5, 20000}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const double r = cases[i].r, want = (1 - r) / (1 + r), n = (double)cases[i].n;
        const double *x = ar1(a, cases[i].n, r, 7 + i);
        const struct autocorr_ess g = autocorr_ess_geyer(x, cases[i].n, a);
        CHECK_NEAR("geyer", log(g.n_eff / n), log(want), 0.15);
        CHECK_NEAR("ar1", log(autocorr_ess_ar1(x, cases[i].n) / n), log(want), 0.1);
        CHECK_NEAR("spectral", log(autocorr_ess_spectral(x, cases[i].n, a).n_eff / n), log(want),
                   0.15);
    }
    /* Dependent for longer than the lags that are looked at: blocks. */
    const size_t n = 1000000;
    const double r = 0.999;
    const struct autocorr_ess g = autocorr_ess_geyer(ar1(a, n, r, 3), n, a);
    CHECK("long dependence is summed over blocks", g.block > 1, "%zu", g.block);
    CHECK_NEAR("and gives the same", log(g.n_eff / (double)n), log((1 - r) / (1 + r)), 0.2);
}

/* The definition of Geyer's estimate on a short series, by hand: x = 1 2 3 4 has
 * rho = 1, 0.25, -0.3, -0.45; the first pair 1.25, the second -0.75: n / (2 * 1.25 - 1). */
static void test_edges(struct arena *a)
{
    const double x[] = {1, 2, 3, 4}, same[] = {2, 2, 2, 2};
    CHECK_NEAR("by hand", autocorr_ess_geyer(x, 4, a).n_eff, 4 / 1.5, 1e-15);
    CHECK_NEAR("constant", autocorr_ess_geyer(same, 4, a).n_eff, NOT_MEASURED, 0);
    CHECK_NEAR("two values", autocorr_ess_geyer(x, 2, a).n_eff, NOT_MEASURED, 0);
    CHECK_NEAR("a straight line has no effective size", autocorr_ess_spectral(x, 4, a).n_eff, 0, 0);
    CHECK_NEAR("lags of n and more", autocorr_ljung_box(x, 4, 4, 0, a).p, NOT_MEASURED, 0);
    const double zigzag[] = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
    CHECK_NEAR("a zigzag is bounded", autocorr_ess_geyer(zigzag, 10, a).n_eff, 10, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    test_against_r(a);
    test_ar1(a);
    test_edges(a);
    return test_done();
}
