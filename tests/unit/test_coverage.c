/* selftest/coverage: the laws' true figures (SciPy: quad over the invocations, brentq), and a short
 * run: hardly anything too narrow, the same for any number of threads. The long one is `chimera
 * selftest`.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "selftest/coverage.h"
#include "selftest/coverage_law.h"
#include "test.h"

static void test_laws(void)
{
    static const struct noise_requests normal = {.noise = {NOISE_NORMAL, 0.1}},
                                       lognormal = {.noise = {NOISE_LOGNORMAL, 0.5}},
                                       bimodal = {.noise = {NOISE_NORMAL, 0.05},
                                                  .slow_share = 0.3,
                                                  .slow_factor = 1.5};
    static const struct {
        const char *label;
        const struct noise_requests *requests;
        double sigma, median, p95, mean;
    } rows[] = {
        {"normal", &normal, 0, 1, 1.16448536269515, 1},
        {"normal over invocations", &normal, 0.05, 0.999000805713611, 1.18930482019579,
         1.00125078157562},
        {"lognormal", &lognormal, 0, 1, 2.27601660851432, 1.13314845306683},
        {"lognormal over invocations", &lognormal, 0.05, 1, 2.28537178590585, 1.13456577427437},
        {"bimodal", &bimodal, 0, 1.0282974410866, 1.57255661745763, 1.15},
        {"bimodal over invocations", &bimodal, 0.05, 1.03999217241796, 1.60433639009731,
         1.15143839881197},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct coverage_law l = {
            rows[i].label,
            *rows[i].requests,
            {rows[i].sigma > 0 ? NOISE_LOGNORMAL : NOISE_NONE, rows[i].sigma}};
        CHECK_NEAR(rows[i].label, coverage_law_quantile(&l, 0.5), rows[i].median, 1e-13);
        CHECK_NEAR(rows[i].label, coverage_law_quantile(&l, 0.95), rows[i].p95, 1e-13);
        CHECK_NEAR(rows[i].label, coverage_law_mean(&l), rows[i].mean, 1e-14);
    }
}

static void test_run(struct arena *a)
{
    struct coverage_plan plan = {.simulations = 200, .seed = 4, .threads = 1};
    const struct coverage one = coverage_run(&plan, a);
    plan.threads = 3;
    const struct coverage many = coverage_run(&plan, a);
    /* Three standard errors, of 264 figures and rates: now and then one is beyond by chance. */
    CHECK("200 simulations: nothing is too narrow", one.missed <= 2, "%zu missed", one.missed);
    CHECK("and the laws are those of the command", one.n == 44, "%zu rows", one.n);
    size_t differ = 0, held = 0, marked = 0;
    for (size_t i = 0; i < one.n; i++)
        for (size_t f = 0; f < COVERAGE_FIGURES; f++) {
            const struct coverage_cell *const x = &one.rows[i].figure[f], *const y =
                                                                              &many.rows[i]
                                                                                   .figure[f];
            differ += x->held != y->held || x->below != y->below || x->above != y->above ||
                      x->open != y->open || x->audit.marked != y->audit.marked;
            held += x->held;
            marked += x->audit.marked;
        }
    CHECK("the same for any number of threads", differ == 0, "%zu differ", differ);
    CHECK("something was held, and marked", held > 0 && marked > 0, "%zu, %zu", held, marked);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_laws();
    test_run(a);
    return test_done();
}
