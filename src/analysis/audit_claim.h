/* audit_claim.h - one statistic that a source states, and what the figures beside it give. Pure but
 * for the arena of the audit.
 *
 * A printed figure is a rounded one: audit_claim_rounding() is half a unit of its last digit, and
 * every comparison allows for that of all figures that enter it.
 */
#pragma once

#include "analysis/audit.h"
#include "num/moment.h"

#include <stddef.h>

/* Half a unit of the last decimal with which x is written: 0.05 of 389.2. A figure of nine digits
 * and more is as good as unrounded; 0 beyond twelve decimals. NOT_MEASURED of NOT_MEASURED. */
[[nodiscard]] double audit_claim_rounding(double x);

struct audit_claim_side { /* one side of a comparison, or a group of an analysis of variance */
    const char *label;
    struct moment m;         /* n, mean, sd, var; mean, sd may be NOT_MEASURED, n 0 */
    double mean_off, sd_off; /* roundings: of the mean, and of the sd as a share of it */
};
/* A row's own figures. */
[[nodiscard]] struct audit_claim_side audit_claim_side_of(double n, double mean, double sd,
                                                          const char *label);

constexpr size_t AUDIT_CLAIM_MOST = 12;
struct audit_claim_value { /* that the figures give by one definition, and by how much it may be off
                            */
    const char *as;
    double value, off;
};

struct audit_claimed {
    const char *figure; /* "t_statistic" */
    double stated;
    struct audit_claim_value given[AUDIT_CLAIM_MOST];
    size_t n;
};
void audit_claim_give(struct audit_claimed *c, const char *as, double value, double off);
/* The nearest of what the figures give; nullptr where nothing is known, and *ret_holds: it agrees
 * with that, or with another. Signs do not count: sources differ in which side comes first. */
[[nodiscard]] const struct audit_claim_value *
audit_claim_nearest(const struct audit_claimed *c, double tolerance, bool *ret_holds);
