/* Exact optimal partitions: tests/oracle/stats/changepoint_reference.json, and the dynamic
 * programme without pruning, written out below, on random series. */
#include "base/rng.h"
#include "num/changepoint.h"
#include "oracle.h"

static void check_case(struct arena *a, const struct json *c, const double *x, size_t n,
                       const struct changepoint_rule *rule, const char *label)
{
    const struct changepoint_found got = changepoint_pelt(x, n, rule, a);
    size_t want_n;
    const double *const want =
        oracle_numbers(json_get(c, "changepoints_end_index_exclusive"), a, &want_n);
    CHECK_NEAR(label, got.objective, oracle_number(c, "objective"), 1e-10);
    CHECK("changes", got.n == want_n, "%zu, want %zu", got.n, want_n);
    for (size_t k = 0; k < want_n && k < got.n; k++)
        CHECK_NEAR("end", (double)got.end[k], want[k], 0);
    CHECK("the last segment ends with the series", got.end[got.n] == n, "%zu", got.end[got.n]);
}

static void test_reference(struct arena *a)
{
    struct json_iter it =
        json_iter(json_get(oracle_read("stats/changepoint_reference.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t n;
        double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const char *const name = json_str(json_get(c, "name"), "?");
        static const char *const COSTS[] = {"meanvar_15logn", "meanvar_MBIC_3logn_noadj"};
        for (size_t k = 0; k < COUNT_OF(COSTS); k++) {
            const struct json *const want = json_get(c, COSTS[k]);
            const struct changepoint_rule rule = {CHANGEPOINT_MEAN_VARIANCE,
                                                  oracle_number(want, "penalty"), 2, 0};
            check_case(a, want, x, n, &rule, arena_printf(a, "%s %s", name, COSTS[k]));
        }
        const struct json *const l2 = json_get(c, "mean_L2_sigmaMAD_2logn");
        const double sigma = changepoint_noise(x, n, a);
        CHECK_NEAR("noise", sigma, oracle_number(l2, "sigma"), 2e-5); /* 1.4826 there */
        for (size_t i = 0; i < n; i++)
            x[i] /= oracle_number(l2, "sigma");
        const struct changepoint_rule rule = {CHANGEPOINT_MEAN, 2 * log((double)n), 1, 0};
        check_case(a, l2, x, n, &rule, arena_printf(a, "%s L2", name));
    }
}

/* The cost of x[from..to) in two passes, from its definition. */
static double cost(const double *x, size_t from, size_t to, const struct changepoint_rule *rule)
{
    double m = 0, ss = 0;
    for (size_t i = from; i < to; i++)
        m += x[i] / (double)(to - from);
    for (size_t i = from; i < to; i++)
        ss += (x[i] - m) * (x[i] - m);
    const double k = (double)(to - from), var = fmax(ss / k, rule->least_sd * rule->least_sd);
    return rule->cost == CHANGEPOINT_MEAN ? ss : k * (log(2 * acos(-1.0) * var) + ss / (k * var));
}

static double optimum(const double *x, size_t n, const struct changepoint_rule *rule)
{
    double best[301] = {-rule->penalty};
    for (size_t to = 1; to <= n; to++) {
        best[to] = INFINITY;
        for (size_t from = 0; from + rule->min_segment <= to; from++)
            best[to] = fmin(best[to], best[from] + cost(x, from, to, rule) + rule->penalty);
    }
    return best[n];
}

static void test_random(struct arena *a)
{
    struct rng g;
    rng_init(&g, 11);
    size_t wrong = 0;
    double x[300];
    for (int run = 0; run < 400; run++) {
        const size_t n = 20 + rng_below(&g, 281);
        double level = 10, sd = 1;
        for (size_t i = 0; i < n; i++) {
            if (rng_below(&g, 25) == 0)
                level = 10 + 4 * rng_normal(&g);
            if (rng_below(&g, 40) == 0)
                sd = exp(rng_normal(&g));
            x[i] = level + sd * rng_normal(&g);
            if (run % 4 == 0)
                x[i] = round(x[i]); /* ties, segments without spread */
        }
        const struct changepoint_rule rule = {
            run % 2 ? CHANGEPOINT_MEAN : CHANGEPOINT_MEAN_VARIANCE,
            (run % 3 ? 3 : 1) * log((double)n), 1 + (size_t)run % 7, 0.3};
        const double got = changepoint_pelt(x, n, &rule, a).objective, want = optimum(x, n, &rule);
        wrong += !test_near(got, want, 1e-9);
    }
    CHECK("400 random series: the optimum of the full dynamic programme", wrong == 0, "%zu differ",
          wrong);
}

static void test_edges(struct arena *a)
{
    const struct changepoint_rule rule = {CHANGEPOINT_MEAN, 1, 2, 0};
    const double one[] = {5}, steps[] = {1, 1, 1, 9, 9, 9, 1, 1};
    CHECK("none of nothing", changepoint_pelt(one, 0, &rule, a).n == 0, "-");
    CHECK("none of one", changepoint_pelt(one, 1, &rule, a).n == 0, "-");
    const struct changepoint_found f = changepoint_pelt(steps, 8, &rule, a);
    CHECK("two steps", f.n == 2 && f.end[0] == 3 && f.end[1] == 6 && f.end[2] == 8, "%zu", f.n);
    CHECK_NEAR("that cost two penalties", f.objective, 2, 1e-12);

    double x[1003];
    for (size_t i = 0; i < COUNT_OF(x); i++)
        x[i] = (double)i;
    const double *blocks;
    size_t block;
    const size_t m = changepoint_blocks(x, COUNT_OF(x), 100, a, &blocks, &block);
    CHECK("blocks", m <= 100 && block == 11 && m == 91, "%zu of %zu", m, block);
    CHECK_NEAR("median of the first", blocks[0], 5, 0);
    CHECK_NEAR("the last takes the rest", blocks[90], 996, 0);
    CHECK("a short series as it is",
          changepoint_blocks(x, 50, 100, a, &blocks, &block) == 50 && blocks == x && block == 1,
          "%zu", block);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    test_reference(a);
    test_random(a);
    test_edges(a);
    return test_done();
}
