/* Linear least squares. The certified sets of NIST are tests/cli/selftest.sh's; here what NIST does
 * not certify. Expected: statsmodels 0.14 (OLS, get_influence) on the data below; and what must
 * hold for any data. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "num/regress.h"
#include "num/regress_large.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;

static const double x1[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 20};
static const double x2[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
static const double y[] = {2.1, 3.9, 6.2, 7.8, 10.1, 13.2, 13.9, 16.8, 18.3, 37.0};

static struct regress fit(const struct regress_data *d)
{
    struct regress r = {};
    struct err e = {};
    const enum err_code code = regress_fit(d, a, &r, &e);
    CHECK("a fit", code == ERR_OK, "%s", e.msg);
    return r;
}

static void check_two_predictors(void)
{
    const double *const x[] = {x1, x2};
    const struct regress_data d = {.y = y, .x = x, .n = 10, .k = 2};
    const struct regress r = fit(&d);
    CHECK_NEAR("coefficient", r.coef[0], -0.007096774193549926, 1e-12);
    CHECK_NEAR("se", r.se[0], 0.34196811867240967, 1e-12);
    CHECK_NEAR("p", r.p_value[0], 0.984022058591431, 1e-12);
    CHECK_NEAR("from", r.lower[0], -0.815722880877889, 1e-12);
    CHECK_NEAR("to", r.upper[0], 0.8015293324907892, 1e-12);
    CHECK_NEAR("coefficient", r.coef[1], 1.8356989247311821, 1e-12);
    CHECK_NEAR("se", r.se[1], 0.030175797247652385, 1e-12);
    CHECK_NEAR("p", r.p_value[1], 8.515750875009982e-11, 1e-12);
    CHECK_NEAR("from", r.lower[1], 1.7643445027482365, 1e-12);
    CHECK_NEAR("to", r.upper[1], 1.9070533467141277, 1e-12);
    CHECK_NEAR("coefficient", r.coef[2], 0.25770609318996507, 1e-12);
    CHECK_NEAR("se", r.se[2], 0.06598378659479891, 1e-12);
    CHECK_NEAR("p", r.p_value[2], 0.005856520331540447, 1e-12);
    CHECK_NEAR("from", r.lower[2], 0.10167923119598074, 1e-12);
    CHECK_NEAR("to", r.upper[2], 0.41373295518394937, 1e-12);
    CHECK_NEAR("R^2", r.r2, 0.9981697832539901, 1e-12);
    CHECK_NEAR("F", r.f, 1908.8418074009098, 1e-10);
    CHECK_NEAR("residual sd", r.residual_sd, 0.4858025280524602, 1e-12);
    CHECK_NEAR("leverage", r.leverage[0], 0.2222643896268185, 1e-12);
    CHECK_NEAR("Cook's distance", r.cook[0], 0.1306437669423959, 1e-11);
    CHECK_NEAR("leverage", r.leverage[4], 0.13413451402066207, 1e-12);
    CHECK_NEAR("Cook's distance", r.cook[4], 0.03273639969336273, 1e-11);
    CHECK_NEAR("leverage", r.leverage[9], 0.8411764705882352, 1e-12);
    CHECK_NEAR("Cook's distance", r.cook[9], 10.851733247449097, 1e-11);
    /* Left out in turn: the closed form against a fit of the other nine. */
    double u[9], v[9], w[9];
    for (size_t i = 0, m = 0; i < 10; i++)
        if (i != 4) {
            u[m] = x1[i];
            v[m] = x2[i];
            w[m++] = y[i];
        }
    const double *const rest[] = {u, v};
    const struct regress s = fit(&(struct regress_data){.y = w, .x = rest, .n = 9, .k = 2});
    for (size_t j = 0; j < 3; j++)
        CHECK_NEAR("without the fifth", r.without[4 * 3 + j], s.coef[j], 1e-13);
}

/* The double form and the 113-bit form on the same problem. */
static void check_large(void)
{
    constexpr size_t N = 300;
    constexpr size_t P = 4;
    static double x[N * P], cols[P - 1][N], ys[N];
    struct rng rng;
    rng_init(&rng, 7);
    for (size_t i = 0; i < N; i++) {
        x[i * P] = 1;
        for (size_t j = 1; j < P; j++)
            cols[j - 1][i] = x[i * P + j] = 1000 + rng_normal(&rng);
        ys[i] = 3 + 2 * x[i * P + 1] - x[i * P + 2] + 0.5 * x[i * P + 3] + rng_normal(&rng);
    }
    const double *const c[] = {cols[0], cols[1], cols[2]};
    const struct regress r = fit(&(struct regress_data){.y = ys, .x = c, .n = N, .k = P - 1});
    static double hat[N], rest[N];
    double coef[P], inverse[P * P];
    const struct regress_large out = {coef, inverse, hat, rest};
    struct err e = {};
    CHECK("GSL's QR", regress_large_solve(x, ys, N, P, &out, &e) == ERR_OK, "%s", e.msg);
    for (size_t j = 0; j < P; j++) {
        CHECK_NEAR("coefficients", coef[j], r.coef[j], 1e-9);
        CHECK_NEAR("standard errors", r.residual_sd * sqrt(inverse[j * P + j]), r.se[j], 1e-9);
    }
    CHECK_NEAR("leverage", hat[17], r.leverage[17], 1e-9);
    CHECK_NEAR("residual", rest[17], r.residual[17], 1e-9);
    for (size_t i = 0; i < N; i++)
        x[i * P + 3] = 2 * x[i * P + 1] - 7;
    CHECK("dependent columns in double",
          regress_large_solve(x, ys, N, P, &out, &e) == ERR_UNSUPPORTED, "solved");
}

static void check_faults(void)
{
    double twice[10];
    for (size_t i = 0; i < 10; i++)
        twice[i] = 2 * x1[i] + 1;
    const double *const x[] = {x1, twice};
    struct regress r;
    struct err e = {};
    CHECK("dependent columns",
          regress_fit(&(struct regress_data){.y = y, .x = x, .n = 10, .k = 2}, a, &r, &e) ==
                  ERR_UNSUPPORTED &&
              strstr(e.msg, "column 3"),
          "%s", e.msg);
    CHECK("too few rows",
          regress_fit(&(struct regress_data){.y = y, .x = x, .n = 2, .k = 2}, a, &r, &e) ==
              ERR_UNSUPPORTED,
          "%s", e.msg);
    twice[3] = NOT_MEASURED;
    CHECK("a hole in the data",
          regress_fit(&(struct regress_data){.y = y, .x = x, .n = 10, .k = 2}, a, &r, &e) ==
                  ERR_USAGE &&
              strstr(e.msg, "row 4"),
          "%s", e.msg);
    const struct regress line =
        fit(&(struct regress_data){.y = y, .x = x, .n = 2, .k = 1, .degree = 1});
    CHECK("two points, no error to speak of", isnan(line.residual_sd) && isnan(line.se[1]), "%g",
          line.residual_sd);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    check_two_predictors();
    check_large();
    check_faults();
    arena_free(a);
    return test_done();
}
