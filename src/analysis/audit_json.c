#include "analysis/audit_json.h"

#include "analysis/significance.h"
#include "base/str.h"
#include "io/jsonw.h"

#include <string.h>

static void counts(struct jsonw *w, const struct audit *x)
{
    jsonw_object(w);
    for (size_t s = AUDIT_SEVERITIES; s-- > 0;)
        jsonw_ki64(w, audit_severity_name((enum audit_severity)s),
                   (int64_t)audit_count_of(x, (enum audit_severity)s));
    jsonw_end_object(w);
}

void audit_json_counts(struct jsonw *w, const struct audit *x)
{
    counts(w, x);
}

static void subject(struct jsonw *w, const struct audit_subject *s)
{
    jsonw_kobject(w, "subject");
    jsonw_kstr(w, "scenario", s->scenario);
    jsonw_kstr(w, "model", s->model);
    jsonw_kstr(w, "backend", s->backend);
    jsonw_kstr(w, "precision", s->precision);
    jsonw_key(w, "replicate");
    s->replicate < 0 ? jsonw_null(w) : jsonw_i64(w, s->replicate);
    jsonw_key(w, "invocation");
    s->invocation < 0 ? jsonw_null(w) : jsonw_i64(w, s->invocation);
    jsonw_end_object(w);
}

static void claims(struct jsonw *w, unsigned blocks)
{
    jsonw_karray(w, "blocks");
    for (size_t i = 0; i < AUDIT_CLAIMS; i++)
        if (blocks & 1U << i)
            jsonw_str(w, audit_claim_name(i));
    jsonw_end_array(w);
}

static void finding(struct jsonw *w, const struct audit_finding *f)
{
    jsonw_object(w);
    jsonw_kstr(w, "check", f->check);
    jsonw_kstr(w, "severity", audit_severity_name(f->severity));
    subject(w, &f->subject);
    jsonw_kobject(w, "evidence");
    for (size_t i = 0; i < f->n_facts; i++)
        if (f->facts[i].text)
            jsonw_kstr(w, f->facts[i].key, f->facts[i].text);
        else
            jsonw_kf64(w, f->facts[i].key, f->facts[i].value);
    jsonw_end_object(w);
    jsonw_kstr(w, "message", f->message);
    jsonw_kstr(w, "advice", f->advice);
    claims(w, f->blocks);
    jsonw_end_object(w);
}

static bool chosen(const struct audit_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->n; i++)
        if (strcmp(choice->names[i], name) == 0)
            return true;
    return choice->n == 0;
}

static bool told_before(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(audit_run_at(k)->name, audit_run_at(i)->name) == 0)
            return true;
    return false;
}

/* A check ran when it could look at one subject at least. */
static void checks(struct jsonw *w, const struct audit_choice *choice, const struct audit *x)
{
    jsonw_karray(w, "checks_run");
    const struct audit_check *c;
    for (size_t i = 0; (c = audit_run_at(i)); i++) {
        struct audit_look look;
        audit_looks(x, &c->name, 1, &look);
        if (told_before(i) || !chosen(choice, c->name) || look.calls <= look.absent)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "check", c->name);
        jsonw_ki64(w, "looked_at", (int64_t)(look.calls - look.absent));
        jsonw_ki64(w, "findings", (int64_t)look.findings);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_karray(w, "checks_not_run");
    for (size_t i = 0; i < audit_absences(x); i++) {
        const struct audit_absence *const n = audit_absence_at(x, i);
        jsonw_object(w);
        jsonw_kstr(w, "check", n->check);
        jsonw_kstr(w, "reason", n->reason);
        jsonw_ki64(w, "cells", (int64_t)n->n);
        if (n->n == 1)
            subject(w, &n->subject);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

void audit_json(const struct results *r, const struct audit_choice *choice, const struct audit *x,
                struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.audit/1", &w);
    jsonw_key(&w, "counts");
    counts(&w, x);
    jsonw_kobject(&w, "null_because");
    jsonw_kstr(&w, "subject", "a key that is null: it is about all of them");
    jsonw_end_object(&w);
    jsonw_karray(&w, "findings");
    for (size_t i = 0; i < audit_count(x); i++)
        finding(&w, audit_at(x, i));
    jsonw_end_array(&w);
    checks(&w, choice, x);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

void audit_json_list(struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    const struct audit_check *c;
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.audit_checks/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_end_object(&w);
    jsonw_karray(&w, "checks");
    for (size_t i = 0; (c = audit_run_at(i)); i++) {
        jsonw_object(&w);
        jsonw_kstr(&w, "check", c->name);
        jsonw_kstr(&w, "rule", c->rule);
        jsonw_kstr(&w, "evidence", c->evidence);
        claims(&w, c->blocks);
        jsonw_karray(&w, "limits");
        for (size_t k = 0; k < c->n_limits; k++) {
            jsonw_object(&w);
            jsonw_kstr(&w, "name", c->limits[k].name);
            jsonw_kf64(&w, "value", c->limits[k].value);
            jsonw_kstr(&w, "why", c->limits[k].why);
            jsonw_end_object(&w);
        }
        jsonw_end_array(&w);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}
