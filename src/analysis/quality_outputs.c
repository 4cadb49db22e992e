#include "analysis/quality_outputs.h"

#include "analysis/text_resample.h"
#include "base/arena.h"
#include "io/jsonw.h"
#include "text/edit_measure.h"

#include <math.h>
#include <string.h>

constexpr uint32_t RESAMPLES = 1000;
constexpr uint64_t SEED = 20260102;
constexpr size_t SCRATCH = (size_t)8 << 30;

struct range { /* of one cell's outputs */
    const struct output *at;
    size_t n;
};

static const char *why_none(const struct results *r, const struct quality_outputs_asked *asked,
                            size_t cell, size_t base, struct arena *a)
{
    if (!asked->baseline_backend)
        return "the experiment names no baseline_backend";
    if (isnan(asked->temperature))
        return "the run did not record its temperature";
    if (asked->temperature > 0)
        return arena_printf(a,
                            "decoding was not greedy (temperature %g): outputs differ by chance, "
                            "whatever the engine",
                            asked->temperature);
    if (base == r->n_cells)
        return arena_printf(
            a, "there is no cell of the baseline %s at fp32 with this scenario and model",
            asked->baseline_backend);
    if (r->cells[base].status != STATUS_OK)
        return arena_printf(a, "the baseline %s at fp32 is %s", asked->baseline_backend,
                            status_name(r->cells[base].status));
    if (r->cells[cell].status != STATUS_OK)
        return arena_printf(a, "the cell is %s", status_name(r->cells[cell].status));
    return nullptr;
}

struct paired { /* outputs of both of the same prompts */
    struct line *own, *base;
    double *prefix;   /* nullptr: ids are missing somewhere */
    double *semantic; /* nullptr: pairs are missing in the log */
    size_t n;
};

static double prefix_of(const struct output *x, const struct output *y)
{
    const size_t longer = x->n_ids > y->n_ids ? x->n_ids : y->n_ids;
    const size_t shorter = x->n_ids > y->n_ids ? y->n_ids : x->n_ids;
    size_t n = 0;
    while (n < shorter && x->ids[n] == y->ids[n])
        n++;
    return longer ? (double)n / (double)longer : 1;
}

static struct paired pair_up(struct range own, struct range base, struct quality_outputs *q,
                             struct arena *a)
{
    const size_t room = own.n + 1;
    struct paired p = {ARENA_ARRAY(a, struct line, room), ARENA_ARRAY(a, struct line, room),
                       ARENA_ARRAY(a, double, room), nullptr, 0};
    bool ids = true;
    q->tokens = q->baseline_tokens = 0;
    for (size_t i = 0, k = 0; k < base.n; k++) {
        while (i < own.n && own.at[i].prompt < base.at[k].prompt)
            i++;
        if (i == own.n || own.at[i].prompt != base.at[k].prompt) {
            q->n_missing++;
            continue;
        }
        const struct output *const x = &own.at[i], *const y = &base.at[k];
        p.own[p.n] = (struct line){x->text, strlen(x->text)};
        p.base[p.n] = (struct line){y->text, strlen(y->text)};
        ids = ids && x->ids && y->ids;
        p.prefix[p.n++] = ids ? prefix_of(x, y) : NOT_MEASURED;
        q->not_repeatable += x->n_different > 1;
        q->tokens += x->mean_tokens;
        q->baseline_tokens += y->mean_tokens;
    }
    q->tokens /= (double)p.n;
    q->baseline_tokens /= (double)p.n;
    q->length_ratio = q->tokens / q->baseline_tokens;
    if (!ids)
        p.prefix = nullptr;
    return p;
}

static struct text_score_options options(void)
{
    struct text_score_options o = text_score_default();
    o.rouge = o.bleu = o.chrf = o.edit = o.exact = true;
    o.rouge_types[0] = ROUGE_L;
    o.n_rouge_types = 1;
    o.edit_measures[0] = (uint8_t)edit_measure_find("indel_similarity");
    o.edit_measures[1] = (uint8_t)edit_measure_find("levenshtein_similarity");
    o.n_edit_measures = 2;
    return o;
}

static void score(const struct paired *p, struct arena *a, struct quality_outputs *q)
{
    const struct text_score_options o = options();
    struct text_scores s = text_score_compute(p->own, p->base, 1, p->n, &o, a);
    if (p->prefix)
        text_score_append(
            &s, &(struct text_score_series){.metric = "tokens", .name = "prefix", .x = p->prefix});
    if (p->semantic)
        text_score_append(&s, &(struct text_score_series){
                                  .metric = "semantic", .name = "semantic", .x = p->semantic});
    struct text_resample_interval *const got =
        ARENA_ARRAY(a, struct text_resample_interval, s.n_series);
    const struct text_resample_plan plan = {
        .resamples = RESAMPLES, .seed = SEED, .confidence = TEXT_RESAMPLE_CONFIDENCE};
    text_resample_intervals(&s, &plan, a, got);
    const struct {
        const char *name;
        struct quality_outputs_value *to;
    } values[] = {{"indel_similarity", &q->accuracy},
                  {"exact_match", &q->exact},
                  {"levenshtein_similarity", &q->edit_similarity},
                  {"rougeL", &q->rouge_l},
                  {"bleu", &q->bleu},
                  {"chrf", &q->chrf},
                  {"prefix", &q->prefix},
                  {"semantic", &q->semantic}};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        const size_t k = text_score_find(&s, values[i].name);
        if (k < s.n_series)
            *values[i].to = (struct quality_outputs_value){text_score_value(&s, k, nullptr),
                                                           got[k].lo, got[k].hi};
    }
    if (p->n < TEXT_RESAMPLE_LEAST)
        q->accuracy_ci_reason = arena_printf(a, "an interval needs %zu prompts, there are %zu",
                                             TEXT_RESAMPLE_LEAST, p->n);
}

static void decide(const struct quality_outputs_asked *asked, struct arena *a,
                   struct quality_outputs *q)
{
    q->threshold = asked->threshold;
    if (!(asked->threshold > 0)) {
        q->verdict_reason = "the experiment has no accuracy_threshold";
        return;
    }
    if (q->is_baseline) {
        q->verdict_reason = "the baseline itself";
        return;
    }
    if (q->reason) {
        q->verdict = QUALITY_OUTPUTS_CANNOT_TELL;
        q->verdict_reason = q->reason;
        return;
    }
    if (q->n_missing) {
        q->verdict_reason = arena_printf(a, "%zu of the baseline's %zu prompts have no output here",
                                         q->n_missing, q->n_missing + q->n_prompts);
    }
    q->verdict = q->accuracy.value < asked->threshold ? QUALITY_OUTPUTS_FAIL
                 : q->n_missing                       ? QUALITY_OUTPUTS_CANNOT_TELL
                                                      : QUALITY_OUTPUTS_PASS;
    if (q->verdict == QUALITY_OUTPUTS_FAIL)
        q->verdict_reason =
            arena_printf(a,
                         "accuracy %.4f is below accuracy_threshold %g: mean similarity of %zu "
                         "output%s with %s at fp32",
                         q->accuracy.value, asked->threshold, q->n_prompts,
                         q->n_prompts == 1 ? "" : "s", asked->baseline_backend);
}

static struct quality_outputs unknown(void)
{
    const struct quality_outputs_value none = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    return (struct quality_outputs){.accuracy = none,
                                    .exact = none,
                                    .edit_similarity = none,
                                    .rouge_l = none,
                                    .bleu = none,
                                    .chrf = none,
                                    .prefix = none,
                                    .semantic = none,
                                    .tokens = NOT_MEASURED,
                                    .baseline_tokens = NOT_MEASURED,
                                    .length_ratio = NOT_MEASURED};
}

/* The baseline is compared with itself, whatever the log holds. */
static double cosine_of(const struct quality_outputs_asked *asked, const struct line *x,
                        const struct line *y, bool is_baseline)
{
    double found = is_baseline ? 1 : NOT_MEASURED;
    for (size_t i = 0; i < asked->n_semantic && isnan(found); i++)
        found = semantic_log_find(&asked->semantic[i], x->text, y->text);
    return found;
}

static void find_semantic(struct paired *p, const struct quality_outputs_asked *asked,
                          struct arena *a, struct arena *scratch, struct quality_outputs *q)
{
    size_t missing = 0;
    q->semantic_reason = asked->no_semantic;
    if (asked->no_semantic)
        return;
    p->semantic = ARENA_ARRAY(scratch, double, p->n);
    for (size_t i = 0; i < p->n; i++) {
        p->semantic[i] = cosine_of(asked, &p->own[i], &p->base[i], q->is_baseline);
        missing += isnan(p->semantic[i]) ? 1 : 0;
    }
    if (missing)
        q->semantic_reason = arena_printf(
            a, "%zu of %zu pairs of outputs are not in quality/semantic.jsonl", missing, p->n);
    if (missing)
        p->semantic = nullptr;
}

static void compare(struct range own, struct range base, const struct quality_outputs_asked *asked,
                    struct arena *a, struct quality_outputs *q)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct paired p = pair_up(own, base, q, scratch);
    q->n_prompts = p.n;
    if (p.n == 0) {
        *q = unknown();
        q->reason = base.n ? "no prompt has an output both here and from the baseline"
                           : "the baseline has no output";
        return;
    }
    if (!p.prefix)
        q->prefix_reason = "token ids were not recorded";
    find_semantic(&p, asked, a, scratch, q);
    const size_t n_missing = q->n_missing;
    score(&p, scratch, q);
    q->n_missing = n_missing;
    if (q->accuracy_ci_reason) /* it was made in the scratch */
        q->accuracy_ci_reason = arena_strdup(a, q->accuracy_ci_reason);
}

bool quality_outputs_wanted(const struct quality_outputs_asked *asked)
{
    return asked->baseline_backend && asked->temperature <= 0;
}

enum err_code quality_outputs_read(const struct results *r,
                                   const struct quality_outputs_asked *asked, struct arena *a,
                                   struct quality_outputs *ret, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    struct output *all = nullptr;
    size_t n = 0;
    if (quality_outputs_wanted(asked) && outputs_read(r, scratch, &all, &n, e))
        return e->code;
    struct range *const of = ARENA_ARRAY(scratch, struct range, r->n_cells + 1);
    for (size_t i = 0; i < n; i++) {
        struct range *const c = &of[all[i].cell];
        c->at = c->at ? c->at : &all[i];
        c->n++;
    }
    for (size_t i = 0; i < r->n_cells; i++) {
        const size_t base =
            asked->baseline_backend ? outputs_baseline(r, i, asked->baseline_backend) : r->n_cells;
        ret[i] = unknown();
        ret[i].reason = why_none(r, asked, i, base, a);
        ret[i].is_baseline = base == i;
        if (!ret[i].reason)
            compare(of[i], of[base], asked, a, &ret[i]);
        ret[i].is_baseline = base == i;
        decide(asked, a, &ret[i]);
    }
    return ERR_OK;
}

const char *quality_outputs_verdict_name(enum quality_outputs_verdict v)
{
    static const char *const names[] = {[QUALITY_OUTPUTS_NO_GATE] = "no gate",
                                        [QUALITY_OUTPUTS_PASS] = "pass",
                                        [QUALITY_OUTPUTS_FAIL] = "fail",
                                        [QUALITY_OUTPUTS_CANNOT_TELL] = "cannot tell"};
    return names[v];
}

/* ---- JSON ---- */

static void value(struct jsonw *w, const char *key, const struct quality_outputs_value *v)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "value", v->value);
    jsonw_kf64(w, "ci_95_lower", v->lo);
    jsonw_kf64(w, "ci_95_upper", v->hi);
    jsonw_end_object(w);
}

void quality_outputs_json(const struct results_cell *c, const struct quality_outputs *q,
                          struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", c->key.scenario);
    jsonw_kstr(w, "model", c->key.model);
    jsonw_kstr(w, "backend", c->key.backend);
    jsonw_kstr(w, "precision", c->key.precision);
    jsonw_kbool(w, "is_baseline", q->is_baseline);
    jsonw_ki64(w, "prompts", (int64_t)q->n_prompts);
    jsonw_kstr(w, "reason", q->reason);
    jsonw_ki64(w, "prompts_missing", (int64_t)q->n_missing);
    jsonw_ki64(w, "prompts_not_repeatable", (int64_t)q->not_repeatable);
    value(w, "accuracy", &q->accuracy);
    jsonw_kstr(w, "ci_95_reason", q->reason ? q->reason : q->accuracy_ci_reason);
    value(w, "exact_match", &q->exact);
    value(w, "edit_similarity", &q->edit_similarity);
    value(w, "rouge_l", &q->rouge_l);
    value(w, "bleu", &q->bleu);
    value(w, "chrf", &q->chrf);
    value(w, "token_prefix", &q->prefix);
    jsonw_kstr(w, "token_prefix_reason", q->reason ? q->reason : q->prefix_reason);
    value(w, "semantic", &q->semantic);
    jsonw_kstr(w, "semantic_reason", q->reason ? q->reason : q->semantic_reason);
    jsonw_kf64(w, "tokens_per_prompt", q->tokens);
    jsonw_kf64(w, "baseline_tokens_per_prompt", q->baseline_tokens);
    jsonw_kf64(w, "length_ratio", q->length_ratio);
    jsonw_kobject(w, "gate");
    jsonw_kf64(w, "accuracy_threshold", q->threshold > 0 ? q->threshold : NOT_MEASURED);
    jsonw_kstr(w, "verdict", quality_outputs_verdict_name(q->verdict));
    jsonw_kstr(w, "reason", q->verdict_reason);
    jsonw_end_object(w);
    jsonw_end_object(w);
}
