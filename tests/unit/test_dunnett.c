/* SciPy's QUADPACK over both integrals, by tests/oracle/dunnett.py; R's pt; mvtnorm 1.4. */
#include "num/dunnett.h"
#include "oracle.h"

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    struct json_iter it = json_iter(json_get(oracle_read("stats/dunnett_scipy.json", a), "rows"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        size_t k;
        double *const lambda = oracle_numbers(json_get(c, "n"), a, &k);
        const double n0 = oracle_number(c, "n0"), t = oracle_number(c, "t");
        const double df = json_f64(json_get(c, "df"), INFINITY); /* JSON has no infinity */
        for (size_t i = 0; i < k; i++)
            lambda[i] = sqrt(lambda[i] / (lambda[i] + n0));
        const double p = dunnett_upper(t, lambda, k, df);
        CHECK_DIGITS(arena_printf(a, "t %g, %zu groups, df %g", t, k, df), p, oracle_number(c, "p"),
                     11);
        CHECK_DIGITS("and back", dunnett_upper_quantile(p, lambda, k, df), t, 9);
    }
    const double equal[] = {sqrt(0.5), sqrt(0.5)};
    CHECK_DIGITS("R, mvtnorm: pmvt of both tails, df 10", dunnett_upper(2.5, equal, 2, 10),
                 0.0560471264530065, 11);
    const double half = sqrt(0.5), one = 1;
    CHECK_NEAR("at 0 it is certain", dunnett_upper(0, &half, 1, 5), 1, 0);
    CHECK_NEAR("a control without values has no law", dunnett_upper(2, &one, 1, 5), NOT_MEASURED,
               0);
    /* With one group it is Student's t: 2 pt(-60, 12) and 2 pt(-2, 3), R */
    CHECK_DIGITS("a far tail", dunnett_upper(60, &half, 1, 12), 3.0376121339140622e-16, 10);
    CHECK_DIGITS("Student's", dunnett_upper(2, &half, 1, 3), 0.13932596855884313, 11);
    return test_done();
}
