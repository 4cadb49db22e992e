/* chrf.h - chrF and chrF++, equal to sacreBLEU 2.6.0. Pure.
 *
 * M. Popovic, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015, and "chrF++:
 * words helping character n-grams", WMT 2017. With P and R the means over the orders of precision
 * and recall,
 *
 *   chrF = 100 (1 + beta^2) P R / (beta^2 P + R)
 *
 * over the orders that both sides have (sacreBLEU's "eff:yes"), or, with eps_smoothing, the mean of
 * the orders' own F-scores, a missing order counting 1e-16 (chrF++.py, "eff:no"). Of several
 * references a segment has the one with the best score. A corpus is the sum of its segments'
 * statistics.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "text/bleu.h"
#include "text/line.h"

struct arena;
struct chrf;
struct str;

constexpr size_t CHRF_ORDERS_MAX = 16; /* of characters and words together */
constexpr size_t CHRF_WIDTH_MAX = 3 * CHRF_ORDERS_MAX;

struct chrf_options {
    uint32_t char_order; /* 6; at least 1 */
    uint32_t word_order; /* 0: chrF; 2: chrF++ */
    uint32_t beta;       /* 2: recall counts twice as much as precision */
    bool lowercase;
    bool whitespace; /* blanks are characters too */
    bool eps_smoothing;
};
[[nodiscard]] struct chrf_options chrf_default(void); /* chrF2 */

/* How many statistics a segment has: hypothesis' n-grams (0 where the reference has none),
 * reference's n-grams, matches, for each order, characters first. */
[[nodiscard]] size_t chrf_width(const struct chrf_options *o);

[[nodiscard, gnu::returns_nonnull]] struct chrf *chrf_new(struct arena *a, struct chrf_options o);

/* n_refs > 0. ret has room for chrf_width(). Nothing is allocated after the longest line. */
void chrf_segment(struct chrf *c, struct line hyp, const struct line *refs, size_t n_refs,
                  uint32_t *ret);

/* 0 to 100, of a sum of segments' statistics or of a single segment's. */
[[nodiscard]] double chrf_score(const int64_t *sum, const struct chrf_options *o);

/* "chrF2", "chrF2++". */
void chrf_name(const struct chrf_options *o, struct str *ret);

/* "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0-chimera-0.1.0". */
void chrf_signature(const struct chrf_options *o, const struct bleu_run *run, struct str *ret);
