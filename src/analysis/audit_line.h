/* audit_line.h - the power law y = a x^b through a few points (num/power_law.h), as the audit reads
 * it: what moves it. Pure but for the arena. */
#pragma once

#include <stddef.h>

struct arena;

struct audit_line {
    size_t n;
    double log_a, b, r2;
    double p;                                     /* Student's, that b is 0 */
    double b_lo, b_hi;                            /* 95 % */
    double crossover, crossover_lo, crossover_hi; /* where y is 1; NOT_MEASURED where b is 0 */
    size_t most;                                  /* the point of the most leverage */
    double leverage;                              /* its own */
    double b_without, crossover_without;          /* with that point left out */
    double b_least, b_most;                       /* leaving out each point once */
    double rss, x_least, x_most;
    size_t off;                  /* the point with the largest deleted residual */
    double off_p;                /* Student's of it, times n; 1 with under five points */
    double off_by, off_leverage; /* y over what the others' law gives there */
    double b_without_off, r2_without_off;
};

constexpr size_t AUDIT_LINE_LEAST = 4; /* points */

/* All x, y > 0; n >= AUDIT_LINE_LEAST and at least three distinct x, else everything is
 * NOT_MEASURED and n is 0. */
[[nodiscard]] struct audit_line audit_line_of(const double *x, const double *y, size_t n,
                                              struct arena *scratch);
