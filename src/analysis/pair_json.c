#include "analysis/pair_json.h"

#include "analysis/joint.h"
#include "analysis/rank_json.h"
#include "base/arena.h"
#include "base/defs.h"
#include "io/jsonw.h"

#include <inttypes.h>
#include <math.h>

static void interval(struct jsonw *w, const char *lo_key, double lo, const char *hi_key, double hi)
{
    jsonw_kf64(w, lo_key, lo);
    jsonw_kf64(w, hi_key, hi);
}

static void t_test(struct jsonw *w, const char *key, const struct compare_t *t)
{
    jsonw_kobject(w, key);
    jsonw_kf64(w, "t_statistic", t->t);
    jsonw_kf64(w, "df", t->df);
    jsonw_kf64(w, "p_value", t->p);
    interval(w, "ci_95_lower", t->lo, "ci_95_upper", t->hi);
    jsonw_end_object(w);
}

static enum err_code culprits(struct jsonw *w, const struct results *r, const struct pair *p,
                              struct arena *a, struct err *e)
{
    struct cell_sample *const samples = ARENA_ARRAY(a, struct cell_sample, p->n_culprits);
    if (cell_identify(r, p->culprits_of, p->culprits, p->n_culprits, samples, e))
        return e->code;
    jsonw_kobject(w, "mean_and_median_disagree");
    const bool mean_prefers_a = p->difference > 0;
    const char *const name_a = cell_label(r, p->a->cell, a), *const name_b =
                                                                 cell_label(r, p->b->cell, a);
    jsonw_kstr(w, "faster_by_mean", mean_prefers_a ? name_a : name_b);
    jsonw_kstr(w, "faster_by_median", mean_prefers_a ? name_b : name_a);
    jsonw_kbool(w, "agree_without_samples", p->culprits_suffice);
    jsonw_karray(w, "samples");
    for (size_t i = 0; i < p->n_culprits; i++) {
        const struct cell_sample *const s = &samples[i];
        jsonw_object(w);
        jsonw_kstr(w, "of", cell_label(r, p->culprits_of->cell, a));
        jsonw_ki64(w, "replicate", s->replicate);
        jsonw_ki64(w, "invocation", s->invocation);
        jsonw_ki64(w, "repetition", s->repetition);
        jsonw_ki64(w, "prompt_index", s->prompt_index);
        jsonw_ki64(w, "agent", s->agent);
        jsonw_kf64(w, "latency_ms", s->latency_ms);
        jsonw_kf64(w, "above_median_ms", s->latency_ms - p->culprits_of->median);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return ERR_OK;
}

/* With the length guard: who generated fewer tokens is not faster, whatever the clock says. */
static void significant(struct jsonw *w, const struct pair *p, struct arena *a)
{
    jsonw_kf64(w, "tokens_per_sample_a", p->tokens_a);
    jsonw_kf64(w, "tokens_per_sample_b", p->tokens_b);
    jsonw_kstr(w, "length_guard",
               isnan(p->tokens_a) || isnan(p->tokens_b) ? nullptr
               : p->unequal_work                        ? "unequal work"
                                                        : "same work");
    if (!p->unequal_work && !isnan(p->verdict.p_holm)) {
        jsonw_kbool(w, "significant", p->significant);
        return;
    }
    jsonw_key(w, "significant");
    jsonw_null(w);
    if (!p->unequal_work) {
        jsonw_kstr(w, "significant_reason", "no p value: too few values, or none that varies");
        return;
    }
    jsonw_kstr(w, "significant_reason",
               arena_printf(a,
                            "unequal work: %.4g and %.4g generated tokens per sample; early stops: "
                            "%" PRId64 " and %" PRId64,
                            p->tokens_a, p->tokens_b, p->a->early_stops, p->b->early_stops));
}

static void effects(struct jsonw *w, const struct pair *p)
{
    jsonw_kf64(w, "effect_size_cohens_d", p->cohen_d);
    jsonw_kf64(w, "effect_size_hedges_g", p->hedges_g);
    interval(w, "hedges_g_ci_95_lower", p->hedges_ci.lo, "hedges_g_ci_95_upper", p->hedges_ci.hi);
    jsonw_kf64(w, "effect_size_glass_delta", p->glass);
    jsonw_kf64(w, "effect_size_cliffs_delta", p->dominance.delta);
    interval(w, "cliffs_delta_ci_95_lower", p->dominance.lo, "cliffs_delta_ci_95_upper",
             p->dominance.hi);
    jsonw_kf64(w, "effect_size_a12", p->dominance.a12);
    jsonw_kstr(w, "effect_size", effect_size_name(p->dominance.size));
}

static void verdicts(struct jsonw *w, const struct pair *p, struct arena *a)
{
    const struct joint joint = joint_of(p, a);
    jsonw_kstr(w, "verdict", verdict_name(p->verdict.kind));
    jsonw_kstr(w, "verdict_text", verdict_text(&p->verdict, a));
    jsonw_key(w, "verdict_evidence");
    verdict_json(&p->verdict, a, w);
    jsonw_key(w, "joint_verdict");
    joint_json(&joint, w);
    jsonw_kf64(w, "median_ratio", p->ratio);
    interval(w, "median_ratio_ci_95_lower", p->ratio_lo, "median_ratio_ci_95_upper", p->ratio_hi);
}

static void tests(struct jsonw *w, const struct pair *p)
{
    t_test(w, "welch", &p->welch);
    rank_json_tests(w, "p_value", &p->mann_whitney, p->holm_mann_whitney, &p->ks);
    t_test(w, "welch_over_invocation_means", &p->by_invocation);
    if (p->verdict.unit != LEVEL_INVOCATIONS)
        jsonw_kstr(w, "caution",
                   "one invocation: what differs between invocations is not in any p");
    else if (!p->significant && p->holm_welch < PAIR_ALPHA)
        jsonw_kstr(w, "caution",
                   "p_holm takes samples of one invocation for replicates; over the invocations "
                   "there is no significance");
}

enum err_code pair_json(struct jsonw *w, const struct results *r, const struct pair *p,
                        struct arena *a, struct err *e)
{
    jsonw_object(w);
    jsonw_kstr(w, "scenario", p->a->cell->key.scenario);
    jsonw_kstr(w, "model", p->a->cell->key.model);
    jsonw_kstr(w, "group_a", cell_label(r, p->a->cell, a));
    jsonw_kstr(w, "group_b", cell_label(r, p->b->cell, a));
    jsonw_kstr(w, "metric", "latency_ms");
    jsonw_ki64(w, "n_a", (int64_t)p->a->n);
    jsonw_ki64(w, "n_b", (int64_t)p->b->n);
    jsonw_kf64(w, "mean_a", p->a->mean);
    jsonw_kf64(w, "mean_b", p->b->mean);
    jsonw_kf64(w, "median_a", p->a->median);
    jsonw_kf64(w, "median_b", p->b->median);
    jsonw_kf64(w, "difference", p->difference);
    jsonw_kf64(w, "percent_change", p->percent_change);
    jsonw_kf64(w, "t_statistic", p->pooled.t);
    jsonw_kf64(w, "p_value", p->pooled.p);
    jsonw_kf64(w, "p_holm", p->holm_welch);
    significant(w, p, a);
    if (isnan(p->welch.p))
        jsonw_kstr(w, "p_reason", "neither group varies: there is no scale to compare with");
    effects(w, p);
    verdicts(w, p, a);
    tests(w, p);
    if (p->ranks_differ && culprits(w, r, p, a, e))
        return e->code;
    jsonw_end_object(w);
    return ERR_OK;
}
