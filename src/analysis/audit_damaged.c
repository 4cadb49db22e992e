#include "analysis/audit_damaged.h"

#include "base/defs.h"
#include "store/results.h"

/* The samples stand; what a record alone proves of them does not. */
static void look_at_files(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 0; i < w->results->n_faults; i++) {
        const struct folder_fault *const f = &w->results->faults[i];
        const struct audit_fact facts[] = {
            audit_word("file", f->file), audit_word("reason", f->why), audit_word("lost", f->lost)};
        const struct audit_subject subject = {f->key.scenario,       f->key.model,
                                              f->key.backend,        f->key.precision,
                                              (int32_t)f->replicate, f->invocation};
        audit_add(out, &(struct audit_finding){
                           .check = "damaged-file",
                           .severity = AUDIT_WARN,
                           .subject = subject,
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = audit_text(out, "%s cannot be used: %s", f->file, f->lost),
                           .advice = "put back the file as the run wrote it, or measure again",
                           .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
    }
}

const struct audit_check audit_damaged_checks[] = {
    {.name = "damaged-file",
     .rule = "warn: a file of the folder other than samples.jsonl (run_<n>.json, manifest.json, "
             "plan.json, env.json, cells.jsonl) cannot be read, or lacks what it must say; the "
             "samples count all the same, and what it alone told is unknown",
     .evidence = "file reason lost",
     .blocks = AUDIT_COMPARISON | AUDIT_WINNER,
     .whole = look_at_files},
    {},
};
