/* rouge.h - ROUGE of one prediction against one or several references, equal to rouge_score's.
 *
 * C.-Y. Lin, "ROUGE: a package for automatic evaluation of summaries", ACL workshop 2004, as
 * Google's `rouge_score` counts: words are runs of a to z and 0 to 9 in lower case, those of more
 * than three letters stemmed if asked for; Lsum takes a line for a sentence and counts no word
 * twice.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "text/line.h"

enum rouge_type : uint8_t { /* n-grams of n = 1 to 9 are 1 to 9 */
                            ROUGE_L = 10,
                            ROUGE_LSUM,
                            ROUGE_TYPES,
};

struct rouge_score { /* 0 to 1 */
    double precision, recall, f;
};

struct rouge; /* scratch that is used again: after the longest pair nothing is allocated */

[[nodiscard]] struct rouge *rouge_new(bool stem);
struct rouge *rouge_free(struct rouge *r); /* nullptr is fine; returns nullptr */
void rouge_freep(struct rouge **r);        /* for CLEANUP() */

/* "rouge1" to "rouge9", "rougeL", "rougeLsum"; 0 when it is none of them. rouge_name() is back. */
[[nodiscard]] unsigned rouge_type_of(const char *name);
[[nodiscard]] const char *rouge_name(unsigned type);

/* ret[i] is of types[i]. With several references each type takes the one with the largest F, the
 * first of equal ones, as score_multi does. n_references is at least 1.
 */
void rouge_compute(struct rouge *r, const struct line *prediction, const struct line *references,
                   size_t n_references, const uint8_t *types, size_t n_types,
                   struct rouge_score *ret);
