/* counter.h - the total of a counter that grows, wraps and now and then cannot be read, such as the
 * energy counters of RAPL and NVML. Pure.
 *
 * A reading that failed is missing. It is not 0: that would look like a wrap and add a whole range
 * (262 kJ on common machines) out of nothing. The next good reading is taken against the last good
 * one, so nothing is lost either, unless the counter may have gone round more than once meanwhile.
 */
#pragma once

#include "base/defs.h"

struct counter_source {
    uint64_t range;    /* of a counter that goes from `range` back to 0; 0: it does not wrap */
    double most_per_s; /* the fastest that it can grow; 0: unknown, then a jump cannot be judged */
};

struct counter_reading {
    nsec_t at;
    uint64_t value;
    bool missing; /* value means nothing */
};

struct counter_total {
    double total;    /* counts between the first and the last good reading; NOT_MEASURED: see why */
    const char *why; /* nullptr, or the reason why there is no total; static */
    nsec_t from, until; /* of the good readings that it spans */
    size_t good, missing, wraps;
    nsec_t longest_gap; /* between two good readings */
};

/* r[0..n) in the order of time. There is no total, with the reason, when there are fewer than two
 * good readings; when a counter without a range went backwards (it was set back); when a step is
 * more than most_per_s allows (set back, or another counter's value); and when the gap between two
 * good readings is so long that the counter may have gone round more than once. */
[[nodiscard]] struct counter_total counter_total(const struct counter_source *source,
                                                 const struct counter_reading *r, size_t n);
