/* Distributions against mpmath. dist_cdf_mpmath.csv and dist_quantile_mpmath.csv: mpmath at 40
 * digits; dist_hard_mpmath.csv: tests/oracle/dist_rows.py, its own series and continued fractions
 * at 80 digits, in regions that are hard (tiny and huge parameters, tails down to 1e-305). */
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "num/dist.h"
#include "num/noncentral_t.h"
#include "test.h"

#include <stdlib.h>

static struct arena *a;

static char *oracle(const char *name)
{
    const char *const root = getenv("CHIMERA_TESTS");
    const char *const path =
        file_join(a, file_join(a, file_join(a, root ? root : "tests", "oracle"), "stats"), name);
    struct err e = {};
    char *text = "";
    size_t n;
    const enum err_code code = file_read(path, a, &text, &n, &e);
    CHECK(name, code == ERR_OK, "%s", e.msg);
    return text;
}

struct row {
    char dist[12];
    double p[2], x, want[2]; /* cdf and upper tail, or the quantile */
    bool ok;
};

/* dist,"params",x,cdf,sf */
static struct row row_of(const char *line)
{
    struct row r = {};
    const size_t n = strcspn(line, ",");
    if (n == 0 || n >= sizeof r.dist || line[n] != ',' || line[n + 1] != '"')
        return r;
    memcpy(r.dist, line, n);
    char *at;
    r.p[0] = strtod(line + n + 2, &at);
    r.p[1] = *at == ',' ? strtod(at + 1, &at) : 0;
    r.ok = *at == '"' && at[1] == ',';
    r.x = r.ok ? strtod(at + 2, &at) : 0;
    r.want[0] = *at == ',' ? strtod(at + 1, &at) : 0;
    r.want[1] = *at == ',' ? strtod(at + 1, &at) : 0;
    return r;
}

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at ? at + 1 : nullptr;
}

static bool both(const struct row *r, double *ret)
{
    const double x = r->x, p = r->p[0], q = r->p[1];
    const char *const d = r->dist;
#define PAIR(name, lower, upper)                                                                   \
    if (strcmp(d, name) == 0) {                                                                    \
        ret[0] = (lower);                                                                          \
        ret[1] = (upper);                                                                          \
        return true;                                                                               \
    }
    PAIR("normal", dist_normal_cdf(x), dist_normal_upper(x))
    PAIR("t", dist_t_cdf(x, p), dist_t_upper(x, p))
    PAIR("F", dist_f_cdf(x, p, q), dist_f_upper(x, p, q))
    PAIR("chi2", dist_chi2_cdf(x, p), dist_chi2_upper(x, p))
    PAIR("beta", dist_beta_cdf(x, p, q), dist_beta_upper(x, p, q))
    PAIR("binomial", dist_binomial_cdf(x, (size_t)p, q), dist_binomial_upper(x, (size_t)p, q))
    PAIR("nct", noncentral_t_cdf(x, p, q), noncentral_t_upper(x, p, q))
#undef PAIR
    return false;
}

static double error(double got, double want)
{
    return want < 1e-307 ? (got < 1e-306 ? 0 : 1) : fabs(got - want) / want;
}

/* One line of the TAP per file; each row that fails is a comment. */
static void check_tails(const char *name, size_t least)
{
    size_t n = 0, bad = 0;
    double worst = 0;
    for (const char *at = oracle(name); at && *at; at = next_line(at)) {
        const struct row r = row_of(at);
        double got[2];
        if (!r.ok || !both(&r, got))
            continue;
        n++;
        const double e = fmax(error(got[0], r.want[0]), error(got[1], r.want[1]));
        worst = fmax(worst, e);
        if (!(e <= 1e-12)) {
            bad++;
            printf("# %.*s: got %.17g and %.17g, error %.1e\n", (int)strcspn(at, "\n"), at, got[0],
                   got[1], e);
        }
    }
    CHECK("both tails within 1e-12", n >= least && bad == 0, "%s: %zu of %zu rows off", name, bad,
          n);
    printf("# %s: %zu rows, worst error %.1e\n", name, n, worst);
}

static double quantile_of(const struct row *r)
{
    return strcmp(r->dist, "normal") == 0 ? dist_normal_quantile(r->x)
           : strcmp(r->dist, "t") == 0    ? dist_t_quantile(r->x, r->p[0])
           : strcmp(r->dist, "chi2") == 0 ? dist_chi2_quantile(r->x, r->p[0])
                                          : NOT_MEASURED;
}

static void check_quantiles(void)
{
    size_t n = 0, bad = 0;
    for (const char *at = oracle("dist_quantile_mpmath.csv"); at && *at; at = next_line(at)) {
        const struct row r = row_of(at);
        if (!r.ok)
            continue;
        n++;
        const double got = quantile_of(&r), want = r.want[0];
        if (!(fabs(got - want) <= 1e-12 * fabs(want))) {
            bad++;
            printf("# %.*s: got %.17g\n", (int)strcspn(at, "\n"), at, got);
        }
    }
    CHECK("quantiles within 1e-12", n == 256 && bad == 0, "%zu of %zu off", bad, n);
}

/* Of the smaller tail, as far as the quantile's own rounding allows. */
static double there_and_back(const struct row *r, bool lower)
{
    const double p = r->p[0], q = r->p[1], t = r->want[lower ? 0 : 1];
    struct row at = *r;
    at.x = strcmp(r->dist, "F") == 0
               ? (lower ? dist_f_quantile(t, p, q) : dist_f_upper_quantile(t, p, q))
           : strcmp(r->dist, "chi2") == 0
               ? (lower ? dist_chi2_quantile(t, p) : dist_chi2_upper_quantile(t, p))
           : strcmp(r->dist, "t") == 0
               ? (lower ? dist_t_quantile(t, p) : dist_t_upper_quantile(t, p))
           : strcmp(r->dist, "normal") == 0
               ? (lower ? dist_normal_quantile(t) : dist_normal_upper_quantile(t))
           : strcmp(r->dist, "beta") == 0
               ? (lower ? dist_beta_quantile(t, p, q) : dist_beta_upper_quantile(t, p, q))
               : r->x;
    return at.x;
}

/* The tables of tails read backwards: the quantile of a tail is x. A row is left out where the
 * tail hardly moves with x: there x is not determined to 1e-12 by a double's tail. */
static void check_inverse(const char *name, size_t least)
{
    size_t n = 0, bad = 0;
    for (const char *at = oracle(name); at && *at; at = next_line(at)) {
        const struct row r = row_of(at);
        const bool lower = r.want[0] < r.want[1];
        double here[2], there[2];
        struct row moved = r;
        moved.x *= 1 + 1e-6;
        if (!r.ok || !both(&r, here) || !both(&moved, there) || r.x == 0 ||
            !(r.want[!lower] > 1e-305 && r.want[!lower] < 0.5))
            continue;
        const double slope = fabs(there[!lower] / here[!lower] - 1) / 1e-6; /* dlog p / dlog x */
        if (!(slope > 1e-2))
            continue;
        n++;
        const double got = there_and_back(&r, lower);
        if (!(fabs(got - r.x) <= fmax(1e-12, 4e-15 / slope) * fabs(r.x))) {
            bad++;
            printf("# %.*s: quantile %.17g, slope %g\n", (int)strcspn(at, "\n"), at, got, slope);
        }
    }
    CHECK("quantiles of the tails", n >= least && bad == 0, "%s: %zu of %zu rows off", name, bad,
          n);
}

/* The rows of the noncentral t: its quantile is x, and the ncp that gives its upper tail is ncp. */
static void check_noncentral(const char *name)
{
    size_t n = 0, bad = 0;
    for (const char *at = oracle(name); at && *at; at = next_line(at)) {
        const struct row r = row_of(at);
        if (!r.ok || strcmp(r.dist, "nct") != 0 || !(fmin(r.want[0], r.want[1]) > 1e-4))
            continue;
        n++;
        const double ncp = noncentral_t_ncp(r.want[1], r.x, r.p[0]);
        const double x = noncentral_t_quantile(r.want[0], r.p[0], r.p[1]);
        if (!test_near(ncp, r.p[1], 2e-11) || !test_near(x, r.x, 2e-11)) {
            bad++;
            printf("# %.*s: ncp %.17g, t %.17g\n", (int)strcspn(at, "\n"), at, ncp, x);
        }
    }
    CHECK("inversions of the noncentral t", n >= 100 && bad == 0, "%zu of %zu rows off", bad, n);
}

static void check_edges(void)
{
    const double inf = (double)INFINITY;
    CHECK_NEAR("t without end", dist_t_upper(1.96, inf), dist_normal_upper(1.96), 1e-15);
    CHECK_NEAR("t quantile of a half", dist_t_quantile(0.5, 3.3), 0, 0);
    CHECK_NEAR("noncentral t at 0 is the normal", noncentral_t_cdf(0, 5, 2), dist_normal_cdf(-2),
               1e-15);
    CHECK("log of a tail that underflows",
          !(dist_t_upper(1e160, 2.5) > 0) && isfinite(dist_t_log_upper(1e160, 2.5)), "%g",
          dist_t_log_upper(1e160, 2.5));
    /* log(erfc(100 / sqrt 2) / 2), mpmath */
    CHECK_NEAR("log of the normal's", dist_normal_log_upper(100), -5005.5242086942050863, 1e-14);
    CHECK("nothing from nothing",
          isnan(dist_t_upper(NOT_MEASURED, 3)) && isnan(dist_f_upper(1, -1, 3)) &&
              isnan(dist_chi2_quantile(1.5, 3)) && isnan(noncentral_t_cdf(1, 0, 1)) &&
              isnan(dist_beta_cdf(0.5, 0, 1)) && isnan(dist_binomial_cdf(1, 3, -1)),
          "a number from a parameter outside its range");
    /* Ten coins: 0.171875 = 176/1024 for at most three heads, exactly. */
    CHECK_NEAR("the quantile of what the cdf gave", dist_binomial_quantile(0.171875, 10, 0.5), 3,
               0);
    CHECK_NEAR("and just above", dist_binomial_quantile(0.1718751, 10, 0.5), 4, 0);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    check_tails("dist_cdf_mpmath.csv", 554);
    check_tails("dist_hard_mpmath.csv", 1000);
    check_quantiles();
    check_inverse("dist_cdf_mpmath.csv", 300);
    check_inverse("dist_hard_mpmath.csv", 700);
    check_noncentral("dist_hard_mpmath.csv");
    check_edges();
    arena_free(a);
    return test_done();
}
