/* SciPy 1.17.1: tests/oracle/stats/quantile_scipy.json, made by tests/oracle/quantile.py. Type 7
 * and the ranks are in test_num. */
#include "base/rng.h"
#include "num/quantile.h"
#include "oracle.h"

static void test_harrell_davis(const struct json *oracle, struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle, "hd"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const size_t n = (size_t)oracle_number(c, "n");
        size_t given, np;
        double *x = oracle_numbers(json_get(c, "x"), a, &given);
        if (given < n) {
            x = ARENA_ARRAY(a, double, n);
            for (size_t i = 0; i < n; i++)
                x[i] = pow((double)i, 1.5) / 1e4;
        }
        const double *const p = oracle_numbers(json_get(c, "p"), a, &np);
        for (size_t i = 0; i < np; i++)
            CHECK_DIGITS(arena_printf(a, "n %zu p %g", n, p[i]), quantile_harrell_davis(x, n, p[i]),
                         oracle_at(c, "q", i), 11);
    }
    const double one = 3, far[] = {1e9, 1e9 + 1, 1e9 + 2};
    CHECK_NEAR("one value is all quantiles", quantile_harrell_davis(&one, 1, 0.99), 3, 0);
    CHECK_NEAR("none has none", quantile_harrell_davis(&one, 0, 0.5), NOT_MEASURED, 0);
    CHECK_NEAR("the largest is no quantile", quantile_harrell_davis(&one, 1, 1), NOT_MEASURED, 0);
    CHECK_NEAR("symmetry, far from 0", quantile_harrell_davis(far, 3, 0.5), 1e9 + 1, 1e-15);
}

static void test_median_interval(const struct json *oracle, struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle, "median"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t n;
        const double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const struct quantile_interval q = quantile_median_interval(x, n, oracle_number(c, "conf"));
        CHECK_DIGITS(arena_printf(a, "median of %zu lo", n), q.lo, oracle_number(c, "lo"), 12);
        CHECK_DIGITS("hi", q.hi, oracle_number(c, "hi"), 12);
    }
    const double x[] = {1, 2, 3, 4, 5};
    CHECK_NEAR("five values have no interval", quantile_median_interval(x, 5, 0.95).lo,
               NOT_MEASURED, 0);
    const struct quantile_interval narrow = quantile_median_interval(x, 2, 0.1);
    CHECK("a low confidence of two values", narrow.lo >= 1 && narrow.hi <= 2, "%g %g", narrow.lo,
          narrow.hi);
}

/* The order statistic interval covers more than asked for; this one what was asked for. */
static void test_coverage(void)
{
    struct rng g;
    rng_init(&g, 11);
    constexpr size_t RUNS = 4000;
    static const size_t sizes[] = {6, 9, 20, 51};
    for (size_t s = 0; s < COUNT_OF(sizes); s++)
        for (int skewed = 0; skewed < 2; skewed++) {
            size_t covered = 0;
            for (size_t i = 0; i < RUNS; i++) {
                double x[64];
                for (size_t k = 0; k < sizes[s]; k++)
                    x[k] = skewed ? exp(rng_normal(&g)) - 1 : rng_normal(&g);
                quantile_sort(x, sizes[s]);
                const struct quantile_interval q = quantile_median_interval(x, sizes[s], 0.95);
                covered += q.lo <= 0 && 0 <= q.hi;
            }
            CHECK("covers 93.8 to 96.2 % of 4000", covered >= 3752 && covered <= 3848,
                  "n %zu, %s: %zu", sizes[s], skewed ? "lognormal" : "normal", covered);
        }
}

/* SciPy 1.17: binom.cdf. */
static void test_level(void)
{
    static const struct {
        size_t n, lo, hi;
        double p, level;
    } rows[] = {{7, 1, 7, 0.5, 0.984375},
                {10, 2, 9, 0.5, 0.978515625},
                {20, 6, 15, 0.5, 0.9586105346679688},
                {60, 53, 61, 0.95, 0.9902108512900585}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct quantile_ranks k = quantile_ranks(rows[i].n, rows[i].p, 0.95);
        CHECK("ranks", k.lo == rows[i].lo && k.hi == rows[i].hi, "%zu, %zu of %zu", k.lo, k.hi,
              rows[i].n);
        CHECK_NEAR("what they cover", quantile_ranks_level(k, rows[i].n, rows[i].p), rows[i].level,
                   1e-14);
    }
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    const struct json *const oracle = oracle_read("stats/quantile_scipy.json", a);
    test_harrell_davis(oracle, a);
    test_median_interval(oracle, a);
    test_coverage();
    test_level();
    return test_done();
}
