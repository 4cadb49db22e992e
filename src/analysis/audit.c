#include "analysis/audit.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct audit {
    struct arena *a;
    struct audit_finding *findings;
    size_t n_findings, findings_room;
    struct audit_absence *absences;
    size_t n_absences, absences_room;
    struct audit_look *calls;
    size_t n_calls, calls_room;
};

/* One word per bit of enum audit_claim, in its order. */
static const char *const claims[AUDIT_CLAIMS] = {
    "mean",   "median", "p95", "p99",        "throughput", "ttft",   "prefill",
    "energy", "cost",   "fit", "comparison", "winner",     "quality"};

const char *audit_claim_name(size_t i)
{
    return claims[i];
}

const char *audit_severity_name(enum audit_severity s)
{
    static const char *const names[] = {"info", "warn", "fail"};
    static_assert(COUNT_OF(names) == AUDIT_SEVERITIES);
    return names[s];
}

struct audit *audit_new(struct arena *a)
{
    struct audit *const x = ARENA_ARRAY(a, struct audit, 1);
    x->a = a;
    return x;
}

static void *grow(struct arena *a, const void *items, size_t n, size_t *room, size_t size)
{
    *room = *room ? 2 * *room : 16;
    void *const more = arena_alloc(a, *room, size);
    if (n)
        memcpy(more, items, n * size);
    return more;
}

static const char *copy(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : nullptr;
}

static struct audit_subject copy_subject(struct arena *a, const struct audit_subject *s)
{
    if (!s)
        return (struct audit_subject){.replicate = -1, .invocation = -1};
    return (struct audit_subject){copy(a, s->scenario),  copy(a, s->model), copy(a, s->backend),
                                  copy(a, s->precision), s->replicate,      s->invocation};
}

void audit_add(struct audit *out, const struct audit_finding *f)
{
    if (out->n_findings == out->findings_room)
        out->findings = grow(out->a, out->findings, out->n_findings, &out->findings_room,
                             sizeof *out->findings);
    struct audit_fact *const facts = ARENA_ARRAY(out->a, struct audit_fact, f->n_facts);
    for (size_t i = 0; i < f->n_facts; i++)
        facts[i] = (struct audit_fact){copy(out->a, f->facts[i].key), f->facts[i].value,
                                       copy(out->a, f->facts[i].text)};
    struct audit_finding *const own = &out->findings[out->n_findings++];
    *own = *f;
    own->check = copy(out->a, f->check);
    own->subject = copy_subject(out->a, &f->subject);
    own->facts = facts;
    own->message = copy(out->a, f->message);
    own->advice = copy(out->a, f->advice);
}

void audit_not_run(struct audit *out, const char *check, const struct audit_subject *subject,
                   const char *reason)
{
    for (size_t i = 0; i < out->n_absences; i++)
        if (strcmp(out->absences[i].check, check) == 0 &&
            strcmp(out->absences[i].reason, reason) == 0) {
            out->absences[i].n++;
            return;
        }
    if (out->n_absences == out->absences_room)
        out->absences = grow(out->a, out->absences, out->n_absences, &out->absences_room,
                             sizeof *out->absences);
    out->absences[out->n_absences++] = (struct audit_absence){
        copy(out->a, check), copy_subject(out->a, subject), copy(out->a, reason), 1};
}

static void add_calls(struct audit *x, const char *check, size_t n)
{
    for (size_t i = 0; i < x->n_calls; i++)
        if (strcmp(x->calls[i].check, check) == 0) {
            x->calls[i].calls += n;
            return;
        }
    if (x->n_calls == x->calls_room)
        x->calls = grow(x->a, x->calls, x->n_calls, &x->calls_room, sizeof *x->calls);
    x->calls[x->n_calls++] = (struct audit_look){.check = check, .calls = n};
}

void audit_called(struct audit *x, const char *check)
{
    add_calls(x, check, 1);
}

void audit_looks(const struct audit *x, const char *const *names, size_t n_names,
                 struct audit_look *ret)
{
    for (size_t i = 0; i < n_names; i++) {
        ret[i] = (struct audit_look){.check = names[i]};
        for (size_t k = 0; k < x->n_calls; k++)
            if (strcmp(x->calls[k].check, names[i]) == 0)
                ret[i].calls += x->calls[k].calls;
        for (size_t k = 0; k < x->n_absences; k++)
            if (strcmp(x->absences[k].check, names[i]) == 0)
                ret[i].absent += x->absences[k].n;
        for (size_t k = 0; k < x->n_findings; k++)
            ret[i].findings += strcmp(x->findings[k].check, names[i]) == 0;
    }
}

const char *audit_text(struct audit *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *const text = arena_vprintf(out->a, fmt, ap);
    va_end(ap);
    return text;
}

void audit_append(struct audit *to, const struct audit *part)
{
    for (size_t i = 0; i < part->n_findings; i++)
        audit_add(to, &part->findings[i]);
    for (size_t i = 0; i < part->n_calls; i++)
        add_calls(to, part->calls[i].check, part->calls[i].calls);
    for (size_t i = 0; i < part->n_absences; i++) {
        const struct audit_absence *const x = &part->absences[i];
        for (size_t k = 0; k < x->n; k++)
            audit_not_run(to, x->check, &x->subject, x->reason);
    }
}

bool audit_is_one_of(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

struct audit_subject audit_subject_of(const struct audit_cell *c)
{
    return (struct audit_subject){
        c->key->scenario, c->key->model, c->key->backend, c->key->precision, -1, -1};
}

struct audit_subject audit_subject_of_group(const struct audit_group *g)
{
    return (struct audit_subject){
        .scenario = g->scenario, .model = g->model, .replicate = -1, .invocation = -1};
}

const char *audit_label(struct audit *out, const struct audit_cell *c)
{
    return audit_text(out, "%s/%s", c->key->backend, c->key->precision);
}

size_t audit_count(const struct audit *x)
{
    return x->n_findings;
}

const struct audit_finding *audit_at(const struct audit *x, size_t i)
{
    return &x->findings[i];
}

size_t audit_count_of(const struct audit *x, enum audit_severity s)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n_findings; i++)
        n += x->findings[i].severity == s;
    return n;
}

size_t audit_absences(const struct audit *x)
{
    return x->n_absences;
}

const struct audit_absence *audit_absence_at(const struct audit *x, size_t i)
{
    return &x->absences[i];
}

void audit_sort(struct audit *x)
{
    struct audit_finding *const sorted = ARENA_ARRAY(x->a, struct audit_finding, x->n_findings);
    size_t n = 0;
    for (size_t s = AUDIT_SEVERITIES; s-- > 0;)
        for (size_t i = 0; i < x->n_findings; i++)
            if (x->findings[i].severity == s)
                sorted[n++] = x->findings[i];
    x->findings = sorted;
    x->findings_room = n;
}
