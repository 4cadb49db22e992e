/* num/permutation. Expected: all assignments counted in Python (itertools); one-sided p also
 * scipy.stats.permutation_test, whose two-sided p is twice the lesser and not that of |figure|. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/permutation.h"
#include "num/quantile.h"
#include "test.h"

static const double a[] = {12.1, 11.8, 12.6, 12.3, 13.0, 12.2},
                    b[] = {12.9, 13.4, 12.8, 13.1, 12.7};
static const double d[] = {.3, -.1, .4, .2, .5, -.2, .6, .1};

static double median(const double *x, size_t n)
{
    double y[16];
    memcpy(y, x, n * sizeof *x);
    quantile_sort(y, n);
    return quantile_sorted(y, n, 0.5);
}

static double medians(void *, const double *x, size_t nx, const double *y, size_t ny)
{
    return median(x, nx) - median(y, ny);
}

static void test_exact(struct arena *scratch)
{
    static const struct permutation_plan plan = {};
    struct permutation r = permutation_two(a, 6, b, 5, nullptr, nullptr, &plan, scratch);
    CHECK("all 462 ways", r.exact && r.assignments == 462, "%llu",
          (unsigned long long)r.assignments);
    CHECK_NEAR("two-sided", r.p, 10.0 / 462, 1e-15);
    CHECK_NEAR("greater", r.p_greater, 458.0 / 462, 1e-15);
    CHECK_NEAR("less", r.p_less, 6.0 / 462, 1e-15);
    r = permutation_two(b, 5, a, 6, nullptr, nullptr, &plan, scratch);
    CHECK_NEAR("the other way round", r.p, 10.0 / 462, 1e-15);
    r = permutation_two(a, 6, b, 5, medians, nullptr, &plan, scratch);
    CHECK_NEAR("medians", r.p, 43.0 / 462, 1e-15);
    r = permutation_paired(d, 8, &plan, scratch);
    CHECK("all 256 signs", r.exact && r.assignments == 256, "%llu",
          (unsigned long long)r.assignments);
    CHECK_NEAR("paired", r.p, 22.0 / 256, 1e-15);
    CHECK_NEAR("paired, greater", r.p_greater, 11.0 / 256, 1e-15);
    CHECK_NEAR("paired, less", r.p_less, 250.0 / 256, 1e-15);
    CHECK_NEAR("nothing against something",
               permutation_two(a, 0, b, 5, nullptr, nullptr, &plan, scratch).p, NOT_MEASURED, 0);
    CHECK_NEAR("no pairs", permutation_paired(d, 0, &plan, scratch).p, NOT_MEASURED, 0);
}

static void test_drawn(struct arena *scratch)
{
    struct permutation_plan plan = {
        .seed = 8, .permutations = 20'000, .threads = 1, .exact_most = 1};
    const struct permutation r = permutation_two(a, 6, b, 5, nullptr, nullptr, &plan, scratch);
    CHECK("drawn", !r.exact && r.assignments == 20'000, "%llu", (unsigned long long)r.assignments);
    CHECK("near the exact p", fabs(r.p - 10.0 / 462) < 4 * r.p_error, "%g, error %g", r.p,
          r.p_error);
    const struct permutation s = permutation_paired(d, 8, &plan, scratch);
    CHECK("pairs too", fabs(s.p - 22.0 / 256) < 4 * s.p_error, "%g", s.p);
    double x[200];
    struct rng g;
    rng_init(&g, 3);
    for (size_t i = 0; i < 200; i++)
        x[i] = rng_normal(&g);
    const struct permutation one =
        permutation_two(x, 90, x + 90, 110, nullptr, nullptr, &plan, scratch);
    const struct permutation pairs = permutation_paired(x, 200, &plan, scratch);
    plan.threads = 3;
    const struct permutation many =
        permutation_two(x, 90, x + 90, 110, nullptr, nullptr, &plan, scratch);
    const struct permutation more = permutation_paired(x, 200, &plan, scratch);
    CHECK("the same for any number of threads",
          memcmp(&one.p, &many.p, sizeof one.p) == 0 &&
              memcmp(&pairs.p, &more.p, sizeof more.p) == 0,
          "%g, %g", one.p, many.p);
    for (size_t i = 0; i < 90; i++)
        x[i] += 5;
    CHECK_NEAR("never 0", permutation_two(x, 90, x + 90, 110, nullptr, nullptr, &plan, scratch).p,
               1.0 / 20'001, 1e-15);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(64U << 20);
    test_exact(scratch);
    test_drawn(scratch);
    return test_done();
}
