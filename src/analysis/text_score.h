/* text_score.h - text metrics of a list of predictions against one or several references each.
 *
 * A series is one number: of each line, and of all lines together. BLEU and chrF of all lines are
 * no means but come from sums of counts, which are kept, so that a resample costs additions only.
 */
#pragma once

#include "base/defs.h"
#include "text/bleu.h"
#include "text/chrf.h"
#include "text/exact.h"
#include "text/line.h"
#include "text/rouge.h"

struct arena;

constexpr size_t TEXT_SCORE_EDIT_MOST = 32;

struct text_score_options { /* start from text_score_default() */
    bool rouge, bleu, chrf, edit, exact;
    bool stem;
    uint8_t rouge_types[ROUGE_TYPES];
    size_t n_rouge_types;
    struct bleu_options bleu_options;
    struct chrf_options chrf_options;
    uint8_t edit_measures[TEXT_SCORE_EDIT_MOST]; /* of edit_measure.h */
    size_t n_edit_measures;
    enum exact_kind exact_kind;
    enum exact_form exact_form;
};

/* No metric; of each metric what its reference tool does when it is told nothing else. */
[[nodiscard]] struct text_score_options text_score_default(void);

enum text_score_kind : uint8_t { TEXT_SCORE_MEAN, TEXT_SCORE_BLEU, TEXT_SCORE_CHRF };

struct text_score_series {
    const char *metric, *name; /* "rouge", "rougeL_precision" */
    enum text_score_kind kind;
    bool minor;             /* precision, recall, the sentences' mean of a corpus score */
    bool lower_is_better;   /* a distance */
    bool percent;           /* 0 to 100 */
    const double *x;        /* per line; NOT_MEASURED: has no value there */
    const uint32_t *counts; /* of BLEU and chrF: n lines of width */
    size_t width;
};

struct text_scores {
    struct text_score_options options;
    struct text_score_series *series;
    size_t n_series, n_lines, n_refs;
};

/* refs[i * n_refs + k] is reference k of line i; n_refs >= 1. Against several, edit and exact take
 * the best, ROUGE the best F of each type; BLEU and chrF as sacreBLEU does. All UTF-8. The arena
 * keeps the result.
 */
[[nodiscard]] struct text_scores
text_score_compute(const struct line *predictions, const struct line *refs, size_t n_refs,
                   size_t n_lines, const struct text_score_options *options, struct arena *a);

/* One more series of s->n_lines values, computed elsewhere (embeddings); once. */
void text_score_append(struct text_scores *s, const struct text_score_series *series);

/* Of all lines, line i taken weights[i] times (nullptr: once). NOT_MEASURED when none has a value.
 */
[[nodiscard]] double text_score_value(const struct text_scores *s, size_t series,
                                      const uint32_t *weights);
/* The details of BLEU, of all lines. */
[[nodiscard]] struct bleu_score text_score_bleu(const struct text_scores *s, size_t series);
[[nodiscard]] size_t text_score_find(const struct text_scores *s,
                                     const char *name); /* n_series: none */
