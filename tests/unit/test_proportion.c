/* R 4.6.1: prop.test, binom.test, mcnemar.test: tests/oracle/stats/tests_R.json, made by
 * tests/oracle/tests.R. The difference: Newcombe 1998, Stat. Med. 17:873, table II (56/70 and
 * 48/80: 0.0524 to 0.3339; 9/10 and 3/10: 0.1705 to 0.8090). */
#include "num/proportion.h"
#include "oracle.h"

static void check_interval(const char *what, struct proportion_interval got,
                           const struct json *want, const char *lo, const char *hi)
{
    CHECK(what,
          test_near(got.lo, oracle_number(want, lo), 1e-12) &&
              test_near(got.hi, oracle_number(want, hi), 1e-12),
          "%.15g %.15g, want %.15g %.15g", got.lo, got.hi, oracle_number(want, lo),
          oracle_number(want, hi));
}

static void test_intervals(const struct json *oracle)
{
    struct json_iter it = json_iter(json_get(oracle, "proportions"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const size_t k = (size_t)oracle_number(c, "k"), n = (size_t)oracle_number(c, "n");
        const double conf = oracle_number(c, "conf");
        check_interval("Wilson", proportion_wilson(k, n, conf), c, "wilson_lo", "wilson_hi");
        check_interval("Wilson, corrected", proportion_wilson_corrected(k, n, conf), c,
                       "corrected_lo", "corrected_hi");
        check_interval("Clopper-Pearson", proportion_clopper_pearson(k, n, conf), c, "exact_lo",
                       "exact_hi");
    }
    CHECK_NEAR("of none, nothing", proportion_wilson(0, 0, 0.95).lo, NOT_MEASURED, 0);
    const struct proportion_interval d = proportion_difference(56, 70, 48, 80, 0.95);
    CHECK("Newcombe's difference", fabs(d.lo - 0.0524) < 5e-5 && fabs(d.hi - 0.3339) < 5e-5,
          "%g %g", d.lo, d.hi);
    const struct proportion_interval e = proportion_difference(9, 10, 3, 10, 0.95);
    CHECK("and another", fabs(e.lo - 0.1705) < 5e-5 && fabs(e.hi - 0.8090) < 5e-5, "%g %g", e.lo,
          e.hi);
}

static void test_tests(const struct json *oracle)
{
    struct json_iter it = json_iter(json_get(oracle, "binomial"));
    for (const struct json *c; (c = json_next(&it, nullptr));)
        CHECK_DIGITS("binomial",
                     proportion_test((size_t)oracle_number(c, "k"), (size_t)oracle_number(c, "n"),
                                     oracle_number(c, "p0")),
                     oracle_number(c, "p"), 11);
    it = json_iter(json_get(oracle, "mcnemar"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const struct proportion_mcnemar m =
            proportion_mcnemar_of((size_t)oracle_number(c, "b"), (size_t)oracle_number(c, "c"));
        CHECK_DIGITS("McNemar", m.chi2, oracle_number(c, "chi2"), 13);
        CHECK_DIGITS("p", m.p, oracle_number(c, "p"), 12);
        CHECK_DIGITS("corrected", m.p_corrected, oracle_number(c, "p_cc"), 12);
        CHECK_DIGITS("exact", m.p_exact, oracle_number(c, "p_exact"), 12);
    }
    it = json_iter(json_get(oracle, "two"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        const struct proportion_two t =
            proportion_two_of((size_t)oracle_number(c, "k1"), (size_t)oracle_number(c, "n1"),
                              (size_t)oracle_number(c, "k2"), (size_t)oracle_number(c, "n2"));
        CHECK_NEAR("two shares", t.chi2, oracle_number(c, "chi2"), 1e-12);
        CHECK_DIGITS("p", t.p, oracle_number(c, "p"), 11);
        CHECK_DIGITS("corrected", t.p_corrected, oracle_number(c, "p_cc"), 11);
        CHECK_DIGITS("Fisher", t.p_exact, oracle_number(c, "p_exact"), 10);
    }
    CHECK_NEAR("none of either", proportion_two_of(0, 5, 0, 6).p, NOT_MEASURED, 0);
    CHECK_NEAR("Fisher of them", proportion_two_of(0, 5, 0, 6).p_exact, 1, 1e-15);
    CHECK_NEAR("nothing changed", proportion_mcnemar_of(0, 0).p_exact, 1, 0);
}

/* R 4.6.1: d + c(-1, 1) * qnorm((1 + conf) / 2) * sqrt(t(L) %*% V %*% L) with V the covariance
 * matrix of a multinomial with half an item more in each of the four cells; ends beyond 1 are cut.
 * The covering share is dmultinom() over every outcome. */
static void test_pairs(void)
{
    static const struct {
        size_t b, c, n;
        double conf, lo, hi;
    } rows[] = {{9, 3, 50, 0.95, -0.016846317707216, 0.24761554847645},
                {0, 0, 20, 0.95, -0.089089272024548, 0.089089272024548},
                {20, 0, 20, 0.90, 0.7835778021181, 1},
                {86, 150, 1600, 0.95, -0.058682935725972, -0.021217189117973}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct proportion_interval r =
            proportion_paired_difference(rows[i].b, rows[i].c, rows[i].n, rows[i].conf);
        CHECK_NEAR("of pairs", r.estimate,
                   ((double)rows[i].b - (double)rows[i].c) / (double)rows[i].n, 1e-15);
        CHECK_DIGITS("lower", r.lo, rows[i].lo, 12);
        CHECK_DIGITS("upper", r.hi, rows[i].hi, 12);
    }
    CHECK_NEAR("no pairs", proportion_paired_difference(0, 0, 0, 0.95).lo, NOT_MEASURED, 0);
    CHECK_NEAR("more changes than pairs", proportion_paired_difference(2, 2, 3, 0.95).lo,
               NOT_MEASURED, 0);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    const struct json *const oracle = oracle_read("stats/tests_R.json", a);
    test_intervals(oracle);
    test_tests(oracle);
    test_pairs();
    return test_done();
}
