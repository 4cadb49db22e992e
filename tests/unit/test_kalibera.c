/* tests/oracle/stats/kalibera_jones_reference.json: the formulas of the paper in R. */
#include "num/kalibera.h"
#include "num/moment.h"
#include "oracle.h"

constexpr size_t LEVELS = 3;

static size_t flatten(const struct json *v, double *x, size_t n, size_t *ret_reps, size_t depth)
{
    ret_reps[depth] = json_len(v);
    struct json_iter it = json_iter(v);
    for (const struct json *item; (item = json_next(&it, nullptr));)
        if (depth > 0)
            n = flatten(item, x, n, ret_reps, depth - 1);
        else
            x[n++] = json_f64(item, NOT_MEASURED);
    return n;
}

static struct kalibera check_case(const struct json *c, struct arena *a)
{
    double *const x = ARENA_ARRAY(a, double, 1000);
    size_t reps[LEVELS];
    const size_t n = flatten(json_get(c, "data"), x, 0, reps, LEVELS - 1);
    const struct kalibera k = kalibera_of(x, reps, LEVELS);
    CHECK_DIGITS(json_str(json_get(c, "name"), ""), k.mean, oracle_number(c, "mean"), 14);
    for (size_t i = 0; i < LEVELS; i++) {
        CHECK_DIGITS("S^2", k.s2[i], oracle_at(c, "S2", i), 11);
        CHECK_DIGITS("T^2", k.t2[i], oracle_at(c, "T2", i), 11);
    }
    double cost[LEVELS], r[LEVELS];
    for (size_t i = 0; i < LEVELS; i++)
        cost[i] = oracle_at(c, "costs_per_level_1_2_3", i);
    kalibera_optimal(&k, cost, r);
    const struct json *const optimal = json_get(c, "optimal");
    CHECK_DIGITS("r1", r[0], oracle_number(optimal, "r1"), 11);
    CHECK_DIGITS("r2", r[1], oracle_number(optimal, "r2"), 11);
    CHECK_DIGITS("half width", kalibera_half(&k, 0.95), oracle_number(c, "ci95_half"), 11);
    CHECK_DIGITS("the variance at the top that these repetitions give is the one seen",
                 kalibera_top_variance(&k, k.reps), k.s2[2], 11);

    /* The same values as two levels: the invocations of all executions. */
    size_t start[64];
    const size_t units = n / reps[0];
    for (size_t u = 0; u <= units; u++)
        start[u] = u * reps[0];
    const struct kalibera two = kalibera_two(x, start, units),
                          even = kalibera_of(x, (size_t[]){reps[0], units}, 2);
    CHECK_DIGITS("two levels, whatever the sizes: S1^2", two.s2[0], even.s2[0], 12);
    CHECK_DIGITS("S2^2", two.s2[1], even.s2[1], 12);
    CHECK_DIGITS("T2^2", two.t2[1], even.t2[1], 11);
    return k;
}

static void test_edges(void)
{
    const double x[] = {1, 2, 4, 4, 5, 9};
    const struct kalibera one = kalibera_two(x, (size_t[]){0, 6}, 1);
    CHECK("one invocation says nothing of the others",
          isnan(one.t2[1]) && test_near(one.s2[0], moment_of(x, 6).var, 1e-14), "%g", one.t2[1]);
    /* By hand, of {1, 2, 4, 4} and {5, 9}: MS within (6.75 + 8) / 4, MS between 24.083333, n0 = 8/3
     */
    const struct kalibera k = kalibera_two(x, (size_t[]){0, 4, 4, 6}, 3);
    CHECK_NEAR("unequal sizes: S1^2", k.s2[0], 14.75 / 4, 1e-14);
    CHECK_NEAR("T2^2, an empty invocation left out", k.t2[1],
               (4 * (25.0 / 6 - 2.75) * (25.0 / 6 - 2.75) + 2 * (7 - 25.0 / 6) * (7 - 25.0 / 6) -
                14.75 / 4) /
                   (8.0 / 3),
               1e-13);
    double r[2];
    const struct kalibera flat = {.levels = 2, .t2 = {1, -0.2}};
    kalibera_optimal(&flat, (double[]){1, 10}, r);
    CHECK("nothing between invocations: as many samples as one likes", isinf(r[0]), "%g", r[0]);
    /* R: smallest n with qt(.975, n - 1) / sqrt(n) <= 0.5: 18; <= 0.01: 38418 */
    CHECK("top count", kalibera_top(1, 0.5, 0.95, 1000) == 18, "%zu",
          kalibera_top(1, 0.5, 0.95, 1000));
    CHECK("a narrow one", kalibera_top(1, 0.01, 0.95, 1000000) == 38418, "%zu",
          kalibera_top(1, 0.01, 0.95, 1000000));
    CHECK("out of reach", kalibera_top(1, 0.01, 0.95, 100) == 101, "in reach");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    const struct json *const oracle = oracle_read("stats/kalibera_jones_reference.json", a);
    struct kalibera seen[3] = {};
    const char *name[3] = {"", "", ""};
    struct json_iter it = json_iter(json_get(oracle, "cases"));
    size_t n = 0;
    for (const struct json *c; (c = json_next(&it, nullptr)) && n < 3; n++) {
        name[n] = json_str(json_get(c, "name"), "");
        seen[n] = check_case(c, a);
    }
    it = json_iter(json_get(oracle, "fieller_ratio"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t num = 0, den = 0;
        for (size_t i = 0; i < 3; i++) {
            num = strcmp(name[i], json_str(json_get(c, "num"), "")) == 0 ? i : num;
            den = strcmp(name[i], json_str(json_get(c, "den"), "")) == 0 ? i : den;
        }
        const struct kalibera_ratio r = kalibera_ratio_of(&seen[num], &seen[den], 0.95);
        CHECK_DIGITS("ratio", r.ratio, oracle_number(c, "ratio"), 13);
        CHECK_DIGITS("lo", r.lo, oracle_at(c, "ci95", 0), 11);
        CHECK_DIGITS("hi", r.hi, oracle_at(c, "ci95", 1), 11);
    }
    const struct kalibera zero = {.levels = 1, .reps = {5}, .mean = 0.1, .s2 = {1}};
    CHECK("a denominator like 0 has no bounds", !kalibera_ratio_of(&seen[0], &zero, 0.95).bounded,
          "bounded");
    test_edges();
    return test_done();
}
