#include "analysis/audit_artefact.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <string.h>

enum { LEAST_FILES, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [LEAST_FILES] = {"least_digests", 2,
                     "one configuration loads one file; a second digest is another engine"},
};

constexpr size_t MOST_DIGESTS = 16;

struct digest {
    const char *sha256, *path;
    size_t n;                      /* invocations that loaded it */
    const struct audit_cell *cell; /* the first of them */
    const struct evidence *record;
    bool several; /* cells */
};

struct configuration {
    const struct folder_key *key;
    struct digest digests[MOST_DIGESTS];
    size_t n_digests, n_records;
};

/* How an artefact may be told to be stale by one record of it, worst last. */
enum stale { STALE_UNKNOWN, STALE_NOT, STALE_ENGINE, STALE_OLDER, STALE_OTHER_SOURCE };

struct stale_seen { /* of a configuration, in one of these ways */
    const struct audit_cell *cell;
    const struct evidence *first; /* nullptr: none */
    size_t n;
    bool several; /* cells */
};

static void add_record(struct configuration *k, const struct audit_cell *c,
                       const struct evidence *v)
{
    struct digest *d = nullptr;
    for (size_t i = 0; i < k->n_digests && !d; i++)
        if (strcmp(k->digests[i].sha256, v->artefact_sha256) == 0)
            d = &k->digests[i];
    if (!d && k->n_digests == MOST_DIGESTS)
        return;
    if (!d) {
        d = &k->digests[k->n_digests++];
        *d = (struct digest){v->artefact_sha256, v->artefact_path, 0, c, v, false};
    }
    d->n++;
    d->several = d->several || d->cell != c;
    k->n_records++;
}

static void add_cell(struct configuration *k, const struct audit_cell *c)
{
    for (size_t i = 0; i < c->n_evidence; i++)
        if (c->evidence[i]->artefact_sha256 && *c->evidence[i]->artefact_sha256)
            add_record(k, c, c->evidence[i]);
}

static void report(const struct configuration *k, const struct digest *most,
                   const struct digest *odd, struct audit *out)
{
    struct audit_subject subject = audit_subject_of(odd->cell);
    if (odd->several) {
        subject.scenario = nullptr;
    } else if (odd->n == 1) {
        subject.replicate = odd->record->replicate;
        subject.invocation = odd->record->invocation;
    }
    const struct audit_fact facts[] = {audit_word("sha256", odd->sha256),
                                       audit_number("invocations_with_it", (double)odd->n),
                                       audit_word("sha256_of_most", most->sha256),
                                       audit_number("invocations_of_most", (double)most->n),
                                       audit_number("digests", (double)k->n_digests),
                                       audit_word("path", odd->path)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "stale-artifact",
                  .severity = AUDIT_FAIL,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s/%s of %s loaded %.12s in %zu of %zu invocations, and "
                                        "%.12s in %zu others",
                                        k->key->backend, k->key->precision, k->key->model,
                                        odd->sha256, odd->n, k->n_records, most->sha256, most->n),
                  .advice = "one of the files is stale or was exchanged during the run: make it "
                            "again from its source and repeat these invocations",
                  .blocks = AUDIT_EVERYTHING});
}

static void judge(const struct configuration *k, struct audit *out)
{
    if ((double)k->n_digests < limits[LEAST_FILES].value)
        return;
    const struct digest *most = &k->digests[0];
    for (size_t i = 1; i < k->n_digests; i++)
        most = k->digests[i].n > most->n ? &k->digests[i] : most;
    for (size_t i = 0; i < k->n_digests; i++)
        if (&k->digests[i] != most)
            report(k, most, &k->digests[i], out);
}

/* ---- older than its source ---- */

/* Digests are the proof; times are a hint, because copies change them. */
static enum stale stale_of(const struct evidence *v)
{
    const struct evidence_origin *const o = &v->origin;
    if (o->sha256 && o->now)
        return strcmp(o->sha256, o->now) == 0 ? STALE_NOT : STALE_OTHER_SOURCE;
    if (!o->sha256 && o->at && o->source_at)
        return strcmp(o->at, o->source_at) < 0 ? STALE_OLDER : STALE_NOT;
    return STALE_UNKNOWN;
}

static enum stale stale_by_engine(const struct evidence *v)
{
    if (!v->built_with || !v->engine_version)
        return STALE_UNKNOWN;
    return strcmp(v->built_with, v->engine_version) == 0 ? STALE_NOT : STALE_ENGINE;
}

static void stale_add(struct stale_seen *s, const struct audit_cell *c, const struct evidence *v)
{
    s->several = s->several || (s->first && s->cell != c);
    if (s->n++ > 0)
        return;
    s->cell = c;
    s->first = v;
}

static const char *stale_message(const struct evidence *v, enum stale how, struct audit *out)
{
    const struct evidence_origin *const o = &v->origin;
    const char *const path = v->artefact_path ? v->artefact_path : "what was loaded",
                      *const source = o->source ? o->source : "its source";
    if (how == STALE_ENGINE)
        return audit_text(out, "%s was built with version %s and ran in version %s", path,
                          v->built_with, v->engine_version);
    if (how == STALE_OLDER)
        return audit_text(out, "%s is of %s, older than its source %s of %s", path, o->at, source,
                          o->source_at);
    return audit_text(out, "%s was made from %.12s, and %s holds %.12s now%s%s", path, o->sha256,
                      source, o->now, o->differs ? ": other " : "", o->differs ? o->differs : "");
}

static void stale_finding(const struct stale_seen *s, enum stale how, struct audit *out)
{
    const struct evidence *const v = s->first;
    const struct evidence_origin *const o = &v->origin;
    struct audit_subject subject = audit_subject_of(s->cell);
    if (s->several)
        subject.scenario = nullptr;
    const struct audit_fact facts[] = {
        audit_word("path", v->artefact_path),
        audit_word("made_from", o->source),
        audit_word("source_sha256", o->sha256),
        audit_word("source_sha256_now", o->now),
        audit_word("source_files_that_differ", o->differs),
        audit_word("artefact_modified", o->at),
        audit_word("source_modified", o->source_at),
        audit_word("built_with", v->built_with),
        audit_word("engine_version", v->engine_version),
        audit_number("invocations_with_it", (double)s->n),
    };
    audit_add(out, &(struct audit_finding){
                       .check = "stale-artifact",
                       .severity = how == STALE_OTHER_SOURCE ? AUDIT_FAIL : AUDIT_WARN,
                       .subject = subject,
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = stale_message(v, how, out),
                       .advice = "what was measured is not the model that lies there: make the "
                                 "artefact again and repeat the run",
                       .blocks = AUDIT_EVERYTHING});
}

/* Of all cells of the configuration of cells[first]; does any record speak of it? */
static bool look_at_sources(const struct audit_whole *w, size_t first, struct audit *out)
{
    struct stale_seen seen[STALE_OTHER_SOURCE + 1] = {};
    for (size_t j = first; j < w->n_cells; j++) {
        const struct audit_cell *const c = &w->cells[j];
        for (size_t i = 0;
             folder_key_same_configuration(c->key, w->cells[first].key) && i < c->n_evidence; i++) {
            stale_add(&seen[stale_of(c->evidence[i])], c, c->evidence[i]);
            stale_add(&seen[stale_by_engine(c->evidence[i])], c, c->evidence[i]);
        }
    }
    for (enum stale how = STALE_OTHER_SOURCE; how >= STALE_ENGINE; how--)
        if (seen[how].n > 0)
            stale_finding(&seen[how], how, out);
    for (enum stale how = STALE_NOT; how <= STALE_OTHER_SOURCE; how++)
        if (seen[how].n > 0)
            return true;
    return false;
}

static void look(const struct audit_whole *w, struct audit *out)
{
    bool known = false;
    for (size_t i = 0; i < w->n_cells; i++) {
        struct configuration k = {.key = w->cells[i].key};
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = !folder_key_same_configuration(w->cells[j].key, k.key);
        for (size_t j = i; first && j < w->n_cells; j++)
            if (folder_key_same_configuration(w->cells[j].key, k.key))
                add_cell(&k, &w->cells[j]);
        known = known || k.n_records > 1;
        judge(&k, out);
        known = (first && look_at_sources(w, i, out)) || known;
    }
    if (!known)
        audit_not_run(out, "stale-artifact", nullptr,
                      "no digest of what the engines loaded is recorded for two invocations, nor "
                      "what it was made from");
}

const struct audit_check audit_artefact_checks[] = {
    {.name = "stale-artifact",
     .rule = "fail: invocations of one backend, precision and model loaded files with different "
             "digests, in whatever scenario, invocation or replicate; the digest of fewer "
             "invocations is named; or what was loaded was made from a source whose files have "
             "another digest now; warn: where the artefact bears no digest of its source, it is "
             "older than the source; or it names another version of the engine than the one that "
             "ran it",
     .evidence = "sha256 invocations_with_it sha256_of_most invocations_of_most digests path "
                 "made_from source_sha256 source_sha256_now source_files_that_differ "
                 "artefact_modified source_modified built_with engine_version",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
