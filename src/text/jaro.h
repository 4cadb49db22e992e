/* jaro.h - the similarities of Jaro (1989) and Winkler (1990), equal to RapidFuzz's; 0 to 1.
 *
 * In linear time: an element of a takes the first free equal one of b within the window; the window
 * only moves forward, so per element a list of places that only shrinks from the front will do.
 */
#pragma once

#include "text/edit.h"

struct jaro {               /* scratch; starts as {}, jaro_done() frees it */
    uint32_t *first, *next; /* by code point and by place of b: places, ascending; 0 ends */
    uint8_t *taken_a, *taken_b;
    size_t n_first, n_next, n_taken_a, n_taken_b;
};

void jaro_done(struct jaro *j);
[[nodiscard]] double jaro_similarity(struct jaro *j, struct edit_pair p);
/* Raised by 0.1 per common first letter, up to four, where Jaro's is above 0.7. */
[[nodiscard]] double jaro_winkler(struct jaro *j, struct edit_pair p);
