/* want: NumPy and SciPy 1.17 on the logs (Welch's t, the degrees of freedom that num/compare.h
 * names, t.sf, t.cdf, t.ppf), or counted by hand. */
#include "analysis/history.h"
#include "analysis/verdict.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "test.h"

#include <math.h>
#include <string.h>

static struct arena *a;

static struct level invocations(const double *x, size_t n)
{
    size_t start[100];
    for (size_t i = 0; i <= n; i++)
        start[i] = i;
    return level_of(x, start, n, nullptr, a);
}

static const double one[] = {10.1, 10.4, 9.9, 10.2, 10.0}, slower[] = {10.9, 11.2, 10.7, 11.3},
                    same[] = {10.0, 10.3, 10.05, 10.15, 9.95};

static void test_levels(void)
{
    const double x[] = {1, 4, 100, 8, 2, 32};
    const size_t two[] = {0, 3, 6}, whole[] = {0, 6};
    struct level l = level_of(x, two, 2, nullptr, a);
    CHECK("two invocations are two values", l.unit == LEVEL_INVOCATIONS && l.n == 2, "%zu", l.n);
    CHECK_NEAR("of three, the log of the median", l.y[0], log(4), 1e-15);
    const double many[] = {1, 2, 4, 8, 1e9, 1, 2, 4, 8, 16, 1e9, 2,
                           8, 3, 3, 3, 3,   3, 3, 3, 3, 3,  3};
    const size_t sizes[] = {0, 5, 11, 13, 23};
    l = level_of(many, sizes, 4, nullptr, a);
    CHECK_NEAR("of five, the mean of the logs of three", l.y[0], 2 * log(2), 1e-15);
    /* (0.8 (1 + 4) + 2 + 3) / 3.6 log 2: of six, 1.2 off each end */
    CHECK_NEAR("of six, parts of the outermost that are left", l.y[1], 2.5 * log(2), 1e-14);
    CHECK_NEAR("of two, their mean", l.y[2], 2 * log(2), 1e-15);
    CHECK_NEAR("of ten that are alike, they", l.y[3], log(3), 1e-15);
    const int32_t passes[] = {0, 0, 1, 1, 2, 2};
    l = level_of(x, whole, 1, passes, a);
    CHECK("passes of one invocation", l.unit == LEVEL_REPETITIONS && l.n == 3, "%zu", l.n);
    CHECK_NEAR("the mean of the logs of a pass", l.y[2], log(8), 1e-15);
    const int32_t uneven[] = {0, 0, 0, 1, 1, 2};
    l = level_of(x, whole, 1, uneven, a);
    CHECK("a pass that misses a prompt is no replicate", l.unit == LEVEL_SAMPLES && l.n == 6, "%zu",
          l.n);
    double walk[64], y = 0;
    for (size_t i = 0; i < 64; i++)
        walk[i] = exp(y += i % 16 < 8 ? 0.1 : -0.1);
    const size_t all[] = {0, 64};
    l = level_of(walk, all, 1, nullptr, a);
    CHECK("a series that hangs together carries less", l.n_effective < 16, "%g", l.n_effective);
    for (size_t i = 0; i < 30; i++)
        walk[i] = exp(0.1 * (double)i);
    const size_t thirty[] = {0, 30};
    l = level_of(walk, thirty, 1, nullptr, a);
    CHECK_NEAR("one that never comes back still has two values", l.n_effective, 2, 0);
    struct verdict v = verdict_compare(&l, &l, 0.05);
    verdict_family(&v, 1, a);
    CHECK("and decides nothing, at once", v.kind == VERDICT_UNDECIDED && v.df >= 1, "df %g", v.df);
}

static void test_pairs(void)
{
    const struct level x = invocations(one, 5), y = invocations(slower, 4),
                       z = invocations(same, 5);
    struct verdict v = verdict_compare(&x, &y, 0.05);
    CHECK_NEAR("ratio", v.ratio, 1.0893280067972704, 1e-13);
    CHECK_NEAR("its lower end", v.lo, 1.0511334055879953, 1e-12);
    CHECK_NEAR("its upper end", v.hi, 1.1289104694842422, 1e-12);
    CHECK_NEAR("t", v.t, 5.660486022990724, 1e-12);
    CHECK_NEAR("df", v.df, 7.049154553095347, 1e-12);
    CHECK_NEAR("p", v.p, 0.0007474181659212628, 1e-12);
    struct verdict three[] = {v, v, v};
    verdict_family(&v, 1, a);
    CHECK("slower", v.kind == VERDICT_SLOWER, "%s", verdict_text(&v, a));
    /* expm1(ncp se), the ncp by brentq over scipy.stats.nct.sf(t, df, ncp) - 0.8 */
    CHECK_NEAR("what these could have shown", v.detectable, 0.0506033950253736, 1e-10);
    verdict_family(three, 3, a);
    CHECK_NEAR("as one of three", three[2].detectable, 0.06384489975901486, 1e-10);

    v = verdict_compare(&x, &z, 0.05);
    CHECK_NEAR("p of no difference", v.p, 0.7881323559756647, 1e-12);
    CHECK_NEAR("p of equivalence", v.p_equivalent, 0.0007210985607606212, 1e-12);
    verdict_family(&v, 1, a);
    CHECK("equivalent", v.kind == VERDICT_EQUIVALENT, "%s", verdict_text(&v, a));

    v = verdict_compare(&x, &z, 0.01);
    verdict_family(&v, 1, a);
    CHECK("within 1 % it cannot be shown, and it says what would",
          v.kind == VERDICT_UNDECIDED && v.more > 0 &&
              strstr(verdict_text(&v, a), "more invocations"),
          "%s", verdict_text(&v, a));

    const double wide[] = {9.0, 12.0, 10.0, 14.0};
    const struct level w = invocations(wide, 4);
    v = verdict_compare(&x, &w, 0.05);
    CHECK_NEAR("df where one varies much more", v.df, 3.0750819380063374, 1e-11);
    CHECK_NEAR("its p", v.p, 0.4182683530658274, 1e-11);

    const struct level single = invocations(one, 1);
    v = verdict_compare(&x, &single, 0.05);
    verdict_family(&v, 1, a);
    CHECK("one value decides nothing", v.kind == VERDICT_UNDECIDED && v.reason && isnan(v.p), "%s",
          verdict_text(&v, a));
    const double constant[] = {3, 3, 3, 3};
    const struct level c = invocations(constant, 4);
    v = verdict_compare(&c, &c, 0.05);
    verdict_family(&v, 1, a);
    CHECK("constants decide nothing either", v.kind == VERDICT_UNDECIDED && v.reason, "%s",
          verdict_text(&v, a));
}

/* Three cells of one law: how often is any of the three pairs called different? Holm promises 5 %.
 */
static void test_family_error(void)
{
    size_t wrong = 0;
    constexpr size_t RUNS = 2000;
    struct rng rng;
    rng_init(&rng, 17);
    for (size_t i = 0; i < RUNS; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new(1U << 20);
        struct level l[3];
        for (size_t k = 0; k < 3; k++) {
            double x[6];
            const size_t start[] = {0, 1, 2, 3, 4, 5, 6};
            for (size_t j = 0; j < 6; j++)
                x[j] = exp(0.05 * rng_normal(&rng));
            l[k] = level_of(x, start, 6, nullptr, scratch);
        }
        struct verdict v[] = {verdict_compare(&l[0], &l[1], 0.001),
                              verdict_compare(&l[0], &l[2], 0.001),
                              verdict_compare(&l[1], &l[2], 0.001)};
        verdict_family(v, 3, scratch);
        bool any = false;
        for (size_t k = 0; k < 3; k++)
            any = any || v[k].kind != VERDICT_UNDECIDED;
        wrong += any;
    }
    CHECK("a family of equals is called different in at most 6 of 100", wrong <= RUNS * 6 / 100,
          "%zu of %zu", wrong, RUNS);
    CHECK("and the test is not asleep", wrong >= RUNS * 2 / 100, "%zu of %zu", wrong, RUNS);
}

/* Unequal numbers of invocations: Satterthwaite's degrees of freedom call 3 and 10 of one law
 * different in 6.4 %, 2 and 10 in 10 % (Welch's second form alone 7.5 and 12). Within 3 errors. */
static void test_unequal_numbers(void)
{
    static const struct {
        size_t n_a, n_b;
        double least, most;
    } rows[] = {{2, 2, 0.02, 0.06}, {2, 10, 0, 0.06}, {3, 3, 0.03, 0.06}, {3, 10, 0.025, 0.055}};
    constexpr size_t RUNS = 4000;
    struct rng rng;
    rng_init(&rng, 18);
    for (size_t k = 0; k < COUNT_OF(rows); k++) {
        size_t wrong = 0;
        for (size_t i = 0; i < RUNS; i++) {
            CLEANUP(arena_freep) struct arena *scratch = arena_new(1U << 20);
            const size_t n[] = {rows[k].n_a, rows[k].n_b};
            struct level l[2];
            for (size_t side = 0; side < 2; side++) {
                double x[10];
                size_t start[11] = {0};
                for (size_t j = 0; j < n[side]; j++) {
                    x[j] = exp(0.05 * rng_normal(&rng));
                    start[j + 1] = j + 1;
                }
                l[side] = level_of(x, start, n[side], nullptr, scratch);
            }
            wrong += verdict_compare(&l[0], &l[1], 0.05).p < VERDICT_ALPHA;
        }
        const double rate = (double)wrong / (double)RUNS;
        CHECK("like cells, few or unequal numbers of invocations: called different in 5 % or less",
              rate >= rows[k].least && rate <= rows[k].most, "%zu, %zu: %g", rows[k].n_a,
              rows[k].n_b, rate);
    }
}

/* 20 runs with 3 % between them; a step of 10 % after the 12th, or none. */
static void test_history(void)
{
    static const struct folder_key key = {"s", "b", "p", "m"};
    size_t found = 0, alarms = 0;
    struct rng rng;
    rng_init(&rng, 23);
    for (size_t i = 0; i < 400; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new(1U << 20);
        double y[20];
        const bool step = i % 2;
        for (size_t k = 0; k < 20; k++)
            y[k] = 2 + 0.03 * rng_normal(&rng) + (step && k >= 12 ? log(1.1) : 0);
        const struct history h = history_of(&key, y, 20, 0.05, scratch);
        if (step)
            found += h.n_changes == 1 && h.changes[0].at >= 11 && h.changes[0].at <= 13;
        else
            alarms += h.n_changes > 0;
    }
    CHECK("a step of 10 % is found where it is", found >= 190, "%zu of 200", found);
    CHECK("and none where there is none", alarms <= 4, "%zu of 200", alarms);
    const double few[] = {1, 1, 2, 2};
    CHECK("four runs are too few", history_of(&key, few, 4, 0.05, a).reason != nullptr, "none");
    const double holes[] = {1.001, NAN, 1.002, 1.0005, 1.001, NAN, 1.501, 1.502, 1.5005, 1.5015};
    const struct history h = history_of(&key, holes, 10, 0.05, a);
    CHECK("a run without the cell is left out, and the place is the folder's",
          h.n_changes == 1 && h.changes[0].at == 6, "%zu", h.n_changes);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *whole = arena_new(64U << 20);
    a = whole;
    test_levels();
    test_pairs();
    test_family_error();
    test_unequal_numbers();
    test_history();
    return test_done();
}
