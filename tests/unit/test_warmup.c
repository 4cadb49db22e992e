/* MSER-5 from its definition; classes of series that were made so. */
#include "base/rng.h"
#include "num/warmup.h"
#include "oracle.h"

/* White's statistic for every admissible d, in two passes. */
static size_t mser_by_definition(const double *x, size_t n)
{
    const size_t m = n / 5;
    double least = INFINITY;
    size_t drop = 0;
    for (size_t d = 0; d <= m / 2; d++) {
        double mean = 0, ss = 0;
        for (size_t i = 5 * d; i < 5 * m; i++)
            mean += x[i] / (double)(5 * (m - d));
        for (size_t b = d; b < m; b++) {
            double z = 0;
            for (size_t i = 0; i < 5; i++)
                z += x[5 * b + i] / 5;
            ss += (z - mean) * (z - mean);
        }
        if (ss / (double)((m - d) * (m - d)) < least) {
            least = ss / (double)((m - d) * (m - d));
            drop = 5 * d;
        }
    }
    return drop;
}

enum shape { SHAPE_FLAT, SHAPE_WARMUP, SHAPE_SLOWDOWN, SHAPE_LATE, SHAPE_RAMP };

static void make(double *x, size_t n, enum shape s, uint64_t seed)
{
    struct rng g;
    rng_init(&g, seed);
    for (size_t i = 0; i < n; i++) {
        double level = 10;
        if (s == SHAPE_WARMUP && i < 40)
            level = 14;
        if (s == SHAPE_SLOWDOWN && i < 40)
            level = 8;
        if (s == SHAPE_LATE && i + 15 >= n)
            level = 13;
        if (s == SHAPE_RAMP)
            level = 10 + 6.0 * (double)i / (double)n;
        x[i] = level + 0.2 * rng_normal(&g);
        if (rng_below(&g, 100) == 0)
            x[i] *= 3; /* a stall is no change of level */
    }
}

static void test_classes(struct arena *a)
{
    static const struct {
        enum shape shape;
        enum warmup_class want;
    } rows[] = {{SHAPE_FLAT, WARMUP_FLAT},
                {SHAPE_WARMUP, WARMUP_WARMUP},
                {SHAPE_SLOWDOWN, WARMUP_SLOWDOWN},
                {SHAPE_LATE, WARMUP_NO_STEADY_STATE},
                {SHAPE_RAMP, WARMUP_NO_STEADY_STATE}};
    static const double UNITS[] = {1, 1000, 1e-3, 1e6, 1e-9};
    double x[300], y[300];
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        int right = 0, same = 0;
        for (uint64_t seed = 0; seed < 40; seed++) {
            make(x, 300, rows[r].shape, seed);
            const struct warmup_state s = warmup_classify(x, 300, &WARMUP_RULE, a);
            right += s.class == rows[r].want;
            bool equal = true;
            for (size_t u = 0; u < COUNT_OF(UNITS); u++) {
                for (size_t i = 0; i < 300; i++)
                    y[i] = x[i] * UNITS[u];
                const struct warmup_state t = warmup_classify(y, 300, &WARMUP_RULE, a);
                equal = equal && t.class == s.class && t.steady_from == s.steady_from;
            }
            same += equal;
        }
        CHECK(arena_printf(a, "%s", warmup_class_name(rows[r].want)), right >= 38, "%d of 40",
              right);
        CHECK("whatever the unit", same == 40, "%d of 40", same);
    }
    make(x, 300, SHAPE_WARMUP, 1);
    const struct warmup_state w = warmup_classify(x, 300, &WARMUP_RULE, a);
    CHECK("steady from the 41st value", w.steady_from >= 39 && w.steady_from <= 41, "%zu",
          w.steady_from);
    CHECK_NEAR("at its level", w.steady_mean, 10, 0.01);
    CHECK_NEAR("after another", w.first_level, 14, 0.02);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    struct rng g;
    rng_init(&g, 5);
    double x[200];
    size_t wrong = 0;
    for (int run = 0; run < 200; run++) {
        const size_t n = 10 + rng_below(&g, 191), cold = rng_below(&g, n);
        for (size_t i = 0; i < n; i++)
            x[i] = (i < cold ? 3 : 1) + rng_normal(&g);
        wrong += warmup_mser5(x, n, a).drop != mser_by_definition(x, n);
    }
    CHECK("MSER-5 by definition", wrong == 0, "%zu differ", wrong);
    CHECK_NEAR("too short", warmup_mser5(x, 9, a).statistic, NOT_MEASURED, 0);

    test_classes(a);
    CHECK("too short", warmup_classify(x, 9, &WARMUP_RULE, a).class == WARMUP_TOO_SHORT, "-");
    double same[50];
    for (size_t i = 0; i < 50; i++)
        same[i] = 4.25;
    CHECK("constant is flat", warmup_classify(same, 50, &WARMUP_RULE, a).class == WARMUP_FLAT, "-");
    const enum warmup_class c[] = {WARMUP_FLAT, WARMUP_TOO_SHORT, WARMUP_FLAT, WARMUP_SLOWDOWN};
    CHECK("alike", warmup_across(c, 3) == WARMUP_FLAT, "%s",
          warmup_class_name(warmup_across(c, 3)));
    CHECK("unlike", warmup_across(c, 4) == WARMUP_INCONSISTENT, "-");
    CHECK("nothing to say", warmup_across(c + 1, 1) == WARMUP_TOO_SHORT, "-");
    return test_done();
}
