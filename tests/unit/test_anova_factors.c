/* R 4.6.1: anova, drop1 and comparisons of lm fits: tests/oracle/stats/tests_R.json, made by
 * tests/oracle/tests.R. Effect sizes of one factor: R 4.2.2 with effectsize, multigroup_R.json. */
#include "num/anova.h"
#include "num/anova_factors.h"
#include "oracle.h"

static uint32_t *integers(const struct json *v, struct arena *a, uint32_t *ret_most)
{
    size_t n;
    const double *const x = oracle_numbers(v, a, &n);
    uint32_t *const r = ARENA_ARRAY(a, uint32_t, n);
    *ret_most = 0;
    for (size_t i = 0; i < n; i++) {
        r[i] = (uint32_t)x[i];
        *ret_most = r[i] > *ret_most ? r[i] : *ret_most;
    }
    return r;
}

static void test_kinds(struct arena *a)
{
    static const char *const kind[] = {"I", "II", "III"};
    struct json_iter it = json_iter(json_get(oracle_read("stats/tests_R.json", a), "factors"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        struct anova_factors_design d = {};
        uint32_t most;
        d.y = oracle_numbers(json_get(c, "y"), a, &d.n);
        struct json_iter factors = json_iter(json_get(c, "factors"));
        for (const struct json *f; (f = json_next(&factors, nullptr)); d.n_factors++) {
            d.level[d.n_factors] = integers(f, a, &most);
            d.n_levels[d.n_factors] = most + 1;
        }
        d.terms = integers(json_get(c, "terms"), a, &most);
        d.n_terms = json_len(json_get(c, "terms"));
        for (size_t k = 0; k < COUNT_OF(kind); k++) {
            struct anova_factors r;
            d.kind = (enum anova_factors_kind)k;
            anova_factors_of(&d, a, &r);
            for (size_t t = 0; t < d.n_terms; t++) {
                const struct json *const want = json_at(json_get(c, kind[k]), t);
                CHECK_NEAR(arena_printf(a, "%s, type %s, term %zu: df",
                                        json_str(json_get(c, "name"), ""), kind[k], t),
                           r.term[t].df, oracle_number(want, "df"), 0);
                CHECK_DIGITS("sum of squares", r.term[t].ss, oracle_number(want, "ss"), 11);
                CHECK_DIGITS("F", r.term[t].f, oracle_number(want, "F"), 11);
                CHECK_DIGITS("p", r.term[t].p, oracle_number(want, "p"), 11);
            }
            const struct json *const residual = json_get(c, "residual");
            CHECK_NEAR("residual df", r.df_residual, oracle_number(residual, "df"), 0);
            CHECK_DIGITS("residual", r.ss_residual, oracle_number(residual, "ss"), 12);
        }
    }
}

static void test_one_factor(struct arena *a)
{
    struct json_iter it = json_iter(json_get(oracle_read("stats/multigroup_R.json", a), "cases"));
    for (const struct json *c; (c = json_next(&it, nullptr));) {
        double *const x = ARENA_ARRAY(a, double, 1000);
        uint32_t *const level = ARENA_ARRAY(a, uint32_t, 1000);
        size_t sizes[16], k = 0, n = 0;
        struct json_iter groups = json_iter(json_get(c, "groups"));
        for (const struct json *g; (g = json_next(&groups, nullptr)) && k < 16; k++) {
            const double *const values = oracle_numbers(g, a, &sizes[k]);
            for (size_t i = 0; i < sizes[k]; i++, n++) {
                x[n] = values[i];
                level[n] = (uint32_t)k;
            }
        }
        const struct anova one = anova_oneway(x, sizes, k);
        CHECK_DIGITS("eta^2", one.eta2, oracle_number(c, "eta2"), 12);
        CHECK_DIGITS("omega^2", one.omega2, oracle_number(c, "omega2"), 12);
        CHECK_DIGITS("epsilon^2", one.epsilon2, oracle_number(c, "epsilon2"), 12);
        const struct anova_factors_design d = {.y = x,
                                               .n = n,
                                               .n_factors = 1,
                                               .level = {level},
                                               .n_levels = {(uint32_t)k},
                                               .terms = (uint32_t[]){1},
                                               .n_terms = 1,
                                               .kind = ANOVA_FACTORS_II};
        struct anova_factors r;
        anova_factors_of(&d, a, &r);
        CHECK_DIGITS("as one factor: F", r.term[0].f, one.f, 12);
        CHECK_DIGITS("omega^2", r.term[0].omega2, one.omega2, 12);
        CHECK_DIGITS("partial omega^2 is the same", r.term[0].partial_omega2, one.omega2, 12);
        CHECK_DIGITS("epsilon^2", r.term[0].partial_epsilon2, one.epsilon2, 12);
    }
}

/* Two factors that go together cannot be told apart; one value per combination leaves no residual
 * beside the interaction; a shift by 1e9 changes nothing. */
static void test_edges(struct arena *a)
{
    static const double y[] = {1, 2, 4, 3, 5, 9, 6, 2},
                        far[] = {1e9 + 1, 1e9 + 2, 1e9 + 4, 1e9 + 3,
                                 1e9 + 5, 1e9 + 9, 1e9 + 6, 1e9 + 2};
    static const uint32_t f[] = {0, 0, 0, 0, 1, 1, 1, 1}, g[] = {0, 0, 1, 1, 0, 0, 1, 1};
    struct anova_factors_design d = {.y = y,
                                     .n = 8,
                                     .n_factors = 2,
                                     .level = {f, f},
                                     .n_levels = {2, 2},
                                     .terms = (uint32_t[]){1, 2},
                                     .n_terms = 2,
                                     .kind = ANOVA_FACTORS_III};
    struct anova_factors r, s;
    anova_factors_of(&d, a, &r);
    CHECK("confounded factors have no df", !(r.term[0].df > 0) && isnan(r.term[1].p), "%g",
          r.term[0].df);
    d.level[1] = g;
    anova_factors_of(&d, a, &r);
    d.y = far;
    anova_factors_of(&d, a, &s);
    CHECK_DIGITS("shifted by 1e9", s.term[0].f, r.term[0].f, 14);
    CHECK("balanced", r.balanced, "not");
    d.n = 7;
    anova_factors_of(&d, a, &r);
    CHECK("and then not", !r.balanced, "balanced");
    static const uint32_t each[] = {0, 1, 2, 3, 4, 5, 6, 7};
    d = (struct anova_factors_design){.y = y,
                                      .n = 8,
                                      .n_factors = 1,
                                      .level = {each},
                                      .n_levels = {8},
                                      .terms = (uint32_t[]){1},
                                      .n_terms = 1};
    anova_factors_of(&d, a, &r);
    CHECK("no residual, no F", r.term[0].df > 6 && isnan(r.term[0].f), "%g", r.term[0].f);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_kinds(a);
    test_one_factor(a);
    test_edges(a);
    return test_done();
}
