/* R: power.t.test: tests/oracle/stats/power_R.json (4.2.2) and tests_R.json (4.6.1, made by
 * tests/oracle/tests.R). R finds n by uniroot to about 4 digits after the point. */
#include "num/power.h"
#include "oracle.h"

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
    return test_done();
}
