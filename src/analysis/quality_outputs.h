/* quality_outputs.h - how far the outputs of a cell agree with those of the baseline: the cell of
 * `baseline_backend` at fp32 with the same scenario and model, prompt by prompt, both decoded
 * greedily.
 *
 * Of each prompt the first measured output counts: greedy decoding gives the same again, and where
 * it does not, `not_repeatable` says for how many prompts. Intervals are bootstrapped over prompts.
 */
#pragma once

#include "base/defs.h"
#include "store/outputs.h"
#include "store/semantic_log.h"

struct arena;
struct jsonw;

struct quality_outputs_asked {           /* by the experiment, from manifest.json */
    const char *baseline_backend;        /* nullptr: none */
    double temperature;                  /* NOT_MEASURED: not recorded */
    double threshold;                    /* of accuracy; 0: no gate */
    const struct semantic_log *semantic; /* of the folders, n_semantic of them */
    size_t n_semantic;
    const char *no_semantic; /* why there is none; nullptr: there are */
};

struct quality_outputs_value { /* NOT_MEASURED: unknown */
    double value, lo, hi;
};

enum quality_outputs_verdict : uint8_t {
    QUALITY_OUTPUTS_NO_GATE, /* no threshold */
    QUALITY_OUTPUTS_PASS,    /* accuracy at or above it */
    QUALITY_OUTPUTS_FAIL,
    QUALITY_OUTPUTS_CANNOT_TELL, /* a threshold, and no accuracy; never a pass */
};

struct quality_outputs {
    const char *reason;    /* why nothing below is there; nullptr: it is */
    bool is_baseline;      /* compared with itself: all is 1, no gate */
    size_t n_prompts;      /* compared */
    size_t n_missing;      /* prompts of the baseline that this cell has no output of */
    size_t not_repeatable; /* of this cell's prompts */
    /* Means over prompts; BLEU and chrF (0 to 100) of all prompts together. */
    struct quality_outputs_value accuracy; /* 1 - Indel distance / sum of lengths, of characters */
    struct quality_outputs_value exact, edit_similarity, rouge_l, bleu, chrf;
    struct quality_outputs_value prefix;   /* common first tokens / tokens of the longer output */
    const char *prefix_reason;             /* nullptr: it is there */
    struct quality_outputs_value semantic; /* cosine of embeddings, -1 to 1 */
    const char *semantic_reason;           /* nullptr: it is there */
    double tokens, baseline_tokens;        /* generated per prompt, over the prompts compared */
    double length_ratio;
    const char *accuracy_ci_reason; /* nullptr: there are intervals */
    double threshold;
    enum quality_outputs_verdict verdict;
    const char *verdict_reason; /* nullptr where it passes, or there is no gate */
};

/* Only greedy decoding beside a baseline can be compared. */
[[nodiscard]] bool quality_outputs_wanted(const struct quality_outputs_asked *asked);

/* ret[0..r->n_cells), in the order of r->cells. */
[[nodiscard]] enum err_code quality_outputs_read(const struct results *r,
                                                 const struct quality_outputs_asked *asked,
                                                 struct arena *a, struct quality_outputs *ret,
                                                 struct err *e);

const char *quality_outputs_verdict_name(enum quality_outputs_verdict v);

/* One entry of quality_analysis.json's array `outputs`. */
void quality_outputs_json(const struct results_cell *c, const struct quality_outputs *q,
                          struct jsonw *w);
