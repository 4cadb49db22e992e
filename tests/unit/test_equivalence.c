/* TOST of R 4.2.2: tests/oracle/stats/twosample_R.json. Numbers of runs: a search one by one in
 * SciPy 1.17.1 over the formula of the header. 18 and 64 are also what exact power tables say for
 * TOST with a margin of one sd and a t-test of half an sd. */
#include "num/equivalence.h"
#include "oracle.h"

static void test_against_r(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/twosample_R.json", a), "cases"));
    const char *name;
    for (const struct json *c; (c = json_next(&it, &name));) {
        size_t nx, ny;
        const double *const x = oracle_numbers(json_get(c, "x"), a, &nx);
        const double *const y = oracle_numbers(json_get(c, "y"), a, &ny);
        const struct moment mx = moment_of(x, nx), my = moment_of(y, ny);
        const struct json *const w = json_get(c, "tost_welch");
        const struct equivalence e = equivalence_welch(
            &mx, &my, equivalence_limits_difference(oracle_number(w, "delta")), 0.05);
        CHECK_DIGITS(arena_printf(a, "%s t against the lower", name), e.t_lower,
                     oracle_number(w, "t_lower"), 12);
        CHECK_DIGITS("t against the upper", e.t_upper, oracle_number(w, "t_upper"), 12);
        CHECK_DIGITS("p lower", e.p_lower, oracle_number(w, "p_lower"), 12);
        CHECK_DIGITS("p upper", e.p_upper, oracle_number(w, "p_upper"), 12);
        CHECK_DIGITS("p", e.p, oracle_number(w, "p"), 12);
        CHECK_DIGITS("90 % lo", e.lo, oracle_at(w, "ci90", 0), 12);
        CHECK_DIGITS("90 % hi", e.hi, oracle_at(w, "ci90", 1), 12);
        CHECK_DIGITS("p of the difference", e.p_difference,
                     oracle_number(json_get(c, "welch"), "p"), 12);
    }
}

static void test_outcomes(void)
{
    const struct equivalence_limits one = equivalence_limits_difference(1);
    static const struct {
        double estimate, se;
        enum equivalence_outcome want;
    } rows[] = {
        {3, 0.5, EQUIVALENCE_DIFFERENT},     {0.1, 0.1, EQUIVALENCE_EQUIVALENT},
        {0.5, 0.05, EQUIVALENCE_NEGLIGIBLE}, {0.5, 1, EQUIVALENCE_UNDECIDED},
        {1, 0.01, EQUIVALENCE_DIFFERENT},    {0.5, 0, EQUIVALENCE_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct equivalence e = equivalence_of(rows[i].estimate, rows[i].se, 20, one, 0.05);
        CHECK(equivalence_outcome_name(rows[i].want), e.outcome == rows[i].want, "%s",
              equivalence_outcome_name(e.outcome));
        if (e.outcome != EQUIVALENCE_UNKNOWN)
            CHECK("the 90 % interval says the same",
                  (e.lo > -1 && e.hi < 1) ==
                      (e.outcome == EQUIVALENCE_EQUIVALENT || e.outcome == EQUIVALENCE_NEGLIGIBLE),
                  "%g %g", e.lo, e.hi);
    }
    CHECK_NEAR("a margin of 0 is none", equivalence_limits_difference(0).lo, NOT_MEASURED, 0);
    CHECK_NEAR("nor is one of 100 % a ratio", equivalence_limits_ratio(1).lo, NOT_MEASURED, 0);
    CHECK("without limits nothing is said",
          equivalence_of(1, 1, 9, equivalence_limits_ratio(2), 0.05).outcome == EQUIVALENCE_UNKNOWN,
          "said");
}

static void test_runs(void)
{
    static const struct {
        double estimate, sd_a, sd_b, margin; /* below 0: of a difference, else of a ratio */
        double power;
        size_t want;
    } rows[] = {{0, 1, 1, -1, 0.8, 18},
                {0.5, 1, 1, -0.2, 0.8, 64},
                {0.01, 0.05, 0.08, 0.05, 0.8, 39},
                {0.03, 0.02, 0.02, 0.05, 0.9, 11},
                {-0.06, 0.1, 0.02, 0.05, 0.8, 25},
                {0.1, 0, 1, -1, 0.8, 11}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct equivalence_limits l = rows[i].margin < 0
                                                ? equivalence_limits_difference(-rows[i].margin)
                                                : equivalence_limits_ratio(rows[i].margin);
        const size_t n =
            equivalence_runs(rows[i].estimate, rows[i].sd_a, rows[i].sd_b, l, 0.05, rows[i].power);
        CHECK("runs needed", n == rows[i].want, "%zu, want %zu", n, rows[i].want);
    }
    const struct equivalence_limits l = equivalence_limits_ratio(0.05);
    CHECK("no spread, no answer", equivalence_runs(0.1, 0, 0, l, 0.05, 0.8) == 0, "one");
    CHECK("never more than the most",
          equivalence_runs(1e-9, 1, 1, equivalence_limits_difference(1e-9), 0.05, 0.8) ==
              EQUIVALENCE_MOST_RUNS,
          "more");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    test_against_r(a);
    test_outcomes();
    test_runs();
    return test_done();
}
