/* Models as NIST writes them, their derivatives, and fits of them. Values: Python's math module;
 * derivatives: by hand. The certified fits are tests/cli/selftest.sh's. */
#include "base/arena.h"
#include "base/defs.h"
#include "num/formula_eval.h"
#include "num/nonlinear.h"
#include "test.h"

static struct arena *a;

static const struct formula *parse(const char *text)
{
    const struct formula *f = nullptr;
    struct err e = {};
    const enum err_code code = formula_parse(text, a, &f, &e);
    CHECK("a model", code == ERR_OK, "%s: %s", text, e.msg);
    return f;
}

/* With b1 = 2, b2 = 3, b3 = 0.5, x1 = 1.5, x2 = 4. */
static const struct {
    const char *text;
    double value, d1, d2;
} values[] = {
    {"y = b1 + b2*x + e", 6.5, 1, 1.5},
    {"y = -b1**2", -4, -4, 0},
    {"y = b1**b2  +  e", 8, 12, 5.545177444479562},
    {"y = 2**-b1", 0.25, -0.17328679513998632, 0},
    {"y = 2**3**2 + 0*b1", 512, 0, 0},
    {"y = (b1-3)**3", -1, 3, 0},
    {"y = b1 - b2 - x", -2.5, 1, -1},
    {"y = b1/b2/x2", 0.16666666666666666, 0.08333333333333333, -0.05555555555555555},
    {"y = exp[-b1*x]/(b2+b3*x2)", 0.00995741367357279, -0.014936120510359185,
     -0.001991482734714558},
    {"y = log[b1] + sqrt(b2) + abs(-b1)", 4.425197988128822, 1.5, 0.2886751345948129},
    {"y = cos( 2*pi*x/b1 ) + sin(b2)", 0.14112000805986702, -2.356194490192345,
     -0.9899924966004454},
    {"pi = 3\n y = pi*b1", 6, 3, 0},
    {"y = b1 - arctan[b2/(x-b3)]/pi  +  e", 1.6024163823495667, 1, -0.03183098861837907},
    {"y = b1*x\n   + b2*x2 + e", 15, 1.5, 4},
    {"log[y] = b1 - b2*x1 * exp[-b3*x2] + e", 1.3909912254352428, 1, -0.20300292485491905},
    {"y = B0 + B1*(x**2) + E", 8.75, 1, 2.25},
    {"y = b1*(1-(1+2*b2*x)**(-.5))  +  e", 1.367544467966324, 0.683772233983162,
     0.09486832980505137},
    {"y = 1.5E+1*b1", 30, 15, 0},
};

static void check_values(void)
{
    static const double b[] = {2, 3, 0.5}, x[] = {1.5, 4};
    static const wide_t wb[] = {2, 3, (wide_t)0.5}, wx[] = {(wide_t)1.5, 4};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        const struct formula *const f = parse(values[i].text);
        double d[FORMULA_PARAMETERS] = {};
        wide_t w[FORMULA_PARAMETERS] = {};
        if (!f)
            continue;
        CHECK_NEAR("value", formula_eval_double(f, b, x, d), values[i].value, 2e-15);
        CHECK_NEAR("by b1", d[0], values[i].d1, 2e-15);
        CHECK_NEAR("by b2", d[1], values[i].d2, 2e-15);
        CHECK_NEAR("in 113 bits", (double)formula_eval_wide(f, wb, wx, w), values[i].value, 2e-15);
        CHECK_NEAR("its derivative", (double)w[1], values[i].d2, 2e-15);
    }
    const struct formula *const f = parse("log[y] = b1 - b2*x1 * exp[-b3*x2] + e");
    CHECK_NEAR("the left side", (double)formula_eval_response(f, 7), log(7), 2e-15);
    CHECK("counts", formula_parameters(f) == 3 && formula_predictors(f) == 2, "%zu %zu",
          formula_parameters(f), formula_predictors(f));
}

static const struct {
    const char *text, *said;
} wrong[] = {
    {"b1 + b2", "expected '='"},
    {"y = b1 + ", "expected a number, a name or a bracket"},
    {"y = b1 * (x + 2", "expected ')'"},
    {"y = b1 * [x + 2)", "expected ']'"},
    {"y = b1 * z", "'z' is no parameter"},
    {"y = 3*x", "0 parameters"},
    {"y = b99", "'b99' is no parameter"},
    {"y = b1 x", "expected the end"},
    {"y = b1 + y", "y stands right"},
    {"b1 = x*b2", "left of '='"},
    {"", "expected a number"},
};

static void check_wrong(void)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        const struct formula *f;
        struct err e = {};
        CHECK(wrong[i].text,
              formula_parse(wrong[i].text, a, &f, &e) != ERR_OK && strstr(e.msg, wrong[i].said),
              "%s", e.msg);
    }
    char deep[500] = "y = ";
    for (size_t i = 4; i < sizeof deep - 1; i++)
        deep[i] = '(';
    const struct formula *f;
    struct err e = {};
    CHECK("brackets without end", formula_parse(deep, a, &f, &e) == ERR_LIMIT, "%s", e.msg);
}

static void check_fit(void)
{
    const struct formula *const f = parse("y = b1*exp(-b2*x) + b3 + e");
    wide_t x[6], y[6];
    for (int i = 0; i < 6; i++) {
        x[i] = i;
        y[i] = 5 * wide_exp(-(wide_t)i / 2) + 1;
    }
    const struct nonlinear_data d = {f, y, x, 6, 1};
    struct nonlinear r = {};
    struct err e = {};
    CHECK("a fit", nonlinear_fit(&d, (const double[]){1, 1, 0}, a, &r, &e) == ERR_OK, "%s", e.msg);
    if (r.coef) {
        CHECK("its parameters, beyond a double's digits",
              wide_abs(r.coef[0] - 5) < 1e-25 && wide_abs(r.coef[1] - (wide_t)1 / 2) < 1e-25,
              "%.17g %.17g", (double)r.coef[0], (double)r.coef[1]);
        CHECK("nothing left", r.rss < 1e-50, "%g", (double)r.rss);
    }
    const struct formula *const two = parse("y = b1*b2*x");
    const struct nonlinear_data flat = {two, y, x, 6, 1};
    CHECK("parameters that only their product shows",
          nonlinear_fit(&flat, (const double[]){1, 1}, a, &r, &e) == ERR_UNSUPPORTED, "%s", e.msg);
    const struct nonlinear_data few = {f, y, x, 2, 1};
    CHECK("too few rows",
          nonlinear_fit(&few, (const double[]){1, 1, 0}, a, &r, &e) == ERR_UNSUPPORTED, "%s",
          e.msg);
    const struct formula *const x3 = parse("y = b1*x3");
    const struct nonlinear_data missing = {x3, y, x, 6, 1};
    CHECK("a predictor that the data lack",
          nonlinear_fit(&missing, (const double[]){1}, a, &r, &e) == ERR_USAGE, "%s", e.msg);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    check_values();
    check_wrong();
    check_fit();
    arena_free(a);
    return test_done();
}
