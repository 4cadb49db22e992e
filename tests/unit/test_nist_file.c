/* NIST's files, read by their words: what copies of them look like, and what is none. The numbers
 * are those of the texts. */
#include "base/arena.h"
#include "base/defs.h"
#include "selftest/nist_file.h"
#include "selftest/nist_run.h"
#include "test.h"

static struct arena *a;

static enum err_code parse(const char *text, struct nist_set *s, struct err *e)
{
    *s = (struct nist_set){};
    *e = (struct err){};
    return nist_file_parse("set", text, a, s, e);
}

#define ANOVA                                                                                      \
    "Certified Values:\n\nBetween Treatment   2 6.0E+00 3.0E+00 1.2E+01\n"                         \
    "Within Treatment   3 7.5E-01 2.5E-01\n\n   Certified R-Squared 8.9E-01\n\n"                   \
    "   Certified Residual\n   Standard Deviation  5.0E-01\n\n"

static void check_anova(void)
{
    static const struct {
        const char *name, *data;
    } layouts[] = {
        {"a column of treatments", "Data:  Treatment   Response\n  1  10\n  1 11\n 2 20\n 2 21\n"
                                   " 3 30\n 3 31\n"},
        {"a column for each", "Data:\n     Treatment\n\n 1   2   3\n\n10  20 30\n11 21  31\n\n"},
        {"with DOS line ends", "Data:\r\n     Treatment\r\n\r\n 1   2   3\r\n\r\n10  20 30\r\n"
                               "11 21  31\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        struct nist_set s;
        struct err e;
        const enum err_code code = parse(arena_printf(a, "%s%s", ANOVA, layouts[i].data), &s, &e);
        CHECK(layouts[i].name, code == ERR_OK && s.kind == NIST_ANOVA, "%s", e.msg);
        if (code != ERR_OK)
            continue;
        CHECK("three groups of two", s.groups == 3 && s.group_n[2] == 2 && s.rows == 6, "%zu %zu",
              s.groups, s.rows);
        CHECK("one after the other", s.data[1] == 11 && s.data[4] == 30, "%g %g", (double)s.data[1],
              (double)s.data[4]);
        CHECK("certified",
              fabs(s.ss_between - 6) < 1e-12 && fabs(s.f - 12) < 1e-12 &&
                  fabs(s.ss_within - 0.75) < 1e-12 && fabs(s.r2 - 0.89) < 1e-12 &&
                  fabs(s.residual_sd - 0.5) < 1e-12,
              "%g %g %g %g %g", s.ss_between, s.f, s.ss_within, s.r2, s.residual_sd);
    }
}

static void check_linear(void)
{
    struct nist_set s;
    struct err e;
    const enum err_code code = parse("Model: Polynomial Class\n   y = B1*x + B2*(x**2) + e\n"
                                     "  Certified Regression Statistics\n   Standard Deviation\n"
                                     "   B1   1.5   0.1E-1\n   B2  -2   3\n"
                                     "  Residual\n  Standard Deviation 0.5\n  R-Squared 0.9\n"
                                     "Regression    2  5 2.5 Infinity\nResidual   3   0 0\n"
                                     "Data:  y  x\n 1 2\n 2 3\n 3 4\n 4 5\n 5 7\n",
                                     &s, &e);
    CHECK("linear", code == ERR_OK && s.kind == NIST_LINEAR, "%s", e.msg);
    CHECK("through the origin, of degree 2", s.no_intercept && s.degree == 2 && s.coefficients == 2,
          "%d %u %zu", s.no_intercept, s.degree, s.coefficients);
    CHECK("values", fabs(s.coef[1] + 2) < 1e-12 && fabs(s.coef_sd[0] - 0.01) < 1e-15, "%g %g",
          s.coef[1], s.coef_sd[0]);
    CHECK("an infinite F", isinf(s.f), "%g", s.f);
}

static void check_nonlinear(void)
{
    struct nist_set s;
    struct err e;
    const enum err_code code =
        parse("Model:         Miscellaneous Class\n  2 Parameters (b1 to b2)\n\n  pi = 3.14\n"
              "   y = b1*x1 +\n     pi*b2*x2  +  e\n\n\n   Starting Values   Certified Values\n\n"
              "  Start 1  Start 2  Parameter  Standard Deviation\n"
              "  b1 =   1   2   3.5E+00  1.0E-01\n  b2 =   0.1  0.2  4.5E-01  2.0E-02\n\n"
              "Residual Sum of Squares:    1.25E-02\nResidual Standard Deviation:  3.0E-01\n"
              "Data:  y  x1  x2\n 1 2 3\n 2 3 4\n 3 4 6\n",
              &s, &e);
    CHECK("nonlinear", code == ERR_OK && s.kind == NIST_NONLINEAR, "%s", e.msg);
    CHECK("the model's lines",
          s.model && strstr(s.model, "pi = 3.14") && strstr(s.model, "pi*b2") &&
              !strstr(s.model, "Starting"),
          "%s", s.model ? s.model : "");
    CHECK("starts", fabs(s.start[1][1] - 0.2) < 1e-15 && fabs(s.coef[0] - 3.5) < 1e-15, "%g %g",
          s.start[1][1], s.coef[0]);
    CHECK("rss", fabs(s.rss - 0.0125) < 1e-15, "%g", s.rss);
}

static const struct {
    const char *what, *text, *said;
} wrong[] = {
    {"nothing", "", "none of NIST's families"},
    {"another file", "a,b,c\n1,2,3\n", "none of NIST's families"},
    {"no data", "Sample Mean  ybar: 3\n", "no line 'Data:'"},
    {"no numbers", "Sample Mean  ybar: 3\nData: Y\n---\n", "no data"},
    {"a word among the data", "Sample Mean  ybar: 3\nData: Y\n1\n2\nthree\n4\n",
     "'three' stands among the data"},
    {"rows of different length", ANOVA "Data: T R\n1 2\n1 3 4\n", "different numbers of columns"},
    {"treatments in two places", ANOVA "Data: T R\n1 2\n2 3\n1 4\n",
     "treatment 1 is in two places"},
    {"three columns without numbers", ANOVA "Data: a b c\n4 5 6\n7 8 9\n", "neither treatment"},
    {"a missing coefficient",
     "Certified Regression Statistics\n B0 1 2\n B2 3 4\nData: y x\n1 2\n2 3\n3 5\n",
     "coefficient 2 where 1 was expected"},
    {"columns for other coefficients",
     "Certified Regression Statistics\n B0 1 2\n B1 3 4\nData: y x x2\n1 2 3\n2 3 5\n3 5 9\n",
     "3 columns of data for 2 coefficients"},
    {"no model", " Start 1 Start 2\n b1 = 1 2 3 4\nData: y x\n1 2\n2 3\n", "no model"},
};

static void check_wrong(void)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct nist_set s;
        struct err e;
        const enum err_code code = parse(wrong[i].text, &s, &e);
        CHECK(wrong[i].what, code != ERR_OK && strstr(e.msg, wrong[i].said) && !strchr(e.msg, '\n'),
              "'%s'", e.msg);
    }
}

static void check_digits(void)
{
    CHECK_NEAR("five digits", nist_run_digits(100001, 100000), 5, 1e-10);
    CHECK_NEAR("equal", nist_run_digits(0.1, 0.1), 16, 0);
    CHECK_NEAR("certified 0", nist_run_digits(1e-12, 0), 12, 1e-10);
    CHECK_NEAR("nothing", nist_run_digits(NOT_MEASURED, 1), 0, 0);
    CHECK_NEAR("worse than nothing", nist_run_digits(50, 1), 0, 0);
    struct nist_set s;
    struct err e;
    struct nist_result r;
    (void)parse("Sample Mean  ybar: 3.1\n n-1)  s: 1\nData: Y\n2\n3\n4\n", &s, &e);
    nist_run(&s, a, &r);
    CHECK("a wrong certified value is seen on both sides",
          r.n == 2 && r.quantities[0].reached < 2 && r.quantities[0].ceiling < 2 &&
              r.quantities[1].pass,
          "%zu: %g", r.n, r.quantities[0].reached);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    check_anova();
    check_linear();
    check_nonlinear();
    check_wrong();
    check_digits();
    arena_free(a);
    return test_done();
}
