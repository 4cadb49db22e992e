#include "analysis/quality_gate.h"

#include "base/arena.h"

#include <string.h>

static const struct quality_configuration *configuration_of(const struct quality *q,
                                                            const struct folder_key *k)
{
    for (size_t i = 0; i < q->n; i++) {
        const struct quality_configuration *const c = &q->configurations[i];
        if (strcmp(c->model, k->model) == 0 && strcmp(c->backend, k->backend) == 0 &&
            strcmp(c->precision, k->precision) == 0)
            return c;
    }
    return nullptr;
}

static const char *why_failed(const struct quality *q, size_t cell,
                              const struct quality_configuration *c, struct arena *a)
{
    if (q->outputs[cell].verdict == QUALITY_OUTPUTS_FAIL)
        return q->outputs[cell].verdict_reason;
    if (c && c->perplexity.verdict == QUALITY_PERPLEXITY_FAIL)
        return arena_printf(a, "perplexity is %.3g %% above that of %s, the limit is %.3g %%",
                            100 * c->perplexity.increase,
                            q->baseline ? q->baseline : "the baseline", 100 * c->perplexity.limit);
    return nullptr;
}

void quality_gate_apply(struct results *r, const struct quality *q, struct arena *a)
{
    struct results_cell *const cells = ARENA_ARRAY(a, struct results_cell, r->n_cells + 1);
    for (size_t i = 0; i < r->n_cells; i++) {
        cells[i] = r->cells[i];
        const char *const why = why_failed(q, i, configuration_of(q, &cells[i].key), a);
        if (!why || cells[i].status != STATUS_OK)
            continue;
        cells[i].status = STATUS_FAIL_ACCURACY;
        cells[i].reason = why;
    }
    r->cells = cells;
}

static const char *verdict_of(const struct quality_outputs *o, const struct quality_perplexity *p)
{
    const bool has = p != nullptr;
    if (o->verdict == QUALITY_OUTPUTS_FAIL || (has && p->verdict == QUALITY_PERPLEXITY_FAIL))
        return "fail";
    if (o->verdict == QUALITY_OUTPUTS_CANNOT_TELL ||
        (has && p->verdict == QUALITY_PERPLEXITY_CANNOT_TELL))
        return "cannot tell";
    if (o->verdict == QUALITY_OUTPUTS_PASS || (has && p->verdict == QUALITY_PERPLEXITY_PASS))
        return "pass";
    return "no gate";
}

/* Why figures are missing, or why a gate did not pass. */
static const char *reason_of(const struct quality_outputs *o, const struct quality_perplexity *p,
                             struct arena *a)
{
    const char *const outputs = o->reason                                   ? o->reason
                                : o->verdict == QUALITY_OUTPUTS_CANNOT_TELL ? o->verdict_reason
                                                                            : nullptr;
    const char *const perplexity = !p ? nullptr : p->reason ? p->reason : p->compared_reason;
    if (outputs && perplexity)
        return arena_printf(a, "outputs: %s; perplexity: %s", outputs, perplexity);
    return outputs      ? arena_printf(a, "outputs: %s", outputs)
           : perplexity ? arena_printf(a, "perplexity: %s", perplexity)
                        : "";
}

void quality_gate_annotate(const struct results *r, const struct quality *q, struct arena *a,
                           struct cell_stats *cells)
{
    struct cell_quality *const all = ARENA_ARRAY(a, struct cell_quality, r->n_cells + 1);
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct quality_outputs *const o = &q->outputs[i];
        const struct quality_configuration *const c = configuration_of(q, &r->cells[i].key);
        const struct quality_perplexity *const p = c ? &c->perplexity : nullptr;
        all[i] = (struct cell_quality){.accuracy = o->accuracy.value,
                                       .exact_match = o->exact.value,
                                       .edit_similarity = o->edit_similarity.value,
                                       .rouge_l = o->rouge_l.value,
                                       .bleu = o->bleu.value,
                                       .chrf = o->chrf.value,
                                       .token_prefix = o->prefix.value,
                                       .semantic = o->semantic.value,
                                       .length_ratio = o->length_ratio,
                                       .perplexity = p && !p->reason ? p->value : NOT_MEASURED,
                                       .perplexity_rel_increase =
                                           p && !p->reason && !p->compared_reason ? p->increase
                                                                                  : NOT_MEASURED,
                                       .status = verdict_of(o, p),
                                       .reason = reason_of(o, p, a)};
        cells[i].quality = &all[i];
    }
}
