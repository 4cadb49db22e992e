/* want: the C library's qsort(). */
#include "num/sort.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/quantile.h"
#include "test.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum law { NORMAL, FEW_VALUES, WHOLE_NUMBERS, ALL_BITS, SORTED, REVERSED, CONSTANT, N_LAWS };

static double value(enum law law, struct rng *r, size_t i)
{
    static const double few[] = {-INFINITY, -1, -1e-310, 0, 5e-324, 1, 1e308, INFINITY};
    const uint64_t bits = rng_u64(r);
    double x;
    switch (law) {
    case NORMAL:
        return rng_normal(r);
    case FEW_VALUES:
        return few[bits % COUNT_OF(few)];
    case WHOLE_NUMBERS:
        return (double)(bits % 100'000) - 50'000;
    case ALL_BITS:
        memcpy(&x, &bits, sizeof x);
        return isnan(x) ? 0 : x;
    case SORTED:
        return (double)i;
    case REVERSED:
        return -(double)i;
    case CONSTANT:
    case N_LAWS:
        break;
    }
    return 3.25;
}

/* Checked by what an order is: no place twice, keys ascending, equal ones as they stood. */
static void places(struct arena *a, struct rng *r)
{
    static const uint64_t ranges[] = {1, 2, 8, 1000, UINT64_MAX};
    static const size_t sizes[] = {0, 1, 2, 500, 20'000};
    for (size_t k = 0; k < COUNT_OF(ranges) * COUNT_OF(sizes); k++) {
        const size_t n = sizes[k % COUNT_OF(sizes)];
        const uint64_t range = ranges[k / COUNT_OF(sizes)];
        int64_t *const key = ARENA_ARRAY(a, int64_t, n + 1);
        size_t *const at = ARENA_ARRAY(a, size_t, n + 1), wrong = 0;
        bool *const seen = ARENA_ARRAY(a, bool, n + 1);
        for (size_t i = 0; i < n; i++)
            key[i] = range == UINT64_MAX ? (int64_t)rng_u64(r)
                                         : (int64_t)rng_below(r, range) + (k % 2 ? INT64_MIN : 0);
        sort_places(key, n, at);
        for (size_t i = 0; i < n; i++) {
            wrong += at[i] >= n || seen[at[i] < n ? at[i] : 0];
            seen[at[i] < n ? at[i] : 0] = true;
            wrong += i > 0 && (key[at[i - 1]] > key[at[i]] ||
                               (key[at[i - 1]] == key[at[i]] && at[i - 1] > at[i]));
        }
        CHECK(arena_printf(a, "places of %zu", n), wrong == 0, "%zu wrong", wrong);
    }
}

static bool same(double a, double b)
{
    return !(a < b) && !(b < a);
}

/* sort_kth, of values in falling order and of what it left behind; medians of finite values. */
static size_t one_of_them(const double *sorted, size_t n, bool finite, struct arena *a)
{
    double *const x = ARENA_ARRAY(a, double, n + 1);
    const size_t places[] = {n / 100, n - 1, (n - 1) / 2, n / 2, 0};
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        x[i] = sorted[n - 1 - i];
    for (size_t k = 0; n && k < COUNT_OF(places); k++) {
        wrong += !same(sort_kth(x, n, places[k]), sorted[places[k]]);
        for (size_t i = 0; i < n; i++)
            wrong += i < places[k] ? x[i] > x[places[k]] : x[i] < x[places[k]];
    }
    wrong += finite && !test_near(quantile_median(x, n), quantile_sorted(sorted, n, 0.5), 0);
    sort_ascending(x, n);
    return wrong + (memcmp(x, sorted, n * sizeof *x) != 0);
}

/* In the order in which they came. */
static size_t median_of_them(double *x, const double *sorted, size_t n)
{
    return !test_near(quantile_median(x, n), quantile_sorted(sorted, n, 0.5), 0);
}

int main(void)
{
    static const size_t sizes[] = {0, 1, 2, 3, 399, 400, 401, 10'000, 300'000};
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    struct rng r;
    rng_init(&r, 11);
    for (unsigned law = 0; law < N_LAWS; law++)
        for (size_t k = 0; k < COUNT_OF(sizes); k++) {
            const size_t n = sizes[k];
            double *const x = ARENA_ARRAY(a, double, n + 1), *const want =
                                                                 ARENA_ARRAY(a, double, n + 1);
            for (size_t i = 0; i < n; i++)
                x[i] = want[i] = value((enum law)law, &r, i);
            x[n] = want[n] = -7;
            size_t *const at = ARENA_ARRAY(a, size_t, n + 1), wrong = 0;
            sort_order(x, n, at);
            for (size_t i = 1; i < n; i++)
                wrong +=
                    x[at[i - 1]] > x[at[i]] || (!(x[at[i - 1]] < x[at[i]]) && at[i - 1] >= at[i]);
            CHECK(arena_printf(a, "law %u, the order of %zu values", law, n), wrong == 0,
                  "%zu wrong", wrong);
            double *const same_order = ARENA_ARRAY(a, double, n + 1);
            memcpy(same_order, x, n * sizeof *x);
            sort_ascending(x, n);
            qsort(want, n, sizeof *want, ascending);
            CHECK(arena_printf(a, "law %u, %zu values", law, n),
                  memcmp(x, want, (n + 1) * sizeof *x) == 0, "another order");
            const bool finite = law != FEW_VALUES && law != ALL_BITS;
            wrong = one_of_them(x, n, finite, a);
            wrong += finite ? median_of_them(same_order, x, n) : 0;
            CHECK(arena_printf(a, "law %u, some of %zu values", law, n), wrong == 0, "%zu wrong",
                  wrong);
        }
    places(a, &r);
    double zeros[800];
    for (size_t i = 0; i < COUNT_OF(zeros); i++)
        zeros[i] = i % 2 ? -0.0 : 0.0;
    sort_ascending(zeros, COUNT_OF(zeros));
    CHECK("-0 before 0", signbit(zeros[0]) && signbit(zeros[399]) && !signbit(zeros[400]), "no");
    return test_done();
}
