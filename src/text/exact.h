/* exact.h - whether two texts are the same once a stated normalisation was applied to both. */
#pragma once

#include "text/line.h"

#include <stdint.h>

enum exact_kind : uint8_t {
    EXACT_PLAIN, /* as they are */
    /* P. Rajpurkar et al., "SQuAD", EMNLP 2016, its evaluate-v1.1.py: lower case, without ASCII
     * punctuation, without the words a, an, the; one blank for all white space between words. */
    EXACT_SQUAD,
};

enum exact_form : uint8_t {
    EXACT_FORM_KEEP,
    EXACT_FORM_NFC,
    EXACT_FORM_NFKC
}; /* Unicode's, first */

struct exact { /* scratch; starts as {}, exact_done() frees it */
    int32_t *points;
    char *a, *b, *lower;
    size_t n_points, n_a, n_b, n_lower;
};

void exact_done(struct exact *x);

/* Both UTF-8. */
[[nodiscard]] bool exact_match(struct exact *x, struct line a, struct line b, enum exact_kind kind,
                               enum exact_form form);
