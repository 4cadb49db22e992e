/* plants.h - faults that a check of the audit has to find, each planted in the data of a hundred
 * seeds, and the same data without it, in which the check has to be silent.
 */
#pragma once

#include "audit_fixture.h"
#include "test.h"

#include <stdio.h>

constexpr uint64_t SEEDS = 100;
constexpr size_t LEAST_FOUND = 95;
constexpr size_t MOST_FALSE = 5;

struct plant {
    const char *check, *what;
    void (*make)(struct fixture *f, bool fault);
};

/* Does the check warn or fail? A finding has evidence, message, advice, and blocks something. */
static bool plants_speak(const struct plant *p, uint64_t seed, bool fault)
{
    struct fixture f;
    fixture_begin(&f, rng_derive(seed, fault));
    p->make(&f, fault);
    const struct audit *const found = fixture_audit(&f, p->check);
    const bool loud = audit_count_of(found, AUDIT_WARN) + audit_count_of(found, AUDIT_FAIL) > 0;
    bool complete = true;
    for (size_t i = 0; i < audit_count(found); i++) {
        const struct audit_finding *const x = audit_at(found, i);
        complete = complete && strcmp(x->check, p->check) == 0 && x->n_facts > 0 && x->message &&
                   x->advice && (x->severity == AUDIT_INFO || x->blocks);
    }
    fixture_end(&f);
    if (!complete) {
        printf("# %s: a finding without evidence, message, advice or claims\n", p->check);
        test_failed++;
    }
    return loud;
}

/* All of them, or those of one check; seed: of the first. */
static inline void plants_run(const struct plant *plants, size_t n, uint64_t seed, const char *only)
{
    for (size_t i = 0; i < n; i++) {
        const struct plant *const p = &plants[i];
        size_t found = 0, wrong = 0;
        if (only && strcmp(only, p->check) != 0)
            continue;
        for (uint64_t k = 0; k < SEEDS; k++) {
            found += plants_speak(p, rng_derive(seed + i, k), true);
            wrong += plants_speak(p, rng_derive(seed + i, k), false);
        }
        char label[160];
        (void)snprintf(label, sizeof label, "%s: %s", p->check, p->what);
        CHECK(label, found >= LEAST_FOUND && wrong <= MOST_FALSE,
              "found in %zu of 100, false alarms %zu", found, wrong);
        printf("# %zu of 100, %zu false\n", found, wrong);
    }
}
