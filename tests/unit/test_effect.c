/* R 4.2.2 with effectsize 0.8.3: tests/oracle/stats/twosample_R.json. The variance of Cliff's delta
 * by enumeration of all samples of a small law; the interval's coverage by simulation. */
#include "base/rng.h"
#include "num/effect.h"
#include "num/merge.h"
#include "num/quantile.h"
#include "oracle.h"

/* 95 % of d: SciPy's nct.sf inverted by brentq; effectsize's own search has 6 digits. */
static const struct {
    const char *name;
    double lo, hi;
} intervals[] = {
    {"mtcars_mpg", -2.265973280448, -0.670568385746}, {"sleep", -1.738816899107, 0.095450398211},
    {"plant", -1.872202975486, -0.013071639865},      {"tiny", -0.384649164377, 1.504033472767},
    {"unequal", -0.517479309237, 1.779791160118},     {"shifted", -1.944393700818, 0.620312887559},
};

static struct effect_dominance dominance_of(const double *x, size_t nx, const double *y, size_t ny,
                                            double conf)
{
    const struct merge m = merge_of(x, nx, y, ny);
    return effect_dominance_of(&m, conf);
}

static void test_intervals(struct arena *a)
{
    const struct json *const cases = json_get(oracle_read("stats/twosample_R.json", a), "cases");
    for (size_t i = 0; i < COUNT_OF(intervals); i++) {
        const struct json *const c = json_get(cases, intervals[i].name);
        const size_t nx = json_len(json_get(c, "x")), ny = json_len(json_get(c, "y"));
        const struct effect_interval d =
            effect_d_interval(oracle_number(c, "cohens_d"), nx, ny, 0.95);
        const double j = effect_hedges_j((double)(nx + ny - 2));
        CHECK_DIGITS(arena_printf(a, "%s d lo", intervals[i].name), d.lo, intervals[i].lo, 10);
        CHECK_DIGITS("d hi", d.hi, intervals[i].hi, 10);
        CHECK_NEAR("g lo", d.lo * j, oracle_at(c, "hedges_g_ci", 0), 1e-6);
        CHECK_NEAR("g hi", d.hi * j, oracle_at(c, "hedges_g_ci", 1), 1e-6);
    }
}

static void test_against_r(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/twosample_R.json", a), "cases"));
    const char *name;
    for (const struct json *c; (c = json_next(&it, &name));) {
        size_t nx, ny;
        double *const x = oracle_numbers(json_get(c, "x"), a, &nx);
        double *const y = oracle_numbers(json_get(c, "y"), a, &ny);
        const struct moment mx = moment_of(x, nx), my = moment_of(y, ny);
        const double d = effect_cohen_d(&mx, &my);
        CHECK_DIGITS(arena_printf(a, "%s d", name), d, oracle_number(c, "cohens_d"), 12);
        CHECK_DIGITS("g", effect_hedges_g(d, nx, ny), oracle_number(c, "hedges_g"), 12);
        CHECK_DIGITS("Glass", effect_glass(&mx, &my), oracle_number(c, "glass_delta_sd_y"), 12);
        quantile_sort(x, nx);
        quantile_sort(y, ny);
        const struct effect_dominance e = dominance_of(x, nx, y, ny, 0.95);
        CHECK_DIGITS("Cliff", e.delta, oracle_number(c, "cliffs_delta"), 14);
        CHECK_DIGITS("A12", e.a12, oracle_number(c, "A12"), 14);
        CHECK("bounds on both sides", e.lo < e.delta && e.delta < e.hi && e.lo >= -1 && e.hi <= 1,
              "%g %g %g", e.lo, e.delta, e.hi);
    }
}

/* Three x of {1, 3, 4} and two y of {2, 3}, all samples equally likely: the mean of the estimated
 * variance must be the variance of delta. The floor would break this where it applies, so it is
 * left out where it did (delta +-1 has none). */
static void test_variance_is_unbiased(void)
{
    static const double law_x[] = {1, 3, 4}, law_y[] = {2, 3};
    double sum = 0, squares = 0, var = 0, floored = 0;
    for (int i = 0; i < 27 * 4; i++) {
        double x[] = {law_x[i % 3], law_x[i / 3 % 3], law_x[i / 9 % 3]};
        double y[] = {law_y[i / 27 % 2], law_y[i / 54]};
        quantile_sort(x, 3);
        quantile_sort(y, 2);
        const struct effect_dominance e = dominance_of(x, 3, y, 2, 0.95);
        double plain = 0; /* the estimate by its definition, pair by pair */
        double rows[3] = {}, columns[2] = {}, all = 0;
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 2; c++) {
                const double s = (double)((x[r] > y[c]) - (x[r] < y[c]));
                rows[r] += s / 2;
                columns[c] += s / 3;
                all += (s - e.delta) * (s - e.delta);
            }
        for (int r = 0; r < 3; r++)
            plain += 4 * (rows[r] - e.delta) * (rows[r] - e.delta);
        for (int c = 0; c < 2; c++)
            plain += 9 * (columns[c] - e.delta) * (columns[c] - e.delta);
        plain = (plain - all) / (6.0 * 2 * 1);
        const double floor = (1 - e.delta * e.delta) / 5;
        floored += fabs(e.var - fmax(plain, floor));
        sum += e.delta / 108;
        squares += e.delta * e.delta / 108;
        var += plain / 108;
    }
    CHECK_NEAR("the formula's mean is the variance, over all samples", var, squares - sum * sum,
               1e-14);
    CHECK_NEAR("the runs over sorted samples give the formula, with its floor", floored, 0, 1e-13);
}

static void test_coverage(void)
{
    struct rng g;
    rng_init(&g, 3);
    constexpr size_t RUNS = 2000;
    static const struct {
        size_t na, nb;
        double shift, truth; /* normals of sd 1: delta = 2 Phi(shift / sqrt 2) - 1 */
    } law[] = {
        {10, 10, 0, 0}, {15, 25, 0.5, 0.27632639016823696}, {20, 20, 1.5, 0.7111556336535151}};
    for (size_t k = 0; k < COUNT_OF(law); k++) {
        size_t covered = 0;
        for (size_t i = 0; i < RUNS; i++) {
            double x[32], y[32];
            for (size_t j = 0; j < law[k].na; j++)
                x[j] = law[k].shift + rng_normal(&g);
            for (size_t j = 0; j < law[k].nb; j++)
                y[j] = rng_normal(&g);
            quantile_sort(x, law[k].na);
            quantile_sort(y, law[k].nb);
            const struct effect_dominance e = dominance_of(x, law[k].na, y, law[k].nb, 0.95);
            covered += e.lo <= law[k].truth && law[k].truth <= e.hi;
        }
        CHECK("Feng and Cliff's interval covers 93 to 98 % of 2000",
              covered >= RUNS * 93 / 100 && covered <= RUNS * 98 / 100, "%zu", covered);
    }
}

static void test_edges(void)
{
    static const double low[] = {1, 2, 3, 4}, high[] = {5, 6, 7};
    const struct effect_dominance e = dominance_of(high, 3, low, 4, 0.95);
    /* By hand: t[.975, 5] = 2.570581835636314 (R); (3 - t^2) / (3 + t^2) */
    CHECK_NEAR("all above: the near bound", e.lo, -0.37551331333568433, 1e-12);
    CHECK("and the far one", e.hi >= 1 && e.delta >= 1 && e.size == EFFECT_LARGE, "%g", e.hi);
    const struct effect_dominance f = dominance_of(low, 4, high, 3, 0.95);
    CHECK_NEAR("mirrored", f.hi, -e.lo, 1e-15);
    CHECK_NEAR("one value has no bounds", dominance_of(low, 1, high, 3, 0.95).lo, NOT_MEASURED, 0);
    CHECK("an empty sample has nothing", dominance_of(low, 0, high, 3, 0.95).size == 0,
          "not unknown");
    const struct moment same = {.n = 3, .mean = 3, .var = 0};
    CHECK_NEAR("no spread, no d", effect_cohen_d(&same, &same), NOT_MEASURED, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    test_against_r(a);
    test_intervals(a);
    test_variance_is_unbiased();
    test_coverage();
    test_edges();
    return test_done();
}
