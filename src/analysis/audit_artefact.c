#include "analysis/audit_artefact.h"

#include "analysis/cell.h"
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

static bool same_configuration(const struct folder_key *a, const struct folder_key *b)
{
    return strcmp(a->backend, b->backend) == 0 && strcmp(a->precision, b->precision) == 0 &&
           strcmp(a->model, b->model) == 0;
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
                  .n_facts = sizeof facts / sizeof facts[0],
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

static void look(const struct audit_whole *w, struct audit *out)
{
    bool known = false;
    for (size_t i = 0; i < w->n_cells; i++) {
        struct configuration k = {.key = w->cells[i].key};
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = !same_configuration(w->cells[j].key, k.key);
        for (size_t j = i; first && j < w->n_cells; j++)
            if (same_configuration(w->cells[j].key, k.key))
                add_cell(&k, &w->cells[j]);
        known = known || k.n_records > 1;
        judge(&k, out);
    }
    if (!known)
        audit_not_run(out, "stale-artifact", nullptr,
                      "no digest of what the engines loaded is recorded for two invocations");
}

const struct audit_check audit_artefact_checks[] = {
    {.name = "stale-artifact",
     .rule = "fail: invocations of one backend, precision and model loaded files with different "
             "digests, in whatever scenario, invocation or replicate; the digest of fewer "
             "invocations is named",
     .evidence = "sha256 invocations_with_it sha256_of_most invocations_of_most digests path",
     .blocks = AUDIT_EVERYTHING,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
