/* audit_cache.h - cache-hit: work that was not done again. */
#pragma once

#include "analysis/audit.h"

extern const struct audit_check audit_cache_checks[];

struct audit_cache_step { /* times in ms */
    const char *quantity;
    double first, later; /* of a prompt's prefill: in warm-up, and measured */
    double decode_first, decode_later;
    double step;            /* of decoding, for one token */
    const char *decoded_in; /* the scenario of that where it is another; else nullptr */
};

/* The prompt was worked through in warm-up only: what is measured is one step. Says so, or is
 * false. */
bool audit_cache_one_step(const struct audit_cell *c, const struct audit_cache_step *x,
                          struct audit *out);
