/* bleu.h - BLEU, equal to sacreBLEU 2.6.0. Pure.
 *
 * K. Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002;
 * M. Post, "A call for clarity in reporting BLEU scores", WMT 2018 (sacreBLEU); smoothing: B. Chen
 * and C. Cherry, "A systematic comparison of smoothing techniques for sentence-level BLEU", WMT
 * 2014.
 *
 *   score = 100 BP exp(1/4 sum_n ln p_n),  p_n = clipped matches / n-grams of the hypotheses,
 *   BP = 1, or exp(1 - ref_len / hyp_len) where the hypotheses are shorter than the references
 *   (of several the one closest in length, of two as close the shorter).
 *
 * A corpus is the sum of its segments' statistics: they are counted once, by bleu_segment(), and
 * added up again for every resample.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "text/line.h"
#include "text/tokenize.h"

struct arena;
struct bleu;
struct str;

constexpr size_t BLEU_ORDER = 4;
constexpr size_t BLEU_WIDTH = 2 + 2 * BLEU_ORDER;

/* sacreBLEU's name for a score is its signature; this is the version whose numbers these are. */
#define BLEU_EQUALS "2.6.0"

enum bleu_smooth : uint8_t {
    BLEU_SMOOTH_EXP,   /* the k-th order without a match has 1 / (2^k n-grams) */
    BLEU_SMOOTH_FLOOR, /* value / n-grams; the default value is 0.1 */
    BLEU_SMOOTH_ADD_K, /* matches and n-grams of the orders above 1 plus value; 1 */
    BLEU_SMOOTH_NONE,
};

struct bleu_options { /* start from bleu_default() */
    struct tokenize_options words;
    enum bleu_smooth smooth;
    double smooth_value;  /* NOT_MEASURED: the method's default */
    bool effective_order; /* orders longer than the hypothesis do not count: for single sentences */
};
[[nodiscard]] struct bleu_options bleu_default(void); /* sacreBLEU's defaults */

/* "exp", "floor", "add-k", "none". */
[[nodiscard]] const char *bleu_smooth_name(enum bleu_smooth s);

[[nodiscard, gnu::returns_nonnull]] struct bleu *bleu_new(struct arena *a,
                                                          struct tokenize_options words);

/* A segment's statistics: hypothesis' words, closest reference's words, matches of orders 1 to 4,
 * n-grams of orders 1 to 4. n_refs > 0; an empty reference is one. Nothing is allocated after the
 * longest line. */
void bleu_segment(struct bleu *b, struct line hyp, const struct line *refs, size_t n_refs,
                  uint32_t ret[static BLEU_WIDTH]);

struct bleu_score {
    double score;                                   /* 0 to 100 */
    double precisions[BLEU_ORDER];                  /* percent, smoothed */
    double matches[BLEU_ORDER], totals[BLEU_ORDER]; /* with add-k's value; else whole numbers */
    double bp, ratio; /* ratio 0 where ref_len is 0, as sacreBLEU has it */
    int64_t hyp_len, ref_len;
};

/* Of a sum of segments' statistics, or of a single segment's (sentence BLEU: effective_order). */
[[nodiscard]] struct bleu_score bleu_score(const int64_t sum[static BLEU_WIDTH],
                                           const struct bleu_options *o);

/* "79.2/62.7/48.7/37.5 (BP = 0.978 ratio = 0.978 hyp_len = 107621 ref_len = 110008)". */
void bleu_verbose(const struct bleu_score *s, struct str *ret);

/* What else a signature names. */
struct bleu_run {
    size_t n_refs;      /* 0: not the same for all segments, "var" */
    size_t n_bootstrap; /* 0: none was drawn, and the signature has neither bs nor seed */
    uint64_t seed;
    bool is_short; /* "#:1|c:mixed|..." */
};

/* "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0-chimera-0.1.0": sacreBLEU's own, with
 * the version that it equals and ours. */
void bleu_signature(const struct bleu_options *o, const struct bleu_run *run, struct str *ret);

/* "nrefs:1|bs:1000|seed:12345|", with which every signature begins; and its end, "version:...". For
 * chrF. */
void bleu_signature_begin(const struct bleu_run *run, struct str *ret);
void bleu_signature_end(const struct bleu_run *run, struct str *ret);
