#include "analysis/audit_setting.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { MOST_OUTSIDE, LEAST_OUTSIDE, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [MOST_OUTSIDE] = {"inside", 0.02,
                      "a latency that is its ttft and its decode time: what is left is rounding"},
    [LEAST_OUTSIDE] = {"outside", 0.05,
                       "a share of the latency that lies outside ttft and decode and is more than "
                       "rounding: work that the other side does not count"},
};

/* ---- environment-mismatch ---- */

constexpr size_t MOST_FACTS = 12; /* told; the count says how many there are */

/* What of it differs between the first run and another; those of the program itself last. */
static size_t differences(const struct evidence_host *a, const struct evidence_host *b,
                          struct audit *out, struct audit_fact *facts)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const char *const other = evidence_host_fact(b, a->facts[i].key);
        if ((!other || strcmp(a->facts[i].value, other) != 0) && n++ < MOST_FACTS)
            facts[n - 1] = audit_word(a->facts[i].key, audit_text(out, "%s | %s", a->facts[i].value,
                                                                  other ? other : "unknown"));
    }
    for (size_t i = 0; i < b->n; i++)
        if (!evidence_host_fact(a, b->facts[i].key) && n++ < MOST_FACTS)
            facts[n - 1] =
                audit_word(b->facts[i].key, audit_text(out, "unknown | %s", b->facts[i].value));
    return n;
}

static void look_at_hosts(const struct audit_whole *w, struct audit *out)
{
    const struct results *const r = w->results;
    if (!r->hosts || r->n_replicates < 2)
        return;
    for (uint32_t i = 1; i < r->n_replicates; i++) {
        if (r->hosts[0].n == 0 || r->hosts[i].n == 0) {
            audit_not_run(out, "environment-mismatch", nullptr,
                          "a replicate run has no env.json that says where it ran");
            continue;
        }
        struct audit_fact facts[MOST_FACTS + 1];
        const size_t n = differences(&r->hosts[0], &r->hosts[i], out, facts);
        if (n == 0)
            continue;
        const size_t told = n < MOST_FACTS ? n : MOST_FACTS;
        facts[told] = audit_number("facts_that_differ", (double)n);
        audit_add(out,
                  &(struct audit_finding){
                      .check = "environment-mismatch",
                      .severity = AUDIT_WARN,
                      .subject = {.replicate = (int32_t)i, .invocation = -1},
                      .facts = facts,
                      .n_facts = told + 1,
                      .message = audit_text(out,
                                            "replicate %u ran in another environment than "
                                            "replicate 0: %zu fact%s, the first is %s",
                                            i, n, n == 1 ? " differs" : "s differ", facts[0].key),
                      .advice = "compare within a replicate only, or repeat both on one "
                                "machine with the same software",
                      .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON});
    }
}

struct setting { /* a fact of one record that should be the same for all that is compared */
    const char *what;
    const char *(*of)(const struct evidence *v, struct audit *out);
    bool within_engine; /* engines have versions of their own */
};

static const char *version_of(const struct evidence *v, struct audit *out)
{
    (void)out;
    return v->engine_version;
}

static const char *threads_of(const struct evidence *v, struct audit *out)
{
    return isnan(v->threads) ? nullptr : audit_text(out, "%.0f", v->threads);
}

static const struct setting settings[] = {{"engine_version", version_of, true},
                                          {"threads", threads_of, false}};

struct seen { /* the first record with a value */
    const struct audit_cell *cell;
    const struct evidence *record;
    const char *value;
};

static bool differs(const struct setting *s, const struct seen *first, const struct audit_cell *c,
                    const struct evidence *v, struct audit *out)
{
    const char *const value = s->of(v, out);
    if (!value || !first->value || strcmp(value, first->value) == 0)
        return false;
    return !s->within_engine ||
           (strcmp(c->key->backend, first->cell->key->backend) == 0 && v->engine &&
            first->record->engine && strcmp(v->engine, first->record->engine) == 0);
}

static void setting_finding(const struct setting *s, const struct audit_group *g,
                            const struct seen *first, const struct audit_cell *c,
                            const struct evidence *v, struct audit *out)
{
    const struct audit_fact facts[] = {audit_word("setting", s->what),
                                       audit_word("value_a", first->value),
                                       audit_word("of_a", audit_label(out, first->cell)),
                                       audit_word("value_b", s->of(v, out)),
                                       audit_word("of_b", audit_label(out, c)),
                                       audit_number("invocation_b", v->invocation)};
    audit_add(out, &(struct audit_finding){
                       .check = "environment-mismatch",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of_group(g),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out, "%s ran with %s %s, %s with %s",
                                             audit_label(out, first->cell), s->what, first->value,
                                             audit_label(out, c), s->of(v, out)),
                       .advice = "repeat them with the same setting, or name it in the comparison",
                       .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
}

/* The first value that differs from the first one seen (of the same backend where versions are
 * meant); one finding for each setting. */
static void look_at_setting(const struct setting *s, const struct audit_group *g, struct audit *out)
{
    for (size_t i = 0; i < g->n; i++) {
        struct seen first = {};
        for (size_t j = s->within_engine ? i : 0; j < g->n; j++) {
            const struct audit_cell *const c = &g->cells[j];
            for (size_t k = 0; c->stats->n > 0 && k < c->n_evidence; k++) {
                const struct evidence *const v = c->evidence[k];
                if (!first.value)
                    first = (struct seen){c, v, s->of(v, out)};
                else if (differs(s, &first, c, v, out)) {
                    setting_finding(s, g, &first, c, v, out);
                    return;
                }
            }
        }
        if (!s->within_engine)
            return;
    }
}

static const char *stated_host(const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_stated; i++)
        if (c->stated[i].host)
            return c->stated[i].host;
    return nullptr;
}

/* Does the list b, with commas between, hold every name of a? */
static bool all_in(const char *a, const char *b)
{
    while (*a) {
        const size_t n = strcspn(a, ",");
        bool found = false;
        for (const char *at = b; *at && !found;
             at += at[strcspn(at, ",")] ? strcspn(at, ",") + 2 : strcspn(at, ","))
            found = strcspn(at, ",") == n && strncmp(a, at, n) == 0;
        if (!found)
            return false;
        a += a[n] ? n + 2 : n;
    }
    return true;
}

/* Compared cells that a source says ran on different machines, systems or drivers. */
static bool look_at_stated_hosts(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *first = nullptr, *other = nullptr;
    for (size_t i = 0; i < g->n && !other; i++) {
        const char *const host = stated_host(&g->cells[i]);
        if (host && !first)
            first = &g->cells[i];
        else if (host && (!all_in(host, stated_host(first)) || !all_in(stated_host(first), host)))
            other = &g->cells[i];
    }
    if (!other)
        return first;
    const struct audit_fact facts[] = {
        audit_word("setting", "host"), audit_word("value_a", stated_host(first)),
        audit_word("of_a", audit_label(out, first)), audit_word("value_b", stated_host(other)),
        audit_word("of_b", audit_label(out, other))};
    audit_add(out,
              &(struct audit_finding){
                  .check = "environment-mismatch",
                  .severity = AUDIT_WARN,
                  .subject = audit_subject_of_group(g),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s ran on '%s', %s on '%s': what is the system's and "
                                        "what the configuration's cannot be told apart",
                                        facts[2].text, facts[1].text, facts[4].text, facts[3].text),
                  .advice = "run both on each of the systems, or compare within one",
                  .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
    return true;
}

static void look_at_environment(const struct audit_group *g, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of_group(g);
    bool known = look_at_stated_hosts(g, out);
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->cells[i].n_evidence; k++)
            known = known || g->cells[i].evidence[k]->engine_version ||
                    !isnan(g->cells[i].evidence[k]->threads);
    if (!known) {
        audit_not_run(out, "environment-mismatch", &subject,
                      "no record of the machine, the engine's version or its threads");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        look_at_setting(&settings[i], g, out);
}

/* ---- timing-boundary ---- */

/* The k-th word on what was timed: of its records, then of the rows that a source states of it. */
static const char *region_of(const struct audit_cell *c, size_t k)
{
    return k < c->n_evidence ? c->evidence[k]->timed_region
                             : c->stated[k - c->n_evidence].timed_region;
}

static void boundary_finding(const struct audit_group *g, const struct audit_fact *facts, size_t n,
                             enum audit_severity severity, const char *message, struct audit *out)
{
    audit_add(out, &(struct audit_finding){
                       .check = "timing-boundary",
                       .severity = severity,
                       .subject = audit_subject_of_group(g),
                       .facts = facts,
                       .n_facts = n,
                       .message = message,
                       .advice = "time all of them from the prompt's text to the last token on the "
                                 "host, copies included, before they are compared",
                       .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
}

static void region_finding(const struct audit_group *g, const struct audit_cell *a,
                           const char *region_a, const struct audit_cell *b, const char *region_b,
                           struct audit *out)
{
    const struct audit_fact facts[] = {
        audit_word("region_a", region_a), audit_word("of_a", audit_label(out, a)),
        audit_word("region_b", region_b), audit_word("of_b", audit_label(out, b))};
    boundary_finding(
        g, facts, COUNT_OF(facts), AUDIT_FAIL,
        a == b ? audit_text(out, "%s was timed in several ways: %s", audit_label(out, a), region_b)
               : audit_text(out, "%s was timed as '%s', %s as '%s'", audit_label(out, a), region_a,
                            audit_label(out, b), region_b),
        out);
}

/* One finding: the first two that differ. */
static bool look_at_regions(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *first = nullptr;
    const char *of_first = nullptr;
    for (size_t i = 0; i < g->n; i++) {
        const struct audit_cell *const c = &g->cells[i];
        for (size_t k = 0; k < c->n_evidence + c->n_stated; k++) {
            const char *const region = region_of(c, k);
            if (region && strstr(region, " | ")) {
                region_finding(g, c, region, c, region, out);
                return true;
            }
            if (region && of_first && strcasecmp(region, of_first) != 0) {
                region_finding(g, first, of_first, c, region, out);
                return true;
            }
            first = region && !first ? c : first;
            of_first = of_first ? of_first : region;
        }
    }
    return first;
}

/* Where one side's latency is what its parts make and the other's is more, they do not end (or
 * begin) at the same place. */
static bool look_at_parts(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *least = nullptr, *most = nullptr;
    size_t known = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct audit_cell *const c = &g->cells[i];
        const double x = c->kept->outside;
        if (isnan(x))
            continue;
        known++;
        least = !least || fabs(x) < fabs(least->kept->outside) ? c : least;
        most = !most || fabs(x) > fabs(most->kept->outside) ? c : most;
    }
    if (known < 2)
        return false;
    const double a = least->kept->outside, b = most->kept->outside;
    if (!(fabs(a) <= limits[MOST_OUTSIDE].value && fabs(b) >= limits[LEAST_OUTSIDE].value))
        return true;
    const struct audit_fact facts[] = {
        audit_number("outside_share_a", a), audit_word("of_a", audit_label(out, least)),
        audit_number("outside_share_b", b), audit_word("of_b", audit_label(out, most))};
    boundary_finding(g, facts, COUNT_OF(facts), AUDIT_WARN,
                     audit_text(out,
                                "the latency of %s is its ttft and decode time, that of %s has "
                                "%.0f %% outside them",
                                audit_label(out, least), audit_label(out, most), 100 * b),
                     out);
    return true;
}

static bool look_at_sources(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *own = nullptr, *foreign = nullptr;
    for (size_t i = 0; i < g->n; i++)
        for (size_t k = 0; k < g->cells[i].n_evidence; k++) {
            if (g->cells[i].evidence[k]->imported_from)
                foreign = &g->cells[i];
            else
                own = &g->cells[i];
        }
    if (!own)
        return false;
    if (!foreign || g->n < 2)
        return true; /* one laboratory, whose stamps are the same for every engine */
    const struct audit_fact facts[] = {audit_word("measured_here", audit_label(out, own)),
                                       audit_word("imported", audit_label(out, foreign))};
    boundary_finding(g, facts, COUNT_OF(facts), AUDIT_WARN,
                     audit_text(out, "%s was timed here, %s by another program",
                                audit_label(out, own), audit_label(out, foreign)),
                     out);
    return true;
}

static void look_at_boundary(const struct audit_group *g, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of_group(g);
    bool looked = look_at_regions(g, out);
    looked = look_at_parts(g, out) || looked;
    looked = look_at_sources(g, out) || looked;
    if (!looked)
        audit_not_run(out, "timing-boundary", &subject,
                      "nothing says what was timed: no record, and no two cells with ttft and "
                      "decode times");
}

const struct audit_check audit_setting_checks[] = {
    {.name = "environment-mismatch",
     .rule = "warn: replicate runs whose env.json differ (host, system, processor, GPU, libraries, "
             "variables), or cells of one scenario and model that ran with another number of "
             "threads, or on another host that the source names, or one engine in two versions",
     .evidence = "facts_that_differ setting value_a of_a value_b of_b invocation_b, and the facts "
                 "themselves as a | b",
     .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON | AUDIT_WINNER,
     .group = look_at_environment,
     .whole = look_at_hosts},
    {.name = "timing-boundary",
     .rule = "fail: compared cells whose records (or an import's rows) name different timed "
             "regions; warn: the latency "
             "of one is its ttft and decode time (all but `inside`), and another's has more than "
             "`outside` beside them; or one was measured here and another imported",
     .evidence = "region_a region_b of_a of_b outside_share_a outside_share_b measured_here "
                 "imported",
     .blocks = AUDIT_COMPARISON | AUDIT_WINNER,
     .limits = limits,
     .n_limits = LIMITS,
     .group = look_at_boundary},
    {},
};
