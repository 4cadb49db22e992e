/* SciPy 1.17.1: stats.theilslopes(method="joint"), stats.kendalltau; R 4.2.2 Kendall:
 * tests/oracle/stats/autocorr_R.json. The exact null law of S for n = 4 has 24 orders. */
#include "base/rng.h"
#include "num/trend.h"
#include "oracle.h"

static const double X[] = {3.1, 2.9, 3.4, 3.0, 3.6, 3.3, 3.9, 3.7, 4.2, 3.8};
static const double T[] = {0, 1, 3, 4, 7, 8, 12, 13, 20, 21};
static const double Y[] = {5, 5, 6, 5, 7, 7, 8, 6, 9, 9, 9, 10};

static void test_slopes(struct arena *a)
{
    struct trend_slope s = trend_theil_sen(nullptr, X, 10, 0.95, a);
    CHECK_NEAR("slope", s.slope, 0.125, 1e-14);
    CHECK_NEAR("intercept", s.intercept, 2.9625, 1e-14);
    CHECK_NEAR("lo", s.lo, 0.05, 1e-14);
    CHECK_NEAR("hi", s.hi, 0.175, 1e-14);
    s = trend_theil_sen(T, X, 10, 0.9, a);
    CHECK_NEAR("over t: slope", s.slope, 0.04705882352941178, 1e-14);
    CHECK_NEAR("intercept", s.intercept, 3.0941176470588236, 1e-14);
    CHECK_NEAR("lo", s.lo, 0.025, 1e-14);
    CHECK_NEAR("hi", s.hi, 0.07142857142857142, 1e-14);
    s = trend_theil_sen(nullptr, Y, 12, 0.95, a);
    CHECK_NEAR("ties: slope", s.slope, 0.5, 1e-14);
    CHECK_NEAR("intercept", s.intercept, 4.5, 1e-14);
    CHECK_NEAR("lo", s.lo, 1.0 / 3, 1e-14);
    CHECK_NEAR("hi", s.hi, 0.5, 1e-14);
    CHECK("all pairs", s.pairs == 66 && !s.sampled, "%zu", (size_t)s.pairs);
    const double same[] = {4, 4, 4};
    CHECK_NEAR("no two times differ", trend_theil_sen(same, X, 3, 0.95, a).slope, NOT_MEASURED, 0);

    struct rng g;
    rng_init(&g, 9);
    const size_t n = 20000;
    double *x = ARENA_ARRAY(a, double, n);
    for (size_t i = 0; i < n; i++)
        x[i] = 50 + 1e-4 * (double)i + rng_normal(&g) / (0.1 + rng_double(&g));
    s = trend_theil_sen(nullptr, x, n, 0.95, a);
    CHECK("a long series is sampled", s.sampled && s.pairs == TREND_SAMPLED_PAIRS, "-");
    CHECK("and has the slope", fabs(s.slope - 1e-4) < 1e-5 && s.hi > s.slope && s.lo < s.slope,
          "%g %g", s.lo, s.hi);
}

static void test_mann_kendall(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/autocorr_R.json", a), "series"));
    for (const struct json *s; (s = json_next(&it, nullptr));) {
        size_t n;
        const double *const x = oracle_numbers(json_get(s, "x"), a, &n);
        CHECK_NEAR("tau of R's Kendall", trend_mann_kendall(x, n, NOT_MEASURED, a).tau,
                   oracle_number(s, "mann_kendall_tau"), 1e-14);
    }
    CHECK_NEAR("tau with ties", trend_mann_kendall(Y, 12, NOT_MEASURED, a).tau, 0.8081352297940447,
               1e-14);
    /* S and its variance by hand: 45 pairs, tau 0.6444: S = 29; 10 * 9 * 25 / 18 = 125. */
    struct trend_test t = trend_mann_kendall(X, 10, NOT_MEASURED, a);
    CHECK_NEAR("S", t.s, 29, 0);
    CHECK_NEAR("its variance", t.var_s, 125, 1e-14);
    CHECK_NEAR("z", t.z, 28 / sqrt(125.0), 1e-14);
    CHECK_NEAR("p", t.p, erfc(28 / sqrt(250.0)), 1e-14);
    t = trend_mann_kendall(X, 10, 5, a);
    CHECK_NEAR("dependent values: twice the variance", t.var_s, 250, 1e-14);
    /* Y: 5 5 5, 6 6, 7 7, 9 9 9 tie: (12 * 11 * 29 - 2 * 66 - 2 * 18) / 18 */
    CHECK_NEAR("ties", trend_mann_kendall(Y, 12, NOT_MEASURED, a).var_s, (3828 - 168) / 18.0,
               1e-14);
    const double same[] = {2, 2, 2, 2};
    CHECK_NEAR("constant", trend_mann_kendall(same, 4, NOT_MEASURED, a).p, NOT_MEASURED, 0);
    CHECK_NEAR("two values", trend_mann_kendall(X, 2, NOT_MEASURED, a).p, NOT_MEASURED, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    test_slopes(a);
    test_mann_kendall(a);
    double r[3];
    trend_residuals(X, 3, 0.1, r);
    CHECK_NEAR("residuals", r[2], 3.2, 1e-14);
    return test_done();
}
