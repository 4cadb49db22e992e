/* R 4.2.2, p.adjust: tests/oracle/stats/padjust_R.json. */
#include "num/adjust.h"
#include "oracle.h"

static void test_against_r(struct arena *a)
{
    static const struct {
        const char *name;
        void (*adjust)(const double *p, size_t n, struct arena *scratch, double *ret);
    } method[] = {{"holm", adjust_holm}, {"hochberg", adjust_hochberg}, {"BH", adjust_bh}};
    struct json_iter it = json_iter(json_get(oracle_read("stats/padjust_R.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));)
        for (size_t m = 0; m < COUNT_OF(method); m++) {
            size_t n, k;
            const double *const p = oracle_numbers(json_get(c, "p"), a, &n);
            const double *const want = oracle_numbers(json_get(c, method[m].name), a, &k);
            double *const got = ARENA_ARRAY(a, double, n);
            method[m].adjust(p, n, a, got);
            for (size_t i = 0; i < n; i++)
                CHECK_NEAR(method[m].name, got[i], i < k ? want[i] : 0, 1e-14);
        }
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    test_against_r(a);
    double p[] = {0.04, NOT_MEASURED, 0.01}; /* by hand: a family of two */
    adjust_holm(p, 3, a, p);
    CHECK("a missing p is no member; in place",
          test_near(p[0], 0.04, 1e-15) && isnan(p[1]) && test_near(p[2], 0.02, 1e-15), "%g %g %g",
          p[0], p[1], p[2]);
    adjust_bh(p, 0, a, p);
    CHECK_NEAR("no tests, nothing touched", p[0], 0.04, 1e-15);
    return test_done();
}
