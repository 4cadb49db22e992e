/* anova.h - do the means of several groups differ at all? Pure. */
#pragma once

#include "num/moment.h"

struct anova {
    double f, df1, df2, p;
    double ss_between, ss_within; /* of the classical form; NOT_MEASURED in Welch's, as these: */
    double eta2;                  /* between / total: of the sample; too large for the law */
    double omega2;                /* (between - (k - 1) MSW) / (total + MSW) */
    double epsilon2;              /* (between - (k - 1) MSW) / total */
};

/* The classical one-way F test. x holds the groups one after the other, n[0..k) their sizes.
 * Everything is NOT_MEASURED where k < 2, a group is empty, or nothing varies within the groups.
 * The grand mean is taken off first, then two passes within the groups (NIST's SmLs07 to 09). */
[[nodiscard]] struct anova anova_oneway(const double *x, const size_t *n, size_t k);

/* Welch's (1951), which does not assume one variance. Each group needs two values that differ. */
[[nodiscard]] struct anova anova_welch(const struct moment *groups, size_t k);
