/* R 4.2.2: TukeyHSD; rstatix's games_howell_test at full precision: multigroup_R.json. Dunnett:
 * SciPy 1.17.1, scipy.stats.dunnett for t and the interval, tests/oracle/dunnett.py for p. */
#include "num/posthoc.h"
#include "oracle.h"

constexpr size_t MOST = 16;

static size_t groups_of(const struct json *c, struct arena *a, struct moment *ret)
{
    size_t k = 0;
    struct json_iter it = json_iter(json_get(c, "groups"));
    for (const struct json *g; (g = json_next(&it, nullptr)) && k < MOST; k++) {
        size_t n;
        const double *const x = oracle_numbers(g, a, &n);
        ret[k] = moment_of(x, n);
    }
    return k;
}

static void check_pair(const char *name, const struct posthoc_pair *got, const struct json *want,
                       const char *const *key)
{
    CHECK_DIGITS(name, got->difference, oracle_number(want, key[0]), 11);
    /* R's ptukey errs by up to 2e-10, its qtukey by 1e-7 */
    CHECK("p", fabs(got->p - oracle_number(want, key[1])) < 5e-10, "%.17g, want %.17g", got->p,
          oracle_number(want, key[1]));
    CHECK("lo", fabs(got->lo - oracle_number(want, key[2])) < 1e-6 * got->se, "%.17g", got->lo);
    CHECK("hi", fabs(got->hi - oracle_number(want, key[3])) < 1e-6 * got->se, "%.17g", got->hi);
}

static void test_pairs(struct arena *a)
{
    static const char *const tukey[] = {"diff", "p_adj", "lwr", "upr"}, *const howell[] = {
                                                                            "estimate", "p",
                                                                            "conf_low",
                                                                            "conf_high"};
    struct json_iter it = json_iter(json_get(oracle_read("stats/multigroup_R.json", a), "cases"));
    const char *name;
    for (const struct json *c; (c = json_next(&it, &name));) {
        struct moment g[MOST];
        struct posthoc_pair pair[MOST * (MOST - 1) / 2];
        const size_t k = groups_of(c, a, g), n = k * (k - 1) / 2;
        posthoc_tukey_kramer(g, k, 0.95, pair);
        for (size_t i = 0; i < n; i++)
            check_pair(arena_printf(a, "%s Tukey %zu", name, i), &pair[i],
                       json_at(json_get(c, "tukey_hsd"), i), tukey);
        posthoc_games_howell(g, k, 0.95, pair);
        for (size_t i = 0; i < n; i++) {
            const struct json *const want = json_at(json_get(c, "games_howell"), i);
            check_pair(arena_printf(a, "%s Games-Howell %zu", name, i), &pair[i], want, howell);
            CHECK_DIGITS("q", pair[i].statistic, oracle_number(want, "q"), 11);
            CHECK_DIGITS("df", pair[i].df, oracle_number(want, "df"), 11);
        }
    }
}

static void test_dunnett(struct arena *a)
{
    const struct json *const cases = json_get(oracle_read("stats/multigroup_R.json", a), "cases");
    struct moment g[MOST];
    struct posthoc_pair pair[MOST];
    const size_t k = groups_of(json_get(cases, "PlantGrowth"), a, g);
    posthoc_dunnett(g, k, 0.95, pair);
    CHECK_DIGITS("trt1 - ctrl: t", pair[0].statistic, 1.3307908011646807, 13);
    CHECK_DIGITS("p", pair[0].p, 0.32269568576878294, 9);
    CHECK_DIGITS("trt2 - ctrl: t", pair[1].statistic, 1.7719963767529756, 13);
    CHECK_DIGITS("p", pair[1].p, 0.1534858615151239, 9);
    /* SciPy's interval is drawn: 4 digits */
    CHECK("its interval", fabs(pair[1].lo + 0.15643) < 1e-3 && fabs(pair[1].hi - 1.14443) < 1e-3,
          "%g %g", pair[1].lo, pair[1].hi);
    CHECK("a pair and its control", pair[1].a == 0 && pair[1].b == 2, "%zu", pair[1].b);
}

/* QUADPACK in SciPy over both integrals of the studentized range. R prints 6.6529e-07 for the
 * second, and rstatix rounds it to 0. */
static void test_small_p(struct arena *a)
{
    const struct json *const cases = json_get(oracle_read("stats/multigroup_R.json", a), "cases");
    struct moment g[MOST];
    struct posthoc_pair pair[MOST * (MOST - 1) / 2];
    posthoc_games_howell(g, groups_of(json_get(cases, "PlantGrowth"), a, g), 0.95, pair);
    CHECK_DIGITS("trt2 - trt1", pair[2].p, 0.023703454738941525, 10);
    posthoc_games_howell(g, groups_of(json_get(cases, "InsectSprays"), a, g), 0.95, pair);
    CHECK_DIGITS("C - B", pair[5].p, 6.654440771365216e-07, 9);
}

static void test_edges(void)
{
    const struct moment same[] = {{.n = 3, .mean = 1, .var = 0}, {.n = 3, .mean = 2, .var = 0}};
    const struct moment one[] = {{.n = 1, .mean = 1, .var = NOT_MEASURED},
                                 {.n = 3, .mean = 2, .var = 0.5, .sd = 0.7}};
    struct posthoc_pair p;
    posthoc_tukey_kramer(same, 2, 0.95, &p);
    CHECK("no variation, no p", isnan(p.p) && test_near(p.difference, 1, 0), "%g", p.p);
    posthoc_games_howell(same, 2, 0.95, &p);
    CHECK("nor here", isnan(p.p), "%g", p.p);
    posthoc_games_howell(one, 2, 0.95, &p);
    CHECK("a group of one value has no variance of its own", isnan(p.p), "%g", p.p);
    posthoc_tukey_kramer(one, 2, 0.95, &p);
    CHECK("but shares that of the others", p.p > 0 && p.p < 1, "%g", p.p);
    posthoc_dunnett(same, 2, 0.95, &p);
    CHECK("no variation, no Dunnett", isnan(p.p), "%g", p.p);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    test_pairs(a);
    test_dunnett(a);
    test_small_p(a);
    test_edges();
    return test_done();
}
