/* modes_gap.h - two modes so far apart that hardly a value lies between them: seen in samples too
 * small for the dip (modes.h), and where units have levels of their own. Pure but for scratch.
 *
 * A cut between two neighbours in order, at the widest gap over the standard deviation within the
 * two parts; each part has least_share of the values, and three. Units are taken off by turns:
 * their levels from what the parts leave, then the cut again.
 *
 * What one mode shows by chance falls as 1 / sqrt(df). The limit is by simulation (NumPy, 5,000
 * runs of 1 x 30, 5 x 5, 5 x 10, 10 x 5 and 20 x 5 values, 5 % between units): one mode of a
 * normal or Laplace law of x is beyond it in at most 0.1 %, t(3) in 0.3 %, an exponential in 0.5 %,
 * x the log of a Pareto law's in 2 %; two modes, 30 % of the values 1.5 times the others, which
 * spread by 5 %, in 94.5 % of 1 x 30, 88 % of 5 x 5, 98 % of 5 x 10, 96 % of 10 x 5, 98.6 % of
 * 20 x 5. With fewer than 18 degrees of freedom a limit that 42 cells of one mode together hold
 * finds little.
 */
#pragma once

#include "num/modes.h"
#include "num/nested.h"

struct modes_gap {
    struct modes_part low, high; /* of y without the units' levels; share of values */
    double gap;                  /* over the standard deviation within the parts */
    double limit;                /* that one mode hardly reaches: MODES_GAP_LIMIT / sqrt(df) */
    double mixed; /* share of units with values in both parts: with 0, the units just differ */
    double cut;
};
constexpr double MODES_GAP_LIMIT = 16;

/* s->x on a scale on which a part is about symmetric (logs of latencies). least_sd: no part is
 * narrower. z[i]: x[i] without its unit's level, which the cut is of. gap is NOT_MEASURED where
 * there are fewer than 18 degrees of freedom (values less units less one), or a part has fewer than
 * three different values (a coarse clock). */
[[nodiscard]] struct modes_gap modes_gap_of(const struct nested *s, double least_share,
                                            double least_sd, struct arena *scratch, double *z);

/* The same of few levels, one of each unit: x[0..n), n >= 4, in two groups of `least` and more.
 * score is the gap times sqrt(n - 2). By simulation (NumPy, 20,000 runs) levels of one normal law,
 * least 2, are beyond MODES_GAP_LIMIT in 0.8 % at n = 6, 0.2 % at n = 10; those of two groups 1.3
 * apart that spread by 3 %, 3 to 7, in 27, 61 and 93 % at 6, 10 and 20. Beyond MODES_GAP_HINT: 6, 4
 * and 54, 85, 99 %. NOT_MEASURED: fewer than 4. */
struct modes_groups {
    double score, gap, cut; /* gap: in the unit of x */
};
constexpr double MODES_GAP_HINT = 8;
[[nodiscard]] struct modes_groups modes_gap_groups(const double *x, size_t n, size_t least,
                                                   double least_sd, struct arena *scratch);
