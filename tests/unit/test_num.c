/* Statistics against numbers that chimera did not make: tests/oracle/ORIGIN.md. */
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "num/anova.h"
#include "num/compare.h"
#include "num/quantile.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;

static const char *oracle(const char *name)
{
    const char *const root = getenv("CHIMERA_TESTS");
    return file_join(a, file_join(a, root ? root : "tests", "oracle"), name);
}

static const struct json *read_json(const char *name)
{
    struct err e = {};
    const struct json *v = nullptr;
    const enum err_code code = json_read_file(oracle(name), a, &v, &e);
    CHECK(name, code == ERR_OK, "%s", e.msg);
    return v;
}

static double *numbers(const struct json *v, size_t *ret_n)
{
    double *const x = ARENA_ARRAY(a, double, json_len(v) + 1);
    struct json_iter it = json_iter(v);
    const struct json *item;
    for (*ret_n = 0; (item = json_next(&it, nullptr));)
        x[(*ret_n)++] = json_f64(item, NOT_MEASURED);
    return x;
}

static double number(const struct json *v, const char *key)
{
    return json_f64(json_get(v, key), NOT_MEASURED);
}

/* Digits that agree (McCullough 1998). */
static double lre(double got, double want)
{
    if (!(fabs(got - want) > 0))
        return 16;
    return fmin(16, -log10(want != 0 ? fabs(got - want) / fabs(want) : fabs(got)));
}

static void check_lre(const char *what, double got, double want, double digits)
{
    CHECK(what, lre(got, want) >= digits, "got %.17g, certified %.17g: %.1f digits, want %.1f", got,
          want, lre(got, want), digits);
}

static double certified(const char *text, const char *after)
{
    const char *const at = strstr(text, after);
    return at ? strtod(at + strlen(after), nullptr) : NOT_MEASURED;
}

static char *nist_text(const char *name)
{
    struct err e = {};
    char *text = "";
    size_t n;
    const enum err_code code =
        file_read(oracle(arena_printf(a, "../../data/%s", name)), a, &text, &n, &e);
    CHECK(name, code == ERR_OK, "%s", e.msg);
    return text;
}

/* Ceilings: nist/LRE_ceilings_binary64.txt; one digit less is asked for, two for the means of the
 * sd. */
static const struct {
    const char *name;
    double sd, r1;
} univariate[] = {
    {"Lew", 14, 13},     {"Lottery", 14, 13},  {"Michelso", 12.8, 12.4}, {"NumAcc1", 15, 14},
    {"NumAcc2", 14, 14}, {"NumAcc3", 8.5, 11}, {"PiDigits", 14, 13},
};

static void test_univariate(void)
{
    for (size_t i = 0; i < COUNT_OF(univariate); i++) {
        const char *const name = univariate[i].name;
        char *const text = nist_text(arena_printf(a, "nist/univariate/%s.dat", name));
        char *at = strstr(text, "------");
        CHECK(name, at != nullptr, "no data");
        if (!at)
            continue;
        at = strchr(at, '\n');
        double *const x = ARENA_ARRAY(a, double, 6000);
        size_t n = 0;
        for (char *end;; at = end) {
            const double v = strtod(at, &end);
            if (end == at)
                break;
            x[n++] = v;
        }
        const struct moment m = moment_of(x, n);
        check_lre(arena_printf(a, "%s mean", name), m.mean, certified(text, "ybar:"), 14.5);
        const char *const s = strstr(text, "n-1)");
        check_lre(arena_printf(a, "%s sd", name), m.sd, certified(s ? s : "", "s:"),
                  univariate[i].sd);
        check_lre(arena_printf(a, "%s r1", name), moment_lag1(x, n), certified(text, "r(1):"),
                  univariate[i].r1);
    }
}

static const struct {
    const char *name;
    double digits;
} anovas[] = {
    {"AtmWtAg", 9},  {"SiRstv", 12},  {"SmLs01", 13},  {"SmLs02", 13},
    {"SmLs04", 9.4}, {"SmLs05", 9.2}, {"SmLs07", 3.4},
};

static void test_anova(void)
{
    for (size_t i = 0; i < COUNT_OF(anovas); i++) {
        const char *const name = anovas[i].name;
        char *const text = nist_text(arena_printf(a, "nist/anova/%s.dat", name));
        const char *row = strstr(text, "Between ");
        double want[4] = {}; /* df, sum of squares, mean square, F */
        if (row)
            while (*row && (*row < '0' || *row > '9'))
                row++;
        for (size_t k = 0; row && k < COUNT_OF(want); k++) {
            char *end;
            want[k] = strtod(row, &end);
            row = end;
        }
        const char *at = strstr(text, "Data: ");
        double *const x = ARENA_ARRAY(a, double, 20000);
        size_t sizes[16] = {}, n = 0;
        for (at = at ? strchr(at, '\n') : ""; *at;) {
            char *end;
            const long group = strtol(at, &end, 10);
            if (end == at || group < 1 || group > 16)
                break;
            x[n++] = strtod(end, &end);
            sizes[group - 1]++;
            at = end;
        }
        const struct anova r = anova_oneway(x, sizes, (size_t)want[0] + 1);
        check_lre(arena_printf(a, "%s F", name), r.f, want[3], anovas[i].digits);
    }
    const struct json *const cases = json_get(read_json("stats/multigroup_R.json"), "cases");
    struct json_iter it = json_iter(cases);
    const char *name;
    for (const struct json *c; (c = json_next(&it, &name));) {
        double *const x = ARENA_ARRAY(a, double, 1000);
        size_t sizes[16], k = 0, n = 0;
        struct moment m[16];
        struct json_iter groups = json_iter(json_get(c, "groups"));
        for (const struct json *g; (g = json_next(&groups, nullptr)) && k < 16; k++) {
            const double *const values = numbers(g, &sizes[k]);
            memcpy(x + n, values, sizes[k] * sizeof *x);
            m[k] = moment_of(values, sizes[k]);
            n += sizes[k];
        }
        const struct anova r = anova_oneway(x, sizes, k), w = anova_welch(m, k);
        const struct json *const f = json_get(c, "anova"), *const g = json_get(c, "welch_anova");
        CHECK_NEAR(arena_printf(a, "%s F", name), r.f, number(f, "F"), 1e-12);
        CHECK_NEAR("p", r.p, number(f, "p"), 1e-12);
        CHECK_NEAR("Welch F", w.f, number(g, "F"), 1e-12);
        CHECK_NEAR("Welch df2", w.df2, number(g, "df2"), 1e-12);
        CHECK_NEAR("Welch p", w.p, number(g, "p"), 1e-12);
    }
}

static void test_two_samples(void)
{
    struct json_iter it = json_iter(json_get(read_json("stats/twosample_R.json"), "cases"));
    const char *name;
    for (const struct json *c; (c = json_next(&it, &name));) {
        size_t nx, ny;
        double *const x = numbers(json_get(c, "x"), &nx), *const y = numbers(json_get(c, "y"), &ny);
        const struct moment mx = moment_of(x, nx), my = moment_of(y, ny);
        const struct compare_t w = compare_welch(&mx, &my, 0.95),
                               s = compare_pooled(&mx, &my, 0.95);
        const struct json *const welch = json_get(c, "welch"), *const student =
                                                                   json_get(c, "student");
        CHECK_NEAR(arena_printf(a, "%s Welch t", name), w.t, number(welch, "t"), 1e-12);
        CHECK_NEAR("df", w.df, number(welch, "df"), 1e-12);
        CHECK_NEAR("p", w.p, number(welch, "p"), 1e-12);
        CHECK_NEAR("lo", w.lo, json_f64(json_at(json_get(welch, "ci"), 0), 0), 1e-12);
        CHECK_NEAR("hi", w.hi, json_f64(json_at(json_get(welch, "ci"), 1), 0), 1e-12);
        CHECK_NEAR("pooled t", s.t, number(student, "t"), 1e-12);
        CHECK_NEAR("p", s.p, number(student, "p"), 1e-12);
        CHECK_NEAR("lo", s.lo, json_f64(json_at(json_get(student, "ci"), 0), 0), 1e-12);
        const struct json *const paired = json_get(c, "paired");
        if (paired) {
            for (size_t i = 0; i < nx; i++)
                x[i] -= y[i];
            const struct moment d = moment_of(x, nx);
            const struct compare_t t = compare_paired(&d, 0.95);
            CHECK_NEAR("paired t", t.t, number(paired, "t"), 1e-12);
            CHECK_NEAR("p", t.p, number(paired, "p"), 1e-12);
            CHECK_NEAR("hi", t.hi, json_f64(json_at(json_get(paired, "ci"), 1), 0), 1e-12);
        }
    }
    const struct moment one = {.n = 1, .mean = 3}, same = {.n = 3, .mean = 3, .var = 0};
    CHECK_NEAR("one value has no test", compare_welch(&one, &same, 0.95).p, NOT_MEASURED, 0);
    CHECK_NEAR("no variation has no test", compare_pooled(&same, &same, 0.95).p, NOT_MEASURED, 0);
}

static void test_quantiles(void)
{
    const struct json *const q = read_json("stats/quantiles_R.json");
    size_t n, np;
    double *const x = numbers(json_get(q, "x"), &n);
    const double *const probs = numbers(json_get(q, "probs"), &np);
    quantile_sort(x, n);
    for (size_t i = 0; i < np; i++)
        CHECK_NEAR("type 7", quantile_sorted(x, n, probs[i]),
                   json_f64(json_at(json_get(json_get(q, "types"), "t7"), i), 0), 1e-14);
    CHECK_NEAR("no sample, no number", quantile_sorted(x, 0, 0.5), NOT_MEASURED, 0);
    CHECK_NEAR("p above 1 is no quantile", quantile_sorted(x, n, 1.5), NOT_MEASURED, 0);
    CHECK("p95 needs 20, p99 100, the median 2",
          quantile_least_n(0.95) == 20 && quantile_least_n(0.99) == 100 &&
              quantile_least_n(0.5) == 2,
          "%zu %zu %zu", quantile_least_n(0.95), quantile_least_n(0.99), quantile_least_n(0.5));
    struct json_iter rows =
        json_iter(json_get(read_json("stats/quantile_ci_ranks_R.json"), "rows"));
    size_t wrong = 0, seen = 0;
    for (const struct json *r; (r = json_next(&rows, nullptr)); seen++) {
        const struct quantile_ranks k =
            quantile_ranks((size_t)number(r, "n"), number(r, "q"), number(r, "conf"));
        const double lo = number(r, "lo_rank"), hi = number(r, "hi_rank");
        if ((double)k.lo > lo || (double)k.lo < lo || (double)k.hi > hi || (double)k.hi < hi) {
            printf("# n %g q %g conf %g: %zu %zu, want %g %g\n", number(r, "n"), number(r, "q"),
                   number(r, "conf"), k.lo, k.hi, lo, hi);
            wrong++;
        }
    }
    CHECK("every rank of R's table", wrong == 0 && seen == 144, "%zu of %zu wrong", wrong, seen);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *whole = arena_new(64U << 20);
    a = whole;
    test_univariate();
    test_anova();
    test_two_samples();
    test_quantiles();
    return test_done();
}
