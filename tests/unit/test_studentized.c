/* The studentized range against mpmath: tests/oracle/stats/tukey_mpmath.json (SciPy's reference,
 * each row with its own tolerance), and against Student's t where there are two means. */
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

int main(void)
{
    struct arena *a = arena_new((size_t)1 << 26);
    check_table(a);
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
