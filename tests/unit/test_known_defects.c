/* Defects of trusted tools, each with the data on which that tool is wrong and what our function
 * says of them. The numbers are those of docs/METHOD.md, "Defects of
 * others"; 9 is in tests/cli/pilot.sh (one
 * sample) and tests/cli/evidence.sh (identical token ids). Expected
 * numbers: NIST, R, SciPy, or a line of arithmetic that stands beside them. */
#include "num/anova.h"
#include "num/cluster.h"
#include "num/compare.h"
#include "num/counter.h"
#include "num/interval.h"
#include "num/moment.h"
#include "num/posthoc.h"
#include "num/quantile.h"
#include "num/regress.h"
#include "num/warmup.h"
#include "oracle.h"

/* 2. google/benchmark and llama-bench take the variance in one pass: of NumAcc4 (10000000.2, then
 * 10000000.1 and 10000000.3 in turn) they print 0 or NaN. Certified sd: 0.1. */
static void test_one_pass_variance(void)
{
    double x[1001] = {10000000.2};
    double sum = 0, squares = 0;
    for (size_t i = 1; i < COUNT_OF(x); i++)
        x[i] = i % 2 ? 10000000.1 : 10000000.3;
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    const double n = 1001, one_pass = sqrt((squares - sum * sum / n) / (n - 1));
    CHECK("2: the one-pass formula has no digit here", oracle_digits(one_pass, 0.1) < 1,
          "%g: the test no longer shows the defect", one_pass);
    CHECK_DIGITS("2: two passes have what doubles can hold", moment_of(x, COUNT_OF(x)).sd, 0.1, 8);
}

/* 1. llama-bench adds squares of ns in 64 bits, which overflow when five repetitions take above
 * 1.92 s each. Samples of tests/fixtures/import/llama-bench-slow.json, in which its own arithmetic
 * left stddev_ns 3721382761; the sd by Python's statistics.stdev. What `import` makes of the file
 * is in tests/cli/import.sh. With one sample llama-bench prints 0. */
static void test_overflowing_squares(void)
{
    static const uint64_t ns[] = {2069201113, 1990391002, 1921100217, 1850002121, 1770300900};
    uint64_t sum = 0, squares = 0;
    double x[COUNT_OF(ns)];
    for (size_t i = 0; i < COUNT_OF(ns); i++) {
        sum += ns[i];
        squares += ns[i] * ns[i];
        x[i] = (double)ns[i];
    }
    const uint64_t mean = sum / 5, wrapped = squares / 4 - mean * mean * 5 / 4;
    CHECK("1: 64 bits make 31 times the sd of them", (uint64_t)sqrt((double)wrapped) == 3721382761,
          "%g", sqrt((double)wrapped));
    CHECK_DIGITS("1: sd of samples above 1.92 s", moment_of(x, COUNT_OF(x)).sd, 116754444.47668746,
                 13);
    CHECK_NEAR("1: one sample has no sd, not 0", moment_of(x, 1).sd, NOT_MEASURED, 0);
}

/* 3. criterion.rs takes ss_tot = ss_res + (y - ybar)^2 of the last point alone: 0.831 here. R: lm.
 */
static void test_r_squared(struct arena *a)
{
    static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                        y[] = {2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8, 16.1, 18.0, 30};
    const double *const column = x;
    struct regress_data d = {.y = y, .x = &column, .n = 10, .k = 1};
    struct regress r;
    struct err e = {};
    const enum err_code code = regress_fit(&d, a, &r, &e);
    CHECK("3: a line", code == ERR_OK, "%s", e.msg);
    CHECK_DIGITS("3: R^2", r.r2, 0.8904491054522128, 13);
    double mean = 0;
    for (size_t i = 0; i < 10; i++)
        mean += y[i] / 10;
    CHECK_NEAR("3: what criterion would say", 1 - r.rss / (r.rss + (y[9] - mean) * (y[9] - mean)),
               0.8313603566105281, 1e-12);
    d.no_intercept = true;
    const enum err_code through = regress_fit(&d, a, &r, &e);
    CHECK("3: a line through the origin", through == ERR_OK, "%s", e.msg);
    CHECK_DIGITS("3: has R^2 of sum y^2", r.r2, 0.9638794522498153, 13);
}

/* 4. hunter gives np.std's n to a test that wants n - 1: with 3 against 3, t is 1.22 times too
 * large. R: t.test(c(10, 11, 12), c(13, 13.5, 15.5), var.equal = TRUE): t = -3.1334 at df 4. */
static void test_ddof_of_tests(void)
{
    const double a[] = {10, 11, 12}, b[] = {13, 13.5, 15.5};
    const struct moment x = moment_of(a, 3), y = moment_of(b, 3);
    const struct compare_t t = compare_pooled(&x, &y, 0.95);
    CHECK_DIGITS("4: t of 3 against 3", t.t, -3.1333978072025612, 12);
    CHECK_DIGITS("4: its p", t.p, 0.035070144120438969, 10);
}

/* 5. optimum-benchmark's sd divides by n, and its p99 of 10 samples is a line between the two
 * largest. */
static void test_ddof_and_tails(void)
{
    double x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 100};
    const size_t start[] = {0, 10};
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    CHECK_DIGITS("5: sd of 10 with n - 1", moment_of(x, 10).sd, 30.152390728873666, 13);
    const struct interval p99 = interval_quantile(&(struct nested){x, start, 1}, x, 0.99, 0.95, a);
    CHECK("5: the p99 of 10 samples has no upper bound", isnan(p99.hi) && p99.reason, "%g", p99.hi);
    CHECK("5: and is not to be shown", quantile_least_n(0.99) == 100, "%zu",
          quantile_least_n(0.99));
}

/* 6. pyperf stops at unequal sizes, and calls an error "significant". R: t.test(1:5, 3:14): Welch.
 */
static void test_unequal_sizes(void)
{
    const double a[] = {1, 2, 3, 4, 5}, b[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    const struct moment x = moment_of(a, 5), y = moment_of(b, 12);
    const struct compare_t w = compare_welch(&x, &y, 0.95);
    CHECK_DIGITS("6: 5 against 12: t", w.t, -4.3709567783146444, 12);
    CHECK_DIGITS("6: df", w.df, 14.817164179104488, 12);
    CHECK_DIGITS("6: p", w.p, 0.00056307503954184388, 11);
    const struct moment same = moment_of((const double[]){3, 3, 3}, 3);
    const struct moment one = moment_of(a, 1);
    CHECK("6: what cannot be tested has no p, and a p that is no number is below no level",
          isnan(compare_welch(&same, &same, 0.95).p) &&
              !(compare_welch(&same, &same, 0.95).p < 0.05) &&
              isnan(compare_welch(&one, &y, 0.95).p),
          "a p");
    /* df 45: a table that steps from 40 to 50 says 2.021; R: qt(.975, 45) */
    const struct moment wide = {.n = 23, .mean = 0, .var = 1, .sd = 1},
                        other = {.n = 24, .var = 1, .sd = 1};
    const struct compare_t t = compare_pooled(&wide, &other, 0.95);
    CHECK_DIGITS("6: the quantile of df 45", t.hi / sqrt(1.0 / 23 + 1.0 / 24), 2.0141033888808466,
                 12);
}

/* 7. warmup_stats compares a mean in s with a variance in s^2: the class changes with the unit. */
static void test_units(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    double s[200], ms[200], ns[200];
    for (size_t i = 0; i < COUNT_OF(s); i++) {
        s[i] = (i < 50 ? 2.4 : 2) + 0.01 * sin(1.7 * (double)i * (double)i);
        ms[i] = s[i] * 1e3;
        ns[i] = s[i] * 1e9;
    }
    const struct warmup_state x = warmup_classify(s, 200, &WARMUP_RULE, a),
                              y = warmup_classify(ms, 200, &WARMUP_RULE, a),
                              z = warmup_classify(ns, 200, &WARMUP_RULE, a);
    CHECK("7: a warm-up in s is one in ms and in ns",
          x.class == WARMUP_WARMUP && y.class == x.class && z.class == x.class, "%s, %s, %s",
          warmup_class_name(x.class), warmup_class_name(y.class), warmup_class_name(z.class));
    CHECK("7: of the same length",
          x.steady_from == 50 && y.steady_from == 50 && z.steady_from == 50, "%zu %zu %zu",
          x.steady_from, y.steady_from, z.steady_from);
}

/* 8. codecarbon takes a failed read for 0, the next one for a wrap, and adds the counter's range.
 */
static void test_failed_read(void)
{
    constexpr nsec_t S = 1'000'000'000;
    const struct counter_source rapl = {.range = 262'143'328'850, .most_per_s = 500e6}; /* uJ */
    const struct counter_reading r[] = {{0, 100'000'000, false},
                                        {S, 0, true},
                                        {2 * S, 300'000'000, false},
                                        {3 * S, 400'000'000, false}};
    const struct counter_total t = counter_total(&rapl, r, COUNT_OF(r));
    CHECK("8: 300 J, not 262443", test_near(t.total, 3e8, 1e-15) && t.wraps == 0 && t.missing == 1,
          "%g, %zu wraps", t.total, t.wraps);
}

/* 10. llama-perplexity takes the tokens of a chunk for independent. 20 chunks of 50 tokens whose
 * loss varies by chunk only: the error is that of 20 values, not of 1000. */
static void test_clustered(void)
{
    double sum[20], units[20], tokens = 0, squares = 0;
    for (size_t g = 0; g < 20; g++) {
        const double nll = 3 + (double)(g % 5) / 10;
        units[g] = 50;
        sum[g] = 50 * nll;
        tokens += 50 * nll;
        squares += 50 * nll * nll;
    }
    const struct cluster_mean c = cluster_mean_of(sum, units, 20);
    const double mean = tokens / 1000, naive = sqrt((squares / 1000 - mean * mean) / 999);
    /* By hand: the variance of 3.0 .. 3.4 four times each, n - 1 = 19: 0.4 / 19; over 20 */
    CHECK_DIGITS("10: the error of 20 chunks", c.se, sqrt(0.4 / 19 / 20), 12);
    CHECK("10: the independent one is 7 times too small", c.se > 7 * naive && c.se < 7.3 * naive,
          "%g", c.se / naive);
}

/* 11. lm-eval's comparator tests paired items as if they were not. 40 items, 31 of which
 * both models answer alike: the pairs decide. R: t.test(b, a, paired = TRUE). */
static void test_paired(void)
{
    double a[40], b[40], d[40];
    for (size_t i = 0; i < 40; i++) {
        a[i] = (double)(i % 2);
        b[i] = i % 2 ? 1 : i < 18;
        d[i] = b[i] - a[i];
    }
    const struct moment x = moment_of(a, 40), y = moment_of(b, 40), m = moment_of(d, 40);
    const struct compare_t unpaired = compare_welch(&y, &x, 0.95),
                           paired = compare_paired(&m, 0.95);
    CHECK_DIGITS("11: paired p", paired.p, 0.0017291717948422791, 10);
    CHECK("11: unpaired sees less", unpaired.p > 10 * paired.p, "%g against %g", unpaired.p,
          paired.p);
}

/* 12. rstatix rounds Games and Howell's p to 3 digits: 6.65e-07 becomes 0. The groups are R's
 * InsectSprays B and C among its six; SciPy's QUADPACK. */
static void test_full_precision(struct arena *a)
{
    const struct json *const groups = json_get(
        json_get(json_get(oracle_read("stats/multigroup_R.json", a), "cases"), "InsectSprays"),
        "groups");
    struct moment g[6];
    struct posthoc_pair pair[15];
    size_t k = 0;
    struct json_iter it = json_iter(groups);
    for (const struct json *v; (v = json_next(&it, nullptr)) && k < 6; k++) {
        size_t n;
        const double *const x = oracle_numbers(v, a, &n);
        g[k] = moment_of(x, n);
    }
    posthoc_games_howell(g, 6, 0.95, pair);
    CHECK_DIGITS("12: all digits of a small p", pair[5].p, 6.654440771365216e-07, 9);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    test_overflowing_squares();
    test_one_pass_variance();
    test_r_squared(a);
    test_ddof_of_tests();
    test_ddof_and_tails();
    test_unequal_sizes();
    test_units();
    test_failed_read();
    test_clustered();
    test_paired();
    test_full_precision(a);
    return test_done();
}
