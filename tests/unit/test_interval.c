/* num/interval: ends of intervals. Expected: tests/oracle/intervals.py (numpy 2, scipy 1.17),
 * written from the papers' formulas; what they cover is simulated by `chimera selftest`. */
#include "base/arena.h"
#include "base/defs.h"
#include "num/interval.h"
#include "num/quantile.h"
#include "test.h"

static const struct {
    const char *label;
    double lo, hi;
} want[] = {
    {"mean of one", 100.05262311160784, 104.15509117334206},
    {"mean of one, dependent", 99.154981150664, 104.35065745810834},
    {"mean of 10", 98.293717647425126, 106.53827882555056},
    {"median of one", 98.608895301461175, 105.25231458987801},
    {"median of one, dependent", 98.743748575162556, 104.30621094854781},
    {"median of 6", 92.590967011185057, 106.49865496248053},
    {"p95 of 100", 108.94547355165081, 109.88536595546302},
    {"p95 of 300, dependent", 109.38727250848302, 114.27815953916986},
    {"mean of 5 units", 102.82757253277352, 128.83416373889159},
    {"mean of 9 uneven units", 106.12147047943323, 118.85569698446899},
    {"median of 5 units", 105.51556878715883, 133.31083757751421},
    {"median of 12 units", 94.64981205509055, 116.62697129209432},
    {"median of 9 uneven units", 102.89951608882548, 120.62841086038651},
    {"p95 of 30 units", 108.80060071189398, 110.33341701858812},
    {"ratio", 0.7555347761117569, 1.003871925770992},
    {"ratio to one invocation", 0.91987359811786973, 1.1241529531392402},
    {"ratio to one that alternates", 0.92897467246729515, 1.1370591442349371},
    {"stopped median of 12 units", 92.762417744150483, 117.86530895864601},
    {"stopped median of 20 units in two states", 98.041753986663508, 124.72371246493122},
};

constexpr size_t MOST = 600;

/* As series() in the oracle. */
static void series(double *x, size_t n, double ar)
{
    double last = 0;
    for (size_t i = 0; i < n; i++) {
        last = ar * last + (double)((i * i * 7919 + 31 * i) % 1009) / 1009 - 0.5;
        x[i] = 100 + 20 * last;
    }
}

static size_t row;

static void check(struct interval v)
{
    CHECK_NEAR(want[row].label, v.lo, want[row].lo, 1e-11);
    CHECK_NEAR(want[row].label, v.hi, want[row].hi, 1e-11);
    CHECK("no reason where both ends are", !v.reason && v.lo < v.at && v.at < v.hi, "%s: %g",
          want[row].label, v.at);
    row++;
}

static struct interval mean_of(size_t n, double ar, const size_t *start, size_t n_units)
{
    double x[MOST];
    series(x, n, ar);
    const size_t one[] = {0, n};
    return interval_mean(&(struct nested){x, start ? start : one, n_units}, 0.95);
}

static struct interval quantile_of(double p, size_t n, double ar, const size_t *start,
                                   size_t n_units)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    double x[MOST], sorted[MOST];
    series(x, n, ar);
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    const size_t one[] = {0, n};
    return interval_quantile(&(struct nested){x, start ? start : one, n_units}, sorted, p, 0.95, a);
}

/* 20 invocations of 15, the second and fourth of each five 1.3 times as slow; or the twelve. */
static struct interval stopped(size_t n, double ar, size_t n_units, bool states)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    double x[MOST], sorted[MOST];
    size_t start[21] = {0};
    series(x, n, ar);
    for (size_t u = 0; u < n_units; u++) {
        start[u + 1] = (u + 1) * n / n_units;
        for (size_t i = start[u]; states && (u % 5 == 1 || u % 5 == 3) && i < start[u + 1]; i++)
            x[i] *= 1.3;
    }
    memcpy(sorted, x, n * sizeof *x);
    quantile_sort(sorted, n);
    return interval_median_stopped(&(struct nested){x, start, n_units}, sorted, 0.97, a);
}

int main(void)
{
    size_t five[6], twelve[13], many[31];
    for (size_t i = 0; i <= 30; i++) {
        if (i <= 5)
            five[i] = 5 * i;
        if (i <= 12)
            twelve[i] = 10 * i;
        many[i] = 20 * i;
    }
    static const size_t uneven[] = {0, 3, 12, 17, 25, 31, 38, 48, 52, 60};

    check(mean_of(30, 0, nullptr, 1));
    check(mean_of(100, 0.6, nullptr, 1));
    check(mean_of(10, 0, nullptr, 1));
    check(quantile_of(0.5, 30, 0, nullptr, 1));
    check(quantile_of(0.5, 100, 0.6, nullptr, 1));
    check(quantile_of(0.5, 6, 0, nullptr, 1));
    check(quantile_of(0.95, 100, 0, nullptr, 1));
    check(quantile_of(0.95, 300, 0.6, nullptr, 1));
    check(mean_of(25, 0.9, five, 5));
    check(mean_of(60, 0.9, uneven, 9));
    check(quantile_of(0.5, 25, 0.9, five, 5));
    check(quantile_of(0.5, 120, 0.9, twelve, 12));
    check(quantile_of(0.5, 60, 0.9, uneven, 9));
    check(quantile_of(0.95, 600, 0.3, many, 30));
    const struct interval a = quantile_of(0.5, 25, 0.9, five, 5);
    const struct interval b = quantile_of(0.5, 120, 0.9, twelve, 12);
    check(interval_ratio(&b, &a, 0.95));
    const struct interval c = quantile_of(0.5, 100, 0.6, nullptr, 1);
    check(interval_ratio(&b, &c, 0.95));

    CLEANUP(arena_freep) struct arena *scratch = arena_new(1U << 20);
    double zigzag[40], sorted[40];
    for (size_t i = 0; i < 40; i++)
        zigzag[i] = sorted[i] = 100 + (i % 2 ? 2 : -2) + (double)(i * i * 7919 % 1009) / 1009;
    quantile_sort(sorted, 40);
    const size_t forty[] = {0, 40};
    const struct interval d =
        interval_quantile(&(struct nested){zigzag, forty, 1}, sorted, 0.5, 0.95, scratch);
    check(interval_ratio(&b, &d, 0.95));

    check(stopped(120, 0.9, 12, false));
    check(stopped(300, 0.3, 20, true));

    const struct interval none = quantile_of(0.5, 5, 0, nullptr, 1);
    CHECK("five samples have no interval of the median", isnan(none.lo) && none.reason, "%g",
          none.lo);
    const struct interval open = quantile_of(0.95, 60, 0, nullptr, 1);
    CHECK("p95 of 60: a lower end only", isfinite(open.lo) && isnan(open.hi) && open.reason, "%g",
          open.hi);
    CHECK("ratio to what has no end", isnan(interval_ratio(&none, &a, 0.95).lo), "finite");
    CHECK("a mean of one sample", isnan(mean_of(1, 0, nullptr, 1).lo), "finite");
    return test_done();
}
