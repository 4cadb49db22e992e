/* posthoc.h - which of several means differ: all pairs, or all against a control, with the chance
 * of one false claim among them held at the level. Pure.
 *
 * conf NOT_MEASURED: no intervals are wanted, which cost more than all the rest.
 *
 * Differences are mean b - mean a, the later group less the earlier one, as R's TukeyHSD has them.
 */
#pragma once

#include "num/moment.h"

struct posthoc_pair {
    size_t a, b;       /* indices of groups */
    double difference; /* mean b - mean a */
    double se;         /* what the statistic is in units of */
    double statistic;  /* |difference| / se: q of the studentized range, or Dunnett's |t| */
    double df;
    double p;      /* adjusted for the whole family */
    double lo, hi; /* simultaneous interval of the difference */
};

/* Tukey & Kramer: one variance for all, se = sqrt(MSW / 2 (1/n_a + 1/n_b)). ret[0 .. k(k-1)/2), in
 * the order (0,1), (0,2), ..., (1,2), ... All but the differences is NOT_MEASURED where nothing
 * varies within the groups. */
void posthoc_tukey_kramer(const struct moment *groups, size_t k, double conf,
                          struct posthoc_pair *ret);

/* Games & Howell (1976): a variance for each, se = sqrt((v_a/n_a + v_b/n_b) / 2), Welch's degrees
 * of freedom of the pair. A pair with a group of one value, or without variation, has no p. */
void posthoc_games_howell(const struct moment *groups, size_t k, double conf,
                          struct posthoc_pair *ret);

/* Dunnett (1955), two-sided: groups[0] is the control, ret[0 .. k-1) the others against it. One
 * variance for all, se = sqrt(MSW (1/n_0 + 1/n_i)). Nothing but the differences for k above 1000.
 */
void posthoc_dunnett(const struct moment *groups, size_t k, double conf, struct posthoc_pair *ret);
