/* R: tests/oracle/stats/{twosample,multigroup}_R.json (4.2.2) and tests_R.json (4.6.1, made by
 * tests/oracle/tests.R). */
#include "base/rng.h"
#include "num/merge.h"
#include "num/quantile.h"
#include "num/rank.h"
#include "oracle.h"

static struct rank_u mann_whitney(const double *x, size_t nx, const double *y, size_t ny,
                                  struct arena *a)
{
    const struct merge m = merge_of(x, nx, y, ny);
    return rank_mann_whitney(&m, a);
}

static struct rank_ks smirnov(const double *x, size_t nx, const double *y, size_t ny,
                              struct arena *a)
{
    const struct merge m = merge_of(x, nx, y, ny);
    return rank_kolmogorov_smirnov(&m, a);
}

static void check_two(const struct json *c, const double *u_p, const double *ks, struct arena *a)
{
    size_t nx, ny;
    double *const x = oracle_numbers(json_get(c, "x"), a, &nx);
    double *const y = oracle_numbers(json_get(c, "y"), a, &ny);
    quantile_sort(x, nx);
    quantile_sort(y, ny);
    const struct rank_u u = mann_whitney(x, nx, y, ny, a);
    const struct rank_ks k = smirnov(x, nx, y, ny, a);
    CHECK_NEAR(arena_printf(a, "U of %zu and %zu", nx, ny), u.u, u_p[0], 0);
    CHECK_DIGITS("Mann-Whitney p", u.p, u_p[1], 12);
    CHECK_DIGITS("D", k.d, ks[0], 13);
    CHECK_DIGITS("KS p", k.p, ks[1], 11);
    const struct rank_u mirrored = mann_whitney(y, ny, x, nx, a);
    CHECK("mirrored",
          test_near(mirrored.p, u.p, 1e-13) && test_near(mirrored.cliff, -u.cliff, 1e-13), "%g %g",
          mirrored.p, mirrored.cliff);
}

static void check_signed(const double *d, size_t n, double v, double p, struct arena *a)
{
    const struct rank_signed w = rank_wilcoxon(d, n, a);
    CHECK_NEAR(arena_printf(a, "V of %zu", n), w.v, v, 0);
    CHECK_DIGITS("Wilcoxon p", w.p, p, 12);
}

static void test_two_samples(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/twosample_R.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const struct json *const mw = json_get(c, "mannwhitney"), *const ks = json_get(c, "ks");
        check_two(c, (double[]){oracle_number(mw, "U"), oracle_number(mw, "p")},
                  (double[]){oracle_number(ks, "D"), oracle_number(ks, "p")}, a);
        const struct json *const w = json_get(c, "wilcoxon_signed");
        if (!w)
            continue;
        size_t n, m;
        double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const double *const y = oracle_numbers(json_get(c, "y"), a, &m);
        for (size_t i = 0; i < n; i++)
            x[i] -= y[i];
        check_signed(x, n, oracle_number(w, "V"), oracle_number(w, "p"), a);
    }
}

static void test_more(const struct json *oracle, struct arena *a)
{
    static const char *const two[] = {"pairs", "tied"}, *const one[] = {"signed", "signed_tied"};
    for (size_t k = 0; k < 2; k++) {
        struct json_iter it = json_iter(json_get(oracle, two[k]));
        for (const struct json *c; (c = json_next(&it, nullptr));)
            check_two(c, (double[]){oracle_number(c, "U"), oracle_number(c, "p")},
                      (double[]){oracle_number(c, "D"), oracle_number(c, "ks_p")}, a);
        it = json_iter(json_get(oracle, one[k]));
        for (const struct json *c; (c = json_next(&it, nullptr));) {
            size_t n;
            const double *const d = oracle_numbers(json_get(c, "d"), a, &n);
            check_signed(d, n, oracle_number(c, "V"), oracle_number(c, "p"), a);
        }
    }
    struct json_iter it = json_iter(json_get(oracle, "friedman"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t n;
        const double *const x = oracle_numbers(json_get(c, "x"), a, &n);
        const size_t k = (size_t)oracle_number(c, "k");
        const struct rank_groups f = rank_friedman(x, n / k, k, a);
        CHECK_DIGITS("Friedman", f.statistic, oracle_number(c, "statistic"), 13);
        CHECK_DIGITS("p", f.p, oracle_number(c, "p"), 12);
    }
}

static void test_kruskal(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/multigroup_R.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        double *const x = ARENA_ARRAY(a, double, 1000);
        size_t sizes[16], k = 0, n = 0;
        struct json_iter groups = json_iter(json_get(c, "groups"));
        for (const struct json *g; (g = json_next(&groups, nullptr)) && k < 16; k++) {
            memcpy(x + n, oracle_numbers(g, a, &sizes[k]), json_len(g) * sizeof *x);
            n += sizes[k];
        }
        const struct rank_groups r = rank_kruskal_wallis(x, sizes, k, a);
        CHECK_DIGITS("Kruskal-Wallis", r.statistic, oracle_number(json_get(c, "kruskal"), "H"), 13);
        CHECK_DIGITS("p", r.p, oracle_number(json_get(c, "kruskal"), "p"), 12);
    }
}

static void test_edges(struct arena *a)
{
    const double same[] = {1, 1, 1, 1};
    CHECK_NEAR("all equal: Mann-Whitney", mann_whitney(same, 2, same, 2, a).p, 1, 0);
    CHECK_NEAR("all equal: KS", smirnov(same, 2, same, 2, a).p, 1, 0);
    CHECK_NEAR("all equal: Kruskal-Wallis", rank_kruskal_wallis(same, (size_t[]){2, 2}, 2, a).p,
               NOT_MEASURED, 0);
    CHECK_NEAR("all equal: Friedman", rank_friedman(same, 2, 2, a).p, NOT_MEASURED, 0);
    const double zeros[] = {0, 0, 0}, some[] = {0.5, NOT_MEASURED, -1, 2};
    CHECK_NEAR("no differences", rank_wilcoxon(zeros, 3, a).p, NOT_MEASURED, 0);
    CHECK("a missing difference is none", rank_wilcoxon(some, 4, a).n == 3, "counted");
    CHECK_NEAR("an empty sample", mann_whitney(same, 0, same, 3, a).p, NOT_MEASURED, 0);
    /* By hand: all of 3 and 3 apart: 2 of the 20 arrangements */
    const double low[] = {1, 2, 3}, high[] = {4, 5, 6};
    CHECK_NEAR("3 and 3 apart", mann_whitney(low, 3, high, 3, a).p, 0.1, 1e-15);
    CHECK_NEAR("KS of them", smirnov(low, 3, high, 3, a).p, 0.1, 1e-15);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_two_samples(a);
    test_more(oracle_read("stats/tests_R.json", a), a);
    test_kruskal(a);
    test_edges(a);
    return test_done();
}
