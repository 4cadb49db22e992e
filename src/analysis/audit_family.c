#include "analysis/audit_family.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "num/adjust.h"
#include "num/compare.h"
#include "store/results.h"

#include <math.h>

enum { ALPHA, FAMILY, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [ALPHA] = {"alpha", 0.05, "the level that is claimed"},
    [FAMILY] = {"family", 10,
                "comparisons at which a false one at 0.05 is more likely than two in five"},
};

constexpr size_t SCRATCH = (size_t)1 << 30;

struct family {
    size_t n, alone, together; /* comparisons; significant one by one, and after Holm */
    double least_lost;         /* the least p that is significant alone only */
};

static struct family family_of(const double *p, size_t n, struct arena *a)
{
    double *const holm = ARENA_ARRAY(a, double, n);
    struct family f = {.n = n, .least_lost = 1};
    adjust_holm(p, n, a, holm);
    for (size_t i = 0; i < n; i++) {
        const bool alone = p[i] < limits[ALPHA].value, together = holm[i] < limits[ALPHA].value;
        f.alone += alone;
        f.together += together;
        if (alone && !together)
            f.least_lost = fmin(f.least_lost, p[i]);
    }
    return f;
}

/* `words`: how the message begins. */
static void say(const struct audit_group *g, const struct family *f, enum audit_severity severity,
                const char *words, struct audit *out)
{
    const double by_chance = limits[ALPHA].value * (double)f->n;
    const struct audit_fact facts[] = {audit_number("comparisons", (double)f->n),
                                       audit_number("significant_alone", (double)f->alone),
                                       audit_number("significant_after_holm", (double)f->together),
                                       audit_number("least_p_lost", f->least_lost),
                                       audit_number("expected_by_chance", by_chance)};
    audit_add(out, &(struct audit_finding){
                       .check = "multiplicity",
                       .severity = severity,
                       .subject = audit_subject_of_group(g),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out,
                                             "%s one by one, %zu as a family (Holm); by chance "
                                             "alone %.1f would be",
                                             words, f->together, by_chance),
                       .advice = "quote adjusted p values only; more invocations decide the rest",
                       .blocks = AUDIT_COMPARISON});
}

/* Welch's p of every two cells with samples. */
static size_t compare_all(const struct audit_group *g, struct arena *a, double *ret)
{
    struct moment *const moments = ARENA_ARRAY(a, struct moment, g->n);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        moments[i] = moment_of(g->cells[i].stats->x, g->cells[i].stats->n);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < i; k++) {
            if (moments[i].n < 2 || moments[k].n < 2)
                continue;
            ret[n] = compare_welch(&moments[i], &moments[k], 1 - limits[ALPHA].value).p;
            n += (size_t)!isnan(ret[n]);
        }
    return n;
}

static size_t gather_stated(const struct audit_group *g, double *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->cells[i].n_stated; k++)
            if (g->cells[i].stated[k].versus && !isnan(g->cells[i].stated[k].p_value))
                ret[n++] = g->cells[i].stated[k].p_value;
    return n;
}

static void look_at_family(const struct audit_group *g, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct audit_subject subject = audit_subject_of_group(g);
    size_t rows = 0;
    for (size_t i = 0; i < g->n; i++)
        rows += g->cells[i].n_stated;
    double *const p = ARENA_ARRAY(a, double, g->n * g->n + 1), *const stated =
                                                                   ARENA_ARRAY(a, double, rows + 1);
    const size_t n = compare_all(g, a, p), n_stated = gather_stated(g, stated);
    if (n < 2 && n_stated < 2)
        audit_not_run(out, "multiplicity", &subject,
                      "fewer than two comparisons of samples, or p values of a source");
    const struct family own = family_of(p, n, a), theirs = family_of(stated, n_stated, a);
    if (own.alone > own.together)
        say(g, &own, (double)n >= limits[FAMILY].value ? AUDIT_WARN : AUDIT_INFO,
            audit_text(out, "%zu of %zu comparisons are significant", own.alone, n), out);
    if (theirs.alone > theirs.together)
        say(g, &theirs, AUDIT_WARN,
            audit_text(out, "%zu of %zu p values that the source states are below %g", theirs.alone,
                       n_stated, limits[ALPHA].value),
            out);
}

const struct audit_check audit_family_checks[] = {
    {.name = "multiplicity",
     .rule = "comparisons of one scenario and model whose p is below alpha alone and not after "
             "Holm: warn from family comparisons on, info below; warn: the same of p values that a "
             "source states",
     .evidence = "comparisons significant_alone significant_after_holm least_p_lost "
                 "expected_by_chance",
     .blocks = AUDIT_COMPARISON,
     .limits = limits,
     .n_limits = LIMITS,
     .group = look_at_family},
    {},
};
