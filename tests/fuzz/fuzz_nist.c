/* A reference data set of NIST's: what is read must hold together, its model must be a formula or
 * be refused, and a small one must run to an end. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "num/formula.h"
#include "selftest/nist_run.h"

#include <string.h>

/* Numbers of 16 bytes for every second byte of text, copies of them, and small matrices. */
constexpr size_t MEMORY = (size_t)64 << 20;

constexpr size_t SMALL = 120; /* values: a fit of so many ends in milliseconds */
constexpr size_t FEW = 4;     /* coefficients */

static void check(const struct nist_set *s)
{
    size_t total = 0;
    for (size_t g = 0; g < s->groups; g++) {
        FUZZ_CHECK(s->group_n[g] > 0);
        total += s->group_n[g];
    }
    FUZZ_CHECK(s->kind != NIST_ANOVA || total == s->rows);
    FUZZ_CHECK(s->rows > 0 && s->columns > 0 && s->coefficients <= NIST_COEFFICIENTS);
    FUZZ_CHECK((s->kind == NIST_NONLINEAR) == (s->model != nullptr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct err e = {};
    struct nist_set s;
    const enum err_code code =
        nist_file_parse("set", arena_strndup(a, (const char *)data, n), a, &s, &e);
    fuzz_verdict(code, &e);
    if (code != ERR_OK)
        return 0;
    check(&s);
    const struct formula *f = nullptr;
    if (s.model && formula_parse(s.model, a, &f, &e) == ERR_OK)
        FUZZ_CHECK(formula_parameters(f) > 0 && formula_parameters(f) <= FORMULA_PARAMETERS);
    if (s.rows * s.columns <= SMALL && s.coefficients <= FEW) {
        struct nist_result r;
        nist_run(&s, a, &r);
        FUZZ_CHECK(r.n <= NIST_QUANTITIES && (!r.error || strlen(r.error) > 0));
    }
    return 0;
}
