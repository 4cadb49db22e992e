#include "analysis/audit_law_gate.h"

#include "analysis/cell.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>

static bool fails(const struct results_row *r, double least_r2)
{
    return r->r2 < least_r2 || (r->exponent_low <= 0 && r->exponent_high >= 0);
}

/* What of it is there. */
static const char *stated_words(const struct results_row *r, struct audit *out)
{
    const bool interval = !isnan(r->exponent_low) && !isnan(r->exponent_high);
    const char *const law =
        isnan(r->exponent) ? "a law" : audit_text(out, "an exponent of %.4g", r->exponent);
    return audit_text(
        out, "%s%s%s", law,
        interval ? audit_text(out, ", its interval [%.4g, %.4g]", r->exponent_low, r->exponent_high)
                 : "",
        isnan(r->r2) ? "" : audit_text(out, ", R2 %.3g", r->r2));
}

static void say_gate(const struct audit_cell *c, const struct results_row *r, struct audit *out)
{
    const struct audit_fact facts[] = {
        audit_word("law", "stated by the source"), audit_number("exponent", r->exponent),
        audit_number("exponent_low", r->exponent_low),
        audit_number("exponent_high", r->exponent_high), audit_number("r2", r->r2)};
    audit_add(out, &(struct audit_finding){
                       .check = "fit-not-actionable",
                       .severity = AUDIT_WARN,
                       .subject = audit_subject_of(c),
                       .facts = facts,
                       .n_facts = COUNT_OF(facts),
                       .message = audit_text(out, "%s: the source states %s: no law to act on",
                                             audit_label(out, c), stated_words(r, out)),
                       .advice = "predict nothing with it, and quote no ratio of its coefficients",
                       .blocks = AUDIT_FIT});
}

size_t audit_law_gate_all(const struct audit_whole *w, double least_r2, struct audit *out)
{
    size_t looked = 0;
    for (size_t i = 0; i < w->n_cells; i++)
        for (size_t k = 0; k < w->cells[i].n_stated; k++) {
            const struct results_row *const r = &w->cells[i].stated[k];
            const struct results_row *const before =
                i > 0 && w->cells[i - 1].n_stated ? w->cells[i - 1].stated : nullptr;
            if (isnan(r->r2) && isnan(r->exponent_low))
                continue;
            looked++;
            const bool repeated = before && before->r2 == r->r2 && before->exponent == r->exponent;
            if (!repeated && fails(r, least_r2))
                say_gate(&w->cells[i], r, out);
        }
    return looked;
}
