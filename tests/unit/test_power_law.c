/* Growth with size. tr118_crossover_points.csv are the nine models of the original project's TR118,
 * whose published fit is k = -0.5057334853, crossover 76.41M. Further numbers: scipy 1.17's
 * linregress and curve_fit, and 40,000 resamples in numpy; Fieller's interval from its quadratic in
 * numpy. */
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "num/power_law_crossover.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;

static const char *column(const char *line, size_t k)
{
    for (; k > 0 && *line; k--)
        line += strcspn(line, ",") + 1;
    return line;
}

static double params[9], cpu[9], gpu[9], ratio[9];

static void read_tr118(void)
{
    const char *const root = getenv("CHIMERA_TESTS");
    char *text = "";
    size_t bytes, n = 0;
    struct err e = {};
    const enum err_code code =
        file_read(file_join(a, root ? root : "tests", "oracle/chimera/tr118_crossover_points.csv"),
                  a, &text, &bytes, &e);
    CHECK("tr118_crossover_points.csv", code == ERR_OK, "%s", e.msg);
    for (const char *at = strchr(text, '\n'); at && at[1] && n < 9; at = strchr(at + 1, '\n')) {
        params[n] = strtod(column(at + 1, 4), nullptr);
        cpu[n] = strtod(column(at + 1, 5), nullptr);
        gpu[n] = strtod(column(at + 1, 6), nullptr);
        ratio[n++] = strtod(column(at + 1, 7), nullptr);
    }
    CHECK("nine models", n == 9, "%zu", n);
}

static struct power_law fit(const double *x, const double *y, size_t n, enum power_law_form form)
{
    const struct power_law_data d = {.x = x, .y = y, .n = n, .form = form, .seed = 42};
    struct power_law f = {.b = NOT_MEASURED, .unusable_why = "", .fragile_why = ""};
    struct err e = {};
    const enum err_code code = power_law_fit(&d, a, &f, &e);
    CHECK("a fit", code == ERR_OK, "%s", e.msg);
    return f;
}

static void check_tr118(void)
{
    const struct power_law f = fit(params, ratio, 9, POWER_LAW);
    CHECK_NEAR("k", f.b, -0.5057334853154656, 1e-13);
    CHECK_NEAR("ln A", log(f.a), 9.179900322096364, 1e-13);
    CHECK_NEAR("se of k", f.se, 0.045118964527133446, 1e-13);
    CHECK_NEAR("k from", f.low, -0.6124228830430799, 1e-13);
    CHECK_NEAR("k to", f.high, -0.39904408758785126, 1e-13);
    CHECK_NEAR("p", f.p_value / 1.0035528988516632e-05, 1, 1e-11);
    CHECK_NEAR("R^2", f.r2, 0.9472252557179054, 1e-13);
    CHECK_NEAR("residual sd", f.residual_sd, 0.28231406063989023, 1e-13);
    CHECK_NEAR("bootstrap from", f.boot_low, -0.7968, 0.02);
    CHECK_NEAR("bootstrap to", f.boot_high, -0.4589, 0.01);
    CHECK_NEAR("leverage of the smallest", f.leverage[0], 0.80509598, 1e-8);
    CHECK("which is the pivot", f.pivot == 0, "%zu", f.pivot);
    CHECK_NEAR("without it", f.without_b[0], -0.6803285188380516, 1e-12);
    CHECK_NEAR("without the largest", f.without_b[8], -0.49697730546271046, 1e-12);
    CHECK_NEAR("range without one, low", f.without_low, f.without_b[0], 0);
    CHECK_NEAR("range without one, high", f.without_high, -0.4913958712618366, 1e-12);
    CHECK("fragile", f.fragile && strstr(f.fragile_why, "102714"), "%s",
          f.fragile_why ? f.fragile_why : "");
    CHECK("but usable", f.usable, "%s", f.unusable_why ? f.unusable_why : "");
    CHECK("all resamples drawn", f.drawn == 2000, "%zu", f.drawn);
    const struct power_law_crossover c = power_law_crossover_level(&f, 1, 0.95, a);
    CHECK_NEAR("crossover", c.x / 76412445.21646339, 1, 1e-11);
    CHECK_NEAR("Fieller from", c.fieller_low / 47245569.31588182, 1, 1e-9);
    CHECK_NEAR("Fieller to", c.fieller_high / 140793446.28499442, 1, 1e-9);
    CHECK_NEAR("bootstrap from", c.boot_low / 56.15e6, 1, 0.01);
    CHECK_NEAR("bootstrap to", c.boot_high / 117.2e6, 1, 0.04);
    CHECK_NEAR("without one, from", c.without_low / 66100850.032717034, 1, 1e-10);
    CHECK_NEAR("without one, to", c.without_high / 87274397.23069645, 1, 1e-10);
    CHECK("identifiable", c.identifiable, "%s", c.why ? c.why : "");
    const struct power_law_crossover far = power_law_crossover_level(&f, 0.3, 0.95, a);
    CHECK("not beyond the sizes measured",
          !far.identifiable && strstr(far.why, "not identifiable within [102714, 1.2444e+08]"),
          "%s", far.why ? far.why : "");
}

static void check_pair(void)
{
    const struct power_law f = fit(params, cpu, 9, POWER_LAW), g = fit(params, gpu, 9, POWER_LAW);
    struct power_law_crossover c = {};
    struct err e = {};
    CHECK_NEAR("k of the CPU", f.b, -0.5712287371338958, 1e-12);
    CHECK_NEAR("k of the GPU", g.b, -0.06549525181843002, 1e-12);
    const enum err_code code = power_law_crossover_pair(&f, &g, 0.95, a, &c, &e);
    CHECK("a pair", code == ERR_OK, "%s", e.msg);
    CHECK_NEAR("where they meet", c.x / 76412445.2164631, 1, 1e-10);
    CHECK("within its intervals",
          c.fieller_low < c.x && c.x < c.fieller_high && c.boot_low < c.x && c.x < c.boot_high,
          "%g %g %g %g", c.fieller_low, c.fieller_high, c.boot_low, c.boot_high);
    const struct power_law_crossover none =
        power_law_crossover_level(&g, 1e6, 0.95, a); /* far above all rates */
    CHECK("no meeting", !none.identifiable, "%g", none.x);
}

static void check_offset(void)
{
    static const double x[] = {1, 2, 4, 8, 16, 32, 64, 128};
    static const double y[] = {10.1, 11.3, 12.9, 15.6, 18.8, 24.2, 30.7, 41.2};
    const struct power_law f = fit(x, y, 8, POWER_LAW_OFFSET);
    CHECK_NEAR("a", f.a, 2.81043994, 1e-8);
    CHECK_NEAR("b", f.b, 0.51273122, 1e-8);
    CHECK_NEAR("c", f.c, 7.28833846, 1e-8);
    CHECK_NEAR("se of b", f.se, 0.01311924, 1e-7);
    CHECK_NEAR("residual sd", f.residual_sd, 0.21658486456830503, 1e-9);
    CHECK_NEAR("R^2", f.r2, 0.9997152197452642, 1e-11);
    CHECK_NEAR("leverage", f.leverage[7], 0.87777843, 1e-7);
    CHECK("the bootstrap holds b", f.boot_low < f.b && f.b < f.boot_high, "%g %g", f.boot_low,
          f.boot_high);
    const struct power_law_crossover c = power_law_crossover_level(&f, 20, 0.95, a);
    CHECK_NEAR("where it is 20", c.x, 18.980480967779382, 1e-7);
    CHECK_NEAR("the fit there", power_law_at(&f, c.x), 20, 1e-12);
}

/* y = 2 + 3 x without noise, and what cannot be fitted. */
static void check_edges(void)
{
    static const double x[] = {1, 2, 3, 4, 5}, y[] = {5, 8, 11, 14, 17};
    static const double flat[] = {5, 5.1, 4.9, 5.05, 4.95}, same[] = {2, 2, 2, 2, 2};
    const struct power_law f = fit(x, y, 5, POWER_LAW_LINE);
    CHECK_NEAR("slope", f.b, 3, 1e-14);
    CHECK_NEAR("intercept", f.a, 2, 1e-13);
    CHECK("resamples of one or two x are refused", f.refused > 50 && f.drawn == 2000, "%zu of %zu",
          f.refused, f.refused + f.drawn);
    CHECK_NEAR("so that every one has the slope", f.boot_high - f.boot_low, 0, 1e-12);
    const struct power_law none = fit(x, flat, 5, POWER_LAW);
    CHECK("a flat one is not usable", !none.usable && none.unusable_why, "usable");
    struct power_law r;
    struct err e = {};
    CHECK("one x",
          power_law_fit(&(struct power_law_data){.x = same, .y = y, .n = 5}, a, &r, &e) ==
              ERR_UNSUPPORTED,
          "%s", e.msg);
    static const double negative[] = {1, -2, 3};
    CHECK("a negative figure",
          power_law_fit(&(struct power_law_data){.x = x, .y = negative, .n = 3}, a, &r, &e) ==
                  ERR_UNSUPPORTED &&
              strstr(e.msg, "point 2"),
          "%s", e.msg);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    read_tr118();
    check_tr118();
    check_pair();
    check_offset();
    check_edges();
    arena_free(a);
    return test_done();
}
