/* num/bootstrap, bootstrap_exact, bootstrap_nested, draw. Expected: stats/bootstrap_exhaustive.json
 * (every resample, mpmath); a naive bootstrap beside the quick one, compared as distributions
 * (Kolmogorov-Smirnov); accelerations of numpy (np.delete, one by one) on oracle/intervals.py's
 * series(). */
#include "base/rng.h"
#include "num/bootstrap.h"
#include "num/bootstrap_nested.h"
#include "num/dist.h"
#include "num/draw.h"
#include "num/moment.h"
#include "num/quantile.h"
#include "oracle.h"

#include <stdlib.h>

static struct arena *a;

/* ---- every resample ---- */

static struct bootstrap_statistic named(const char *stat)
{
    if (strcmp(stat, "median") == 0)
        return (struct bootstrap_statistic){.of = BOOTSTRAP_QUANTILE, .p = 0.5};
    return (struct bootstrap_statistic){.of = strcmp(stat, "sd") == 0 ? BOOTSTRAP_SD
                                                                      : BOOTSTRAP_MEAN};
}

static void check_ends(const struct bootstrap *b, const struct json *ci)
{
    static const char *const keys[] = {"percentile", "basic", "bca"};
    const double conf = oracle_number(ci, "conf");
    for (size_t m = 0; m < COUNT_OF(keys); m++) {
        const struct bootstrap_ends r = bootstrap_ends(b, (enum bootstrap_method)m, conf);
        CHECK_NEAR(keys[m], r.lo, oracle_at(ci, keys[m], 0), 1e-13);
        CHECK_NEAR(keys[m], r.hi, oracle_at(ci, keys[m], 1), 1e-13);
        CHECK("nothing was drawn", r.error_lo <= 0 && r.error_hi <= 0, "%g", r.error_lo);
        if (m != BOOTSTRAP_BCA)
            continue;
        CHECK_NEAR("level lo", r.level_lo, oracle_at(ci, "bca_levels", 0), 1e-13);
        CHECK_NEAR("level hi", r.level_hi, oracle_at(ci, "bca_levels", 1), 1e-13);
    }
}

/* Distinct figures in rational arithmetic (python fractions); the file counts floats, among which
 * one rational may be several. */
static const size_t distinct[] = {260, 20, 402, 165, 7, 754, 33, 9, 48, 265, 31, 2705};

static void test_exhaustive(void)
{
    size_t row = 0;
    static const struct bootstrap_plan plan = {.resamples = 2000};
    struct json_iter it =
        json_iter(json_get(oracle_read("stats/bootstrap_exhaustive.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t n;
        const double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const struct bootstrap_statistic s = named(json_str(json_get(c, "stat"), ""));
        const struct bootstrap b = bootstrap_of(x, n, &s, &plan, a);
        CHECK_NEAR("theta", b.theta, oracle_number(c, "theta"), 1e-15);
        CHECK_NEAR("resamples", (double)b.total, oracle_number(c, "n_resamples"), 0);
        CHECK("distinct values", b.n_values == distinct[row], "%zu, want %zu", b.n_values,
              distinct[row]);
        row++;
        CHECK_NEAR("mean", b.mean, oracle_number(c, "boot_mean"), 1e-14);
        CHECK_NEAR("se", b.se, oracle_number(c, "boot_se"), 1e-14);
        CHECK_NEAR("less", b.share_less, oracle_number(c, "frac_less"), 1e-15);
        CHECK_NEAR("equal", b.share_equal, oracle_number(c, "frac_equal"), 1e-15);
        CHECK_NEAR("z0", b.z0, oracle_number(c, "z0_midrank"), 1e-13);
        CHECK_NEAR("acceleration", b.acceleration, oracle_number(c, "acceleration"), 1e-13);
        struct json_iter cis = json_iter(json_get(c, "ci"));
        for (const struct json *ci; (ci = json_next(&cis, nullptr));)
            check_ends(&b, ci);
    }
}

/* Ten values: 10^10 resamples. Of 0/1 values a resample's sum is binomial. */
static void test_ten(void)
{
    static const double x[] = {0, 1, 0, 0, 1, 0, 1, 0, 0, 0};
    static const struct bootstrap_statistic mean = {.of = BOOTSTRAP_MEAN};
    static const struct bootstrap_plan plan = {};
    const struct bootstrap b = bootstrap_of(x, 10, &mean, &plan, a);
    CHECK("10^10", b.total == 10'000'000'000 && b.n_values == 11, "%llu of %zu",
          (unsigned long long)b.total, b.n_values);
    for (size_t k = 0; k < 11; k++)
        CHECK_NEAR("binomial", (double)b.up_to[k] / 1e10, dist_binomial_cdf((double)k, 10, 0.3),
                   1e-14);
}

/* ---- draws ---- */

/* Pearson's chi-squared of counts against probabilities, cells of fewer than 5 expected joined;
 * the bound is beyond 1 in 10^5. */
static bool fits(const double *seen, const double *p, size_t n, double draws)
{
    double q = 0, df = -1, observed = 0, expected = 0;
    for (size_t i = 0; i < n; i++) {
        observed += seen[i];
        expected += p[i] * draws;
        if (expected < 5 && i + 1 < n)
            continue;
        if (expected > 0)
            q += (observed - expected) * (observed - expected) / expected;
        df++;
        observed = expected = 0;
    }
    return q < df + 4.5 * sqrt(2 * df) + 14;
}

static void test_draws(void)
{
    static const struct {
        uint64_t n;
        double p;
    } laws[] = {{1, 0.5},    {9, 0.01},    {20, 0.3},    {20, 0.5},     {25, 0.4},   {40, 0.75},
                {100, 0.97}, {200, 0.051}, {1000, 0.02}, {50'000, 0.5}, {3000, 0.33}};
    constexpr size_t DRAWS = 400'000;
    struct rng r;
    rng_init(&r, 5);
    for (size_t l = 0; l < COUNT_OF(laws); l++) {
        const size_t n = laws[l].n;
        double *const seen = ARENA_ARRAY(a, double, n + 1), *const p =
                                                                ARENA_ARRAY(a, double, n + 1);
        for (size_t i = 0; i < DRAWS; i++)
            seen[draw_binomial(&r, n, laws[l].p)]++;
        for (size_t k = 0; k <= n; k++)
            p[k] = dist_binomial_cdf((double)k, n, laws[l].p) -
                   (k ? dist_binomial_cdf((double)k - 1, n, laws[l].p) : 0);
        CHECK("a binomial law", fits(seen, p, n + 1, (double)DRAWS), "n %zu, p %g", n, laws[l].p);
    }
    CHECK("no trials, no chance, certainty",
          draw_binomial(&r, 0, 0.5) == 0 && draw_binomial(&r, 9, 0) == 0 &&
              draw_binomial(&r, 9, 1) == 9,
          "no");
    static const uint32_t bounds[] = {1, 2, 7, 1000, 3'000'000'000};
    for (size_t l = 0; l < COUNT_OF(bounds); l++) {
        constexpr size_t CELLS = 7;
        double seen[CELLS] = {}, p[CELLS] = {};
        uint32_t *const index = ARENA_ARRAY(a, uint32_t, DRAWS + 1);
        draw_indices(&r, bounds[l], index, DRAWS + 1); /* an odd number */
        for (size_t i = 0; i <= DRAWS; i++)
            seen[(uint64_t)index[i] * CELLS / bounds[l]]++;
        for (uint64_t k = 0; k < bounds[l] && k < 1000; k++)
            p[bounds[l] > 1000 ? k % CELLS : k * CELLS / bounds[l]] +=
                1.0 / (bounds[l] > 1000 ? 1000 : bounds[l]);
        for (size_t k = 0; k < CELLS && bounds[l] > 1000; k++)
            p[k] = 1.0 / CELLS;
        CHECK("uniform indices", fits(seen, p, CELLS, (double)(DRAWS + 1)), "below %u", bounds[l]);
    }
    uint64_t word[41];
    for (size_t n = 0; n <= COUNT_OF(word); n++) { /* in lanes, and what is left over */
        struct rng one = r, many = r;
        rng_fill(&many, word, n);
        bool same = true;
        for (size_t i = 0; i < n; i++)
            same = same && rng_u64(&one) == word[i];
        CHECK("filled as drawn", same && rng_u64(&one) == rng_u64(&many), "%zu words", n);
    }
}

/* ---- the quick against the naive ---- */

static double naive_figure(const struct nested *in, double p, struct rng *r)
{
    double all[256];
    size_t k = 0;
    for (size_t j = 0; j < in->n_units; j++) {
        const size_t u = rng_below(r, in->n_units), n = in->start[u + 1] - in->start[u];
        for (size_t i = 0; i < n; i++)
            all[k++] = in->x[in->start[u] + rng_below(r, n)];
    }
    quantile_sort(all, k);
    return p < 0 ? moment_of(all, k).mean : quantile_sorted(all, k, p);
}

/* The largest distance of two samples' distribution functions; ties are passed together. */
static double distance(double *x, double *y, size_t n)
{
    quantile_sort(x, n);
    quantile_sort(y, n);
    double most = 0;
    for (size_t i = 0, j = 0; i < n && j < n;) {
        const double at = fmin(x[i], y[j]) + 1e-12;
        while (i < n && x[i] <= at)
            i++;
        while (j < n && y[j] <= at)
            j++;
        most = fmax(most, fabs((double)i - (double)j) / (double)n);
    }
    return most;
}

static void test_nested(void)
{
    constexpr size_t B = 20'000;
    double x[64];
    struct rng r;
    rng_init(&r, 11);
    for (size_t i = 0; i < COUNT_OF(x); i++) {
        const size_t level = i / 16;
        x[i] = floor(20 * exp(0.3 * rng_normal(&r)) + (double)level); /* ties */
    }
    static const size_t one[] = {0, 37}, uneven[] = {0, 7, 8, 20, 41, 64}, pair[] = {0, 30, 60};
    static const struct {
        const size_t *start;
        size_t n_units;
        double p;
    } cases[] = {{one, 1, 0.5},     {one, 1, 0.95},   {uneven, 5, 0.5},
                 {uneven, 5, 0.93}, {uneven, 5, 0.1}, {pair, 2, 0.5},
                 {uneven, 5, -1},   {pair, 2, 0},     {one, 1, 1}};
    double *const quick = ARENA_ARRAY(a, double, B), *const naive = ARENA_ARRAY(a, double, B);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct nested in = {x, cases[c].start, cases[c].n_units};
        const struct bootstrap_plan plan = {.seed = 3 + c, .resamples = B};
        if (cases[c].p < 0)
            bootstrap_nested_means(&in, &plan, a, quick);
        else
            bootstrap_nested_quantiles(&in, cases[c].p, &plan, a, quick);
        for (size_t i = 0; i < B; i++)
            naive[i] = naive_figure(&in, cases[c].p, &r);
        const double d = distance(quick, naive, B);
        CHECK("as the naive bootstrap", d < 2.3 / sqrt((double)B / 2), "case %zu: %g", c, d);
    }
}

static double median_of(void *, const double *x, size_t n)
{
    double *const y = malloc(n * sizeof *y);
    if (!y)
        abort();
    memcpy(y, x, n * sizeof *y);
    quantile_sort(y, n);
    const double m = quantile_sorted(y, n, 0.5);
    free(y);
    return m;
}

static void series(double *x, size_t n, double ar, size_t skip, double plus)
{
    double last = 0;
    for (size_t i = 0; i < n + skip; i++) {
        last = ar * last + (double)((i * i * 7919 + 31 * i) % 1009) / 1009 - 0.5;
        if (i >= skip)
            x[i - skip] = 100 + 20 * last + plus;
    }
}

static void test_threads(void)
{
    double x[300], y[300];
    series(x, 300, 0.3, 0, 0);
    series(y, 300, 0.5, 0, 50);
    static const size_t units[] = {0, 100, 180, 300};
    const struct nested in = {x, units, 3};
    double want[5][1000];
    for (size_t threads = 1; threads <= 7; threads += 2)
        for (uint8_t of = BOOTSTRAP_MEAN; of <= BOOTSTRAP_FUNCTION; of++) {
            const struct bootstrap_statistic s = {
                .of = (enum bootstrap_of)of, .p = 0.5, .y = y, .function = median_of};
            const struct bootstrap_plan plan = {.seed = 9, .resamples = 1000, .threads = threads};
            const struct bootstrap b = bootstrap_of(x, 300, &s, &plan, a);
            if (threads == 1)
                memcpy(want[of], b.values, sizeof want[of]);
            CHECK("the same for any number of threads",
                  memcmp(want[of], b.values, sizeof want[of]) == 0, "%zu threads, figure %u",
                  threads, of);
        }
    double one[500], four[500];
    struct bootstrap_plan plan = {.seed = 9, .resamples = 500, .threads = 1};
    bootstrap_nested_ratios(&in, &in, 0.9, &plan, a, one);
    plan.threads = 4;
    bootstrap_nested_ratios(&in, &in, 0.9, &plan, a, four);
    CHECK("ratios too", memcmp(one, four, sizeof one) == 0, "differ");
    const struct bootstrap_ends t = bootstrap_t(x, 300, &plan, 0.95, a);
    plan.threads = 3;
    const struct bootstrap_ends u = bootstrap_t(x, 300, &plan, 0.95, a);
    CHECK("bootstrap-t too", memcmp(&t, &u, sizeof t) == 0, "differ");
}

/* numpy; see the top. */
static void test_acceleration(void)
{
    double x[100], y[100];
    series(x, 100, 0.3, 0, 0);
    series(y, 100, 0.5, 20, 50);
    static const struct {
        const char *label;
        enum bootstrap_of of;
        double p, want;
    } rows[] = {{"mean", BOOTSTRAP_MEAN, 0, -0.0009314671621258807},
                {"p90", BOOTSTRAP_QUANTILE, 0.9, 0.041559024921081385},
                {"sd", BOOTSTRAP_SD, 0, 0.017659414834699273},
                {"ratio", BOOTSTRAP_RATIO, 0, -0.005274606396965224}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct bootstrap_statistic s = {.of = rows[i].of, .p = rows[i].p, .y = y};
        const struct bootstrap_plan plan = {.seed = 1, .resamples = 100};
        CHECK_NEAR(rows[i].label, bootstrap_of(x, 100, &s, &plan, a).acceleration, rows[i].want,
                   1e-10);
    }
}

/* Drawn against enumerated, in units of the error that is claimed; and that error against the
 * spread over seeds. */
static void test_error(void)
{
    constexpr size_t SEEDS = 300;
    static const double x[] = {41.2, 40.8, 39.9, 42.5, 41.0, 40.2, 38.7, 41.9, 43.7, 40.5};
    static const struct bootstrap_statistic mean = {.of = BOOTSTRAP_MEAN};
    static const struct bootstrap_plan all = {};
    const struct bootstrap exact = bootstrap_of(x, COUNT_OF(x), &mean, &all, a);
    for (uint8_t m = BOOTSTRAP_PERCENTILE; m <= BOOTSTRAP_BCA; m++) {
        double lo[SEEDS], claimed[SEEDS];
        for (size_t k = 0; k < SEEDS; k++) {
            CLEANUP(arena_freep) struct arena *scratch = arena_new(16U << 20);
            const struct bootstrap_plan plan = {.seed = k, .resamples = 2000, .never_exact = true};
            const struct bootstrap b = bootstrap_of(x, COUNT_OF(x), &mean, &plan, scratch);
            const struct bootstrap_ends r = bootstrap_ends(&b, (enum bootstrap_method)m, 0.95);
            lo[k] = r.lo;
            claimed[k] = r.error_lo;
        }
        const struct moment seen = moment_of(lo, SEEDS);
        const double said = moment_of(claimed, SEEDS).mean;
        CHECK("around the exact end",
              fabs(seen.mean - bootstrap_ends(&exact, (enum bootstrap_method)m, 0.95).lo) < 0.02,
              "method %u: %g", m, seen.mean);
        CHECK("the error is as claimed", seen.sd < 1.3 * said && seen.sd > said / 1.5,
              "method %u: %g, claimed %g", m, seen.sd, said);
    }
}

static void test_edges(void)
{
    static const double x[] = {1, 2}, same[] = {3, 3, 3, 3};
    static const struct bootstrap_statistic mean = {.of = BOOTSTRAP_MEAN},
                                            sd = {.of = BOOTSTRAP_SD};
    static const struct bootstrap_plan plan = {.resamples = 100};
    struct bootstrap b = bootstrap_of(x, 0, &mean, &plan, a);
    CHECK_NEAR("nothing", b.theta, NOT_MEASURED, 0);
    CHECK_NEAR("no interval of nothing", bootstrap_ends(&b, BOOTSTRAP_BCA, 0.95).lo, NOT_MEASURED,
               0);
    b = bootstrap_of(x, 1, &sd, &plan, a);
    CHECK_NEAR("one value has no spread", bootstrap_ends(&b, BOOTSTRAP_BCA, 0.95).lo, NOT_MEASURED,
               0);
    b = bootstrap_of(x, 1, &mean, &plan, a);
    CHECK_NEAR("nor an interval", bootstrap_ends(&b, BOOTSTRAP_PERCENTILE, 0.95).lo, NOT_MEASURED,
               0);
    CHECK_NEAR("bootstrap-t of two is no interval", bootstrap_t(x, 2, &plan, 0.95, a).lo,
               NOT_MEASURED, 0);
    b = bootstrap_of(same, 4, &mean, &plan, a);
    CHECK_NEAR("a constant stays", bootstrap_ends(&b, BOOTSTRAP_BCA, 0.95).hi, 3, 0);
    CHECK_NEAR("bootstrap-t of a constant", bootstrap_t(same, 4, &plan, 0.95, a).lo, NOT_MEASURED,
               0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *whole = arena_new(256U << 20);
    a = whole;
    test_exhaustive();
    test_ten();
    test_draws();
    test_nested();
    test_threads();
    test_acceleration();
    test_error();
    test_edges();
    return test_done();
}
