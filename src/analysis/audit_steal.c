#include "analysis/audit_steal.h"

#include "analysis/audit_machine.h"
#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>

enum { STOLEN, STOLEN_MUCH, OTHERS, WINDOW, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [STOLEN] = {"steal_percent", 1,
                "of the processors' time that other guests took: as large as the "
                "differences that are measured"},
    [STOLEN_MUCH] = {"much_percent", 5,
                     "nothing that is timed on such a host can be compared: fail"},
    [OTHERS] = {"others_percent", 10,
                "of the processors' time that other processes took: they share caches, memory and "
                "clocks with the engine even where cores are left; an idle system takes 1 to 3"},
    [WINDOW] = {"window_s", 1,
                "seconds that were watched: the kernel counts in ticks of 10 ms, and in less a few "
                "of them are a percent"},
};

enum kind : uint8_t { BY_GUESTS, BY_PROCESSES, KINDS };

static double taken(const struct audit_machine *u, enum kind k)
{
    const bool too_short = u->window_s < limits[WINDOW].value;
    return too_short ? NOT_MEASURED : k == BY_GUESTS ? u->steal : u->others;
}

struct look { /* at a cell, for one kind */
    const struct audit_cell *cell;
    const struct audit_machine *units;
    size_t n_units;
    const struct audit_machine **touched; /* at or above the limit */
    size_t n_touched, n_known;
    const struct audit_machine *worst; /* nullptr: none is known */
};

static struct look look_at(const struct audit_cell *c, enum kind kind, struct arena *scratch)
{
    struct look v = {.cell = c};
    v.n_units = audit_machine_of(c, scratch, &v.units);
    v.touched = ARENA_ARRAY(scratch, const struct audit_machine *, v.n_units + 1);
    const double limit = limits[kind == BY_GUESTS ? STOLEN : OTHERS].value;
    for (size_t i = 0; i < v.n_units; i++) {
        const double x = taken(&v.units[i], kind);
        if (isnan(x))
            continue;
        v.n_known++;
        if (x >= limit)
            v.touched[v.n_touched++] = &v.units[i];
        if (!v.worst || x > taken(v.worst, kind))
            v.worst = &v.units[i];
    }
    return v;
}

/* Of the cells that it is compared with, the one that lost least. */
static const struct look *least_touched(const struct look *all, size_t n, size_t self,
                                        enum kind kind)
{
    const struct look *best = nullptr;
    for (size_t i = 0; i < n; i++)
        if (i != self && all[i].worst &&
            (!best || taken(all[i].worst, kind) < taken(best->worst, kind)))
            best = &all[i];
    return best;
}

static const char *comparison_words(const struct look *all, size_t n, size_t self, enum kind kind,
                                    struct audit *out, struct audit_fact facts[static 2])
{
    const struct look *const other = least_touched(all, n, self, kind);
    const double x = other ? taken(other->worst, kind) : NOT_MEASURED;
    facts[0] = audit_word("compared_with",
                          other ? audit_label(out, other->cell) : "nothing that was watched");
    facts[1] = audit_number("percent_of_the_other", x);
    if (!other)
        return "its figures are not those of a quiet machine";
    return audit_text(out, "its comparison with %s%s (at most %.1f %%) is touched",
                      audit_label(out, other->cell), n > 2 ? " and others" : "", x);
}

static void say(const struct look *all, size_t n, size_t self, enum kind kind, struct audit *out)
{
    const struct look *const v = &all[self];
    const struct audit_machine *const w = v->worst;
    const double most = taken(w, kind);
    const bool much = kind == BY_GUESTS && most >= limits[STOLEN_MUCH].value;
    struct audit_fact facts[12] = {
        audit_number("steal_percent", w->steal),
        audit_number("steal_percent_most", w->steal_most),
        audit_number("others_percent", w->others),
        audit_number("pressure_percent", w->pressure),
        audit_number("waited_percent", w->waited),
        audit_number("limit", limits[kind == BY_GUESTS ? STOLEN : OTHERS].value),
        audit_word("touched", audit_machine_names(v->touched, v->n_touched, out)),
        audit_number("invocations_watched", (double)v->n_known),
        audit_number("median_touched_ms",
                     audit_machine_median(v->cell, v->touched, v->n_touched, true)),
        audit_number("median_others_ms",
                     audit_machine_median(v->cell, v->touched, v->n_touched, false)),
    };
    const char *const compared = comparison_words(all, n, self, kind, out, facts + 10);
    struct audit_subject subject = audit_subject_of(v->cell);
    if (v->n_touched == 1)
        subject.invocation = v->touched[0]->invocation;
    audit_add(
        out, &(struct audit_finding){
                 .check = "steal",
                 .severity = much ? AUDIT_FAIL : AUDIT_WARN,
                 .subject = subject,
                 .facts = facts,
                 .n_facts = COUNT_OF(facts),
                 .message =
                     audit_text(out, "%s: %s took %.1f %% of the processors' time during %s%s: %s",
                                audit_label(out, v->cell),
                                kind == BY_GUESTS ? "other guests" : "other processes", most,
                                v->n_touched > 1 ? "one of " : "",
                                audit_machine_names(v->touched, v->n_touched, out), compared),
                 .advice =
                     kind == BY_GUESTS
                         ? "measure on a host of its own, or when it is idle; more invocations "
                           "show how much it matters"
                         : "end what else runs on the machine, or keep it from the engine's cores, "
                           "and run these invocations again",
                 .blocks = AUDIT_COMPARISON,
             });
}

static void look_group(const struct audit_group *g, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    struct look *const all = ARENA_ARRAY(scratch, struct look, g->n + 1);
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < g->n; i++)
            all[i] = look_at(&g->cells[i], (enum kind)kind, scratch);
        for (size_t i = 0; i < g->n; i++)
            if (all[i].n_touched)
                say(all, g->n, i, (enum kind)kind, out);
    }
}

/* ---- where nobody watched: the moment before the run ---- */

static bool was_watched(const struct audit_whole *w, size_t replicate)
{
    bool known = false;
    for (size_t i = 0; i < w->n_cells && !known; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
        const struct look v = look_at(&w->cells[i], BY_GUESTS, scratch);
        for (size_t k = 0; k < v.n_units; k++)
            known = known || (v.units[k].replicate == (int32_t)replicate &&
                              !isnan(taken(&v.units[k], BY_GUESTS)));
    }
    return known;
}

static void look_before(const struct audit_whole *w, struct audit *out)
{
    size_t known = 0;
    for (size_t i = 0; i < w->results->n_replicates; i++) {
        const bool watched = was_watched(w, i);
        const double s = w->results->hosts ? w->results->hosts[i].steal_percent : NOT_MEASURED;
        known += watched || !isnan(s);
        if (!watched && s >= limits[STOLEN].value)
            audit_machine_add_before(
                w, i,
                &(struct audit_machine_before){
                    "steal", "steal_percent", s, limits[STOLEN].value,
                    s >= limits[STOLEN_MUCH].value ? AUDIT_FAIL : AUDIT_WARN,
                    audit_text(out,
                               "other guests took %.1f %% of the processors' time while the "
                               "environment was captured, and nobody watched during the run",
                               s),
                    "measure on a host of its own, or when it is idle; more invocations show how "
                    "much it matters"},
                out);
    }
    if (known == 0)
        audit_not_run(out, "steal", nullptr,
                      "the time that other guests and processes took from the machine was not "
                      "recorded");
}

const struct audit_check audit_steal_checks[] = {
    {.name = "steal",
     .rule = "warn: other guests took steal_percent of the processors' time during an invocation, "
             "or other processes others_percent; fail where guests took much_percent. Where nobody "
             "watched for window_s, what guests took when the environment was captured",
     .evidence = "steal_percent steal_percent_most others_percent pressure_percent waited_percent "
                 "limit touched invocations_watched median_touched_ms median_others_ms "
                 "compared_with percent_of_the_other",
     .blocks = AUDIT_COMPARISON,
     .limits = limits,
     .n_limits = LIMITS,
     .group = look_group,
     .whole = look_before},
    {},
};
