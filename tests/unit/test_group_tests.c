/* want: R 4.x on the logs: oneway.test, kruskal.test, TukeyHSD, drop1(lm(y ~ g + blk + ord)),
 * friedman.test. Six invocations of three configurations, one in each block. */
#include "analysis/across.h"
#include "analysis/group_tests.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "test.h"

#include <math.h>

constexpr size_t BLOCKS = 6;
constexpr size_t CONFIGURATIONS = 3;

static const double ms[CONFIGURATIONS][BLOCKS] = {{10.1, 10.4, 9.9, 10.2, 10.0, 10.3},
                                                  {10.9, 11.2, 10.7, 11.3, 10.8, 11.1},
                                                  {10.2, 10.6, 10.1, 10.9, 10.0, 10.5}};
static const double order[CONFIGURATIONS][BLOCKS] = {
    {0, 1, 2, 0, 1, 2}, {1, 2, 0, 2, 0, 1}, {2, 0, 1, 1, 2, 0}};

static struct cell_stats cell_of(size_t k, const char *scenario, double factor, struct arena *a)
{
    static const char *const names[] = {"a", "b", "c"};
    struct results_run *const runs = ARENA_ARRAY(a, struct results_run, BLOCKS);
    struct cell_unit *const units = ARENA_ARRAY(a, struct cell_unit, BLOCKS);
    double *const x = ARENA_ARRAY(a, double, BLOCKS);
    size_t *const start = ARENA_ARRAY(a, size_t, BLOCKS + 1);
    for (size_t i = 0; i < BLOCKS; i++) {
        struct evidence *const e = ARENA_ARRAY(a, struct evidence, 1);
        e->block = (double)i;
        e->order_in_block = order[k][i];
        runs[i] = (struct results_run){0, (int32_t)i, e};
        units[i] = (struct cell_unit){0, (int32_t)i};
        x[i] = factor * ms[k][i];
        start[i + 1] = i + 1;
    }
    struct results_cell *const cell = ARENA_ARRAY(a, struct results_cell, 1);
    *cell = (struct results_cell){
        .key = {scenario, names[k], "fp32", "m"}, .runs = runs, .n_runs = BLOCKS};
    return (struct cell_stats){.cell = cell,
                               .n = BLOCKS,
                               .x = x,
                               .sorted = x,
                               .units = units,
                               .start = start,
                               .n_units = BLOCKS,
                               .tokens_per_second = NOT_MEASURED,
                               .level = level_of(x, start, BLOCKS, nullptr, a)};
}

static void test_group(struct arena *a)
{
    struct cell_stats cells[CONFIGURATIONS];
    const struct cell_stats *list[CONFIGURATIONS];
    for (size_t k = 0; k < CONFIGURATIONS; k++) {
        cells[k] = cell_of(k, "s", 1, a);
        list[k] = &cells[k];
    }
    struct group_tests g = group_tests_of(list, CONFIGURATIONS, a);
    CHECK_NEAR("Welch's F", g.welch.f, 22.8629758665942, 1e-12);
    CHECK_NEAR("its df", g.welch.df2, 9.59027089567465, 1e-12);
    CHECK_NEAR("its p", g.welch.p, 0.00022428392752493, 1e-11);
    CHECK_NEAR("Kruskal and Wallis", g.kruskal.statistic, 10.7842832469776, 1e-12);
    CHECK_NEAR("their p", g.kruskal.p, 0.0045522137608817, 1e-12);
    CHECK("three pairs", g.n_pairs == 3, "%zu", g.n_pairs);
    CHECK_NEAR("Tukey b - a", g.pairs[0].tukey_p, 0.00015381658189, 1e-6);
    CHECK_NEAR("Tukey c - a", g.pairs[1].tukey_p, 0.29712880766597, 1e-8);
    CHECK_NEAR("Tukey c - b", g.pairs[2].tukey_p, 0.00309288007702, 1e-7);
    CHECK("configuration, block and order are separated", g.n_factors == 3 && !g.no_blocks, "%zu",
          g.n_factors);
    CHECK_NEAR("F of the configuration", g.factors[GROUP_TESTS_CONFIGURATION].f, 73.54057, 1e-6);
    CHECK_NEAR("F of the block", g.factors[GROUP_TESTS_BLOCK].f, 11.45947, 1e-6);
    CHECK_NEAR("p of the order", g.factors[GROUP_TESTS_ORDER].p, 0.4386266, 1e-6);
    CHECK_NEAR("Friedman", g.friedman_p, 0.0030806683904541768, 1e-12);

    cells[1].n_units = cells[1].n = 5;
    cells[1].level = level_of(cells[1].x, cells[1].start, 5, nullptr, a);
    g = group_tests_of(list, CONFIGURATIONS, a);
    CHECK("a configuration that misses a block: no blocks, and why",
          g.n_factors == 0 && g.no_blocks && isnan(g.friedman_p), "%zu", g.n_factors);
    g = group_tests_of(list, 1, a);
    CHECK("one configuration: no test, and why", g.reason && g.n_pairs == 0, "%zu", g.n_pairs);
}

/* The ratios of b to a in four scenarios are 1.10, 1.14, 1.08 and 1.20 times what they are in one;
 * want: SciPy's ttest_1samp on log(1.10 ...) shifted by that constant. */
static void test_across(struct arena *a)
{
    static const double factors[] = {1.10, 1.14, 1.08, 1.20};
    static const char *const scenarios[] = {"s1", "s2", "s3", "s4"};
    struct pair pairs[4];
    for (size_t i = 0; i < 4; i++) {
        struct cell_stats *const c = ARENA_ARRAY(a, struct cell_stats, 2);
        c[0] = cell_of(0, scenarios[i], 1, a);
        c[1] = cell_of(0, scenarios[i], factors[i], a);
        struct results_cell *const other = ARENA_ARRAY(a, struct results_cell, 1);
        *other = *c[1].cell;
        other->key.backend = "b";
        c[1].cell = other;
        pairs[i] = (struct pair){
            .a = &c[0], .b = &c[1], .verdict = verdict_compare(&c[0].level, &c[1].level, 0.05)};
    }
    size_t n = 0;
    struct across *const x = across_compute(pairs, 4, 0.05, a, &n);
    CHECK("one comparison of four scenarios", n == 1 && x[0].n == 4 && x[0].b_slower == 4, "%zu",
          n);
    CHECK_NEAR("ratio", x[0].verdict.ratio, 1.129082391631831, 1e-13);
    CHECK_NEAR("lower end", x[0].verdict.lo, 1.0487176862524554, 1e-12);
    CHECK_NEAR("upper end", x[0].verdict.hi, 1.2156055569622284, 1e-12);
    CHECK_NEAR("p", x[0].verdict.p, 0.013581695419706273, 1e-11);
    CHECK("slower", x[0].verdict.kind == VERDICT_SLOWER, "%s", verdict_text(&x[0].verdict, a));
    CHECK("one ratio does not fit all four", x[0].q_p < 1e-4, "%g", x[0].q_p);
    pairs[0].unequal_work = true;
    const struct across *const y = across_compute(pairs, 4, 0.05, a, &n);
    CHECK("unequal work is left out and counted", n == 1 && y[0].n == 3 && y[0].left_out == 1,
          "%zu", y[0].n);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_group(a);
    test_across(a);
    return test_done();
}
