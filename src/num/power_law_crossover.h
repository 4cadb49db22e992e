/* power_law_crossover.h - the size at which a fit reaches a level, or two fits meet, and how well
 * the data say so. Two intervals: Fieller's (1954), from the fit's own covariance, and the
 * bootstrap's. A crossing outside the measured sizes is no finding: it is told as not identifiable.
 * Pure. */
#pragma once

#include "num/power_law.h"

struct power_law_crossover {
    double x; /* NOT_MEASURED where the curves do not meet */
    /* Fieller's. An end that is unbounded is -INFINITY or INFINITY (0 for a x^b); both are
     * NOT_MEASURED for a x^b + c, which has none, and where the set is not an interval. */
    double fieller_low, fieller_high;
    double boot_low, boot_high;       /* percentiles over the resamples in which they do meet */
    size_t met, drawn;                /* resamples */
    double without_low, without_high; /* with each point left out in turn */
    double x_min, x_max;              /* the sizes that both fits have measured */
    bool identifiable;
    const char *why; /* "not identifiable within [xmin, xmax]: ..."; nullptr where it is */
};

/* Where f is level: 1 for a ratio. Lives in a. */
[[nodiscard]] struct power_law_crossover power_law_crossover_level(const struct power_law *f,
                                                                   double level, double confidence,
                                                                   struct arena *a);

/* Where two fits of the same form meet, which were made on separate points; a x^b or lines.
 * ERR_UNSUPPORTED: other forms. */
[[nodiscard]] enum err_code
power_law_crossover_pair(const struct power_law *f, const struct power_law *g, double confidence,
                         struct arena *a, struct power_law_crossover *ret, struct err *e);
