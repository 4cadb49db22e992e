/* R: power.t.test: tests/oracle/stats/power_R.json (4.2.2) and tests_R.json (4.6.1, made by
 * tests/oracle/tests.R). R finds n by uniroot to about 4 digits after the point. */
#include "num/power.h"
#include "oracle.h"

#include <math.h>

/* R 4.6.1: the d of uniroot over pt(qt(1 - alpha / 2, df), df, d, lower.tail = FALSE) - 0.8. */
static void test_shift(void)
{
    static const struct {
        double df, alpha, want;
    } rows[] = {{2, 0.05, 5.6534892664018},   {2, 0.01, 12.678425375721},
                {5.5, 0.05, 3.4320662056694}, {5.5, 0.01, 4.9421833355025},
                {30, 0.05, 2.8953617515788},  {30, 0.01, 3.6195919667472}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK_DIGITS("shift", power_shift(rows[i].df, 0.8, rows[i].alpha), rows[i].want, 10);
    CHECK_DIGITS("of two groups of nine", power_shift(16, 0.8, 0.05) / sqrt(4.5),
                 power_detectable(9, 0.8, 0.05), 12);
    CHECK_NEAR("no degrees of freedom", power_shift(0, 0.8, 0.05), NOT_MEASURED, 0);
}

/* R 4.6.1: the smallest n with that power by pt() with Welch's degrees of freedom, counted up from
 * 2; the first two are ceiling(power.t.test()$n), the second paired. */
static void test_runs(void)
{
    static const struct {
        double d, sd_a, sd_b, power, alpha;
        size_t want;
    } rows[] = {{1, 1, 1, 0.8, 0.05, 17},
                {0.3, 1, 0, 0.8, 0.01, 134},
                {2, 1, 3, 0.9, 0.05, 28},
                {-0.05, 1, 3, 0.8, 0.05, 31398},
                {1e-300, 1e-300, 1e-300, 0.8, 0.05, 17},
                {1e9, 1, 1, 0.8, 0.05, 2}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const size_t n =
            power_runs(rows[i].d, rows[i].sd_a, rows[i].sd_b, rows[i].power, rows[i].alpha);
        CHECK("runs", n == rows[i].want, "%zu, want %zu", n, rows[i].want);
    }
    CHECK("no spread", power_runs(1, 0, 0, 0.8, 0.05) == 0, "some");
    CHECK("no difference", power_runs(0, 1, 1, 0.8, 0.05) == 0, "some");
    CHECK("next to none", power_runs(1e-9, 1, 1, 0.8, 0.05) == 0, "some");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    struct json_iter it = json_iter(oracle_read("stats/power_R.json", a));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const double d = oracle_number(c, "d"), power = oracle_number(c, "power");
        if (json_get(c, "n")) {
            CHECK_DIGITS("power", power_t_test(d, oracle_number(c, "n"), 0.05), power, 10);
            continue;
        }
        const double n = power_n(d, power, 0.05);
        CHECK_DIGITS("n", n, oracle_number(c, "n_per_group"), 6);
        CHECK_DIGITS("and its power", power_t_test(d, n, 0.05), power, 12);
        CHECK_DIGITS("and what it detects", power_detectable(n, power, 0.05), d, 12);
    }
    const struct json *const oracle = oracle_read("stats/tests_R.json", a);
    it = json_iter(json_get(oracle, "power"));
    for (const struct json *c; (c = json_next(&it, nullptr));)
        CHECK_DIGITS(
            "power",
            power_t_test(oracle_number(c, "d"), oracle_number(c, "n"), oracle_number(c, "alpha")),
            oracle_number(c, "power"), 10);
    it = json_iter(json_get(oracle, "detectable"));
    for (const struct json *c; (c = json_next(&it, nullptr));)
        CHECK_DIGITS("detectable",
                     power_detectable(oracle_number(c, "n"), oracle_number(c, "power"), 0.05),
                     oracle_number(c, "d"), 9);
    CHECK_NEAR("no difference is never found", power_n(0, 0.8, 0.05), NOT_MEASURED, 0);
    CHECK_NEAR("one value has no test", power_t_test(1, 1, 0.05), NOT_MEASURED, 0);
    CHECK_NEAR("a huge difference takes two", power_n(100, 0.8, 0.05), 2, 0);
    CHECK_NEAR("less power than the level", power_n(1, 0.01, 0.05), NOT_MEASURED, 0);
    test_shift();
    test_runs();
    return test_done();
}
