/* The studentized range against mpmath: tests/oracle/stats/tukey_mpmath.json (SciPy's reference,
 * each row with its own tolerance), against studentized_rows.py
 * (mpmath's quadrature, the upper tail by itself), and Student's t where there are two means. */
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "num/dist.h"
#include "num/studentized.h"
#include "test.h"

#include <stdlib.h>

static double number(const struct json *v, const char *key)
{
    return json_f64(json_get(v, key), NOT_MEASURED);
}

static void check_table(struct arena *a)
{
    const char *const root = getenv("CHIMERA_TESTS");
    const char *const path = file_join(a, root ? root : "tests", "oracle/stats/tukey_mpmath.json");
    struct err e = {};
    const struct json *v = nullptr;
    const enum err_code code = json_read_file(path, a, &v, &e);
    CHECK("tukey_mpmath.json", code == ERR_OK, "%s", e.msg);
    struct json_iter it = json_iter(json_get(v, "cdf"));
    size_t n = 0, bad = 0;
    double worst = 0;
    for (const struct json *row; (row = json_next(&it, nullptr)); n++) {
        const double df = number(row, "v"), want = number(row, "value");
        const double got = studentized_cdf(number(row, "q"), (size_t)number(row, "k"), df);
        const double off = fabs(got - want);
        worst = want > 1e-10 ? fmax(worst, off / want) : worst;
        if (!(off <= number(row, "expected_atol") + number(row, "expected_rtol") * want) ||
            (want > 1e-10 && !(off <= 1e-9 * want))) { /* SciPy vouches for 1e-11 */
            bad++;
            printf("# q %g k %g df %g: got %.15g, want %.15g\n", number(row, "q"), number(row, "k"),
                   df, got, want);
        }
    }
    CHECK("cdf", n > 50 && bad == 0, "%zu of %zu off", bad, n);
    printf("# %zu rows, worst relative error %.1e\n", n, worst);
}

/* tests/oracle/studentized_rows.py */
static const struct {
    double q;
    size_t k;
    double df, lower, upper;
} rows[] = {
    {8.0, 3, 10.5, 0.99953084124918, 0.00046915875081532},
    {15.0, 4, 30, 0.99999999993252, 6.748260786593e-11},
    {30.0, 10, 12.7, 0.99999999912596, 8.7404326988877e-10},
    {3.5, 100, 60, 0.0066992826211123, 0.99330071737889},
    {9.0, 100, 33.3, 0.99916829789252, 0.00083170210747645},
    {2.0, 20, 5.5, 0.023213967634837, 0.97678603236516},
    {40.0, 6, 200, 1.0, 1.1964434330714e-70},
    {1.0, 5, 7, 0.051629258837453, 0.94837074116255},
};

static void check_rows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const double lower = studentized_cdf(rows[i].q, rows[i].k, rows[i].df);
        const double upper = studentized_upper(rows[i].q, rows[i].k, rows[i].df);
        CHECK("both tails, relative",
              fabs(lower - rows[i].lower) <= 1e-9 * rows[i].lower &&
                  fabs(upper - rows[i].upper) <= 1e-9 * rows[i].upper,
              "q %g k %zu df %g: %.12g and %.12g, want %.12g and %.12g", rows[i].q, rows[i].k,
              rows[i].df, lower, upper, rows[i].lower, rows[i].upper);
    }
}

/* Interpolated ranges against sums of each: with any df, from equal means to tails that a double
 * can hardly hold, and where no piece is. */
static void check_many(void)
{
    static const size_t ks[] = {2, 3, 20, 64, 1000};
    static const double dfs[] = {1, 4, 7.3, 60, 1e4, 1e6, INFINITY};
    static const double qs[] = {1e-5, 0.01, 0.3, 1, 2.7, 4, 6.1, 12, 31, 55, 200};
    double worst = 0;
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(ks); i++) {
        CLEANUP(studentized_freep) struct studentized *t = studentized_new(ks[i]);
        for (size_t d = 0; d < COUNT_OF(dfs); d++)
            for (size_t j = 0; j < COUNT_OF(qs); j++, n++) {
                const double want = studentized_upper(qs[j], ks[i], dfs[d]);
                const double got = studentized_upper_of(t, qs[j], dfs[d]);
                worst = want < 1e-100 ? worst : fmax(worst, fabs(got / want - 1));
            }
        const double q = studentized_upper_quantile_of(t, 0.05, 11.4);
        CHECK("quantile", fabs(q / studentized_upper_quantile(0.05, ks[i], 11.4) - 1) < 1e-12,
              "k %zu: %.17g", ks[i], q);
    }
    CHECK("many of one k", worst < 1e-12, "%zu tails, off by %.1e", n, worst);
    printf("# %zu tails, worst relative difference %.1e\n", n, worst);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(studentized_freep) struct studentized *t = studentized_new(rows[i].k);
        const double got = studentized_upper_of(t, rows[i].q, rows[i].df);
        CHECK("against mpmath", fabs(got - rows[i].upper) <= 1e-11 * rows[i].upper,
              "q %g k %zu df %g: %.14g, want %.14g", rows[i].q, rows[i].k, rows[i].df, got,
              rows[i].upper);
    }
    CLEANUP(studentized_freep) struct studentized *none = studentized_new(1);
    CHECK("one mean has no range", !none && isnan(studentized_upper_of(none, 1, 5)), "a range");
}

int main(void)
{
    struct arena *a = arena_new((size_t)1 << 26);
    check_table(a);
    check_rows();
    check_many();
    /* Of two means it is sqrt 2 |t|. */
    CHECK_NEAR("k = 2 is t", studentized_upper(sqrt(2) * 7.3, 2, 11.4), dist_t_two_sided(7.3, 11.4),
               1e-12);
    CHECK("and its far tail",
          fabs(studentized_upper(sqrt(2) * 60, 2, 47.5) / dist_t_two_sided(60, 47.5) - 1) < 1e-10,
          "%g against %g", studentized_upper(sqrt(2) * 60, 2, 47.5), dist_t_two_sided(60, 47.5));
    const double q = studentized_upper_quantile(0.05, 5, 23.7);
    CHECK_NEAR("quantile and back", studentized_upper(q, 5, 23.7), 0.05, 1e-11);
    CHECK_NEAR("from both sides", studentized_quantile(0.95, 5, 23.7), q, 1e-11);
    CHECK("nothing from nothing",
          isnan(studentized_cdf(NOT_MEASURED, 3, 5)) && isnan(studentized_cdf(1, 1, 5)) &&
              isnan(studentized_upper(1, 3, 0)),
          "a number from nothing");
    arena_free(a);
    return test_done();
}
