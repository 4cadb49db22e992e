#include "analysis/audit_prompt.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <math.h>

static void report(const struct audit_cell *c, const struct evidence *v,
                   enum audit_severity severity, const char *message, const char *advice,
                   struct audit *out)
{
    const struct audit_subject subject = audit_subject_of(c);
    const struct audit_fact facts[] = {audit_number("batch_size", v->batch_size),
                                       audit_number("prompts_distinct", v->prompts_distinct),
                                       audit_number("prompts_constant", v->prompts_constant)};
    audit_add(out, &(struct audit_finding){.check = "placeholder",
                                           .severity = severity,
                                           .subject = subject,
                                           .facts = facts,
                                           .n_facts = COUNT_OF(facts),
                                           .message = message,
                                           .advice = advice,
                                           .blocks = severity == AUDIT_INFO
                                                         ? 0
                                                         : AUDIT_LATENCY | AUDIT_THROUGHPUT |
                                                               AUDIT_COMPARISON});
}

/* Identical sequences take one path through a mixture of experts and share what an engine shares
 * between prefixes; so does one token over and over. */
static void look_at_prompts(const struct audit_cell *c, struct audit *out)
{
    const struct evidence *least = nullptr, *most = nullptr;
    for (size_t i = 0; i < c->n_evidence; i++) {
        const struct evidence *const v = c->evidence[i];
        if (v->batch_size > 1 && v->prompts_distinct < v->batch_size &&
            (!least || v->prompts_distinct < least->prompts_distinct))
            least = v;
        if (v->prompts_constant > 0 && (!most || v->prompts_constant > most->prompts_constant))
            most = v;
    }
    if (most)
        report(c, most, AUDIT_WARN,
               audit_text(out, "%.0f of the %.0f prompts of a request are one token over and over",
                          most->prompts_constant, most->batch_size),
               "measure with text, as it will be asked", out);
    else if (least && least->prompts_distinct == 1)
        report(
            c, least, AUDIT_WARN,
            audit_text(out, "the %.0f prompts of a batch are the same tokens", least->batch_size),
            "give the prompt set at least as many prompts as a batch holds", out);
    else if (least)
        report(c, least, AUDIT_INFO,
               audit_text(out, "a batch of %.0f holds %.0f distinct prompts", least->batch_size,
                          least->prompts_distinct),
               "give the prompt set at least as many prompts as a batch holds", out);
}

const struct audit_check audit_prompt_checks[] = {
    {.name = "placeholder",
     .rule = "of the prompts, by the token ids that the engine got: warn: those of a batch are all "
             "the same, or a prompt is one token over and over; info: some of a batch are the same",
     .evidence = "batch_size prompts_distinct prompts_constant",
     .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     .cell = look_at_prompts},
    {},
};
