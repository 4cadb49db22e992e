/* anova_factors.h - analysis of variance with several factors: which of the backend, the block and
 * the order in it moves the mean, and do they act together? Pure but for the scratch.
 *
 * A term is a set of factors: one factor is a main effect, two their interaction. Three kinds of
 * sums of squares, which are the same where every combination has as many values:
 *   I    each term after those before it in the list (R's anova);
 *   II   each term after all that do not contain it: for main effects whatever the numbers of
 *        values are, as long as the interaction is not what is asked about (car's default);
 *   III  each term after all others, with codes that sum to zero.
 *
 * Least squares by twice repeated Gram-Schmidt on one row per combination that occurs, after the
 * grand mean is taken off; what is left within the combinations is summed in two passes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

enum anova_factors_kind : uint8_t { ANOVA_FACTORS_I, ANOVA_FACTORS_II, ANOVA_FACTORS_III };

constexpr size_t ANOVA_FACTORS_MOST = 8;

struct anova_factors_design {
    const double *y; /* y[0..n), without missing values */
    size_t n;
    size_t n_factors;                          /* at most ANOVA_FACTORS_MOST */
    const uint32_t *level[ANOVA_FACTORS_MOST]; /* of each y, from 0 */
    uint32_t n_levels[ANOVA_FACTORS_MOST];
    const uint32_t *terms; /* bit f: factor f; terms that contain others after them */
    size_t n_terms;
    enum anova_factors_kind kind;
};

struct anova_factors_term {
    uint32_t factors;
    double df, ss, ms, f, p;       /* df 0: not separable from the others, the rest NOT_MEASURED */
    double eta2, partial_eta2;     /* ss / total, ss / (ss + residual) */
    double omega2, partial_omega2; /* (ss - df MSE) / (total + MSE), / (ss + (n - df) MSE) */
    double epsilon2, partial_epsilon2; /* (ss - df MSE) / total, / (ss + residual) */
};

struct anova_factors {
    struct anova_factors_term *term; /* n_terms, in the order of the design */
    double df_residual, ss_residual, ss_total;
    bool balanced; /* every combination of levels has as many values: the kinds do not differ */
};

/* f and p are NOT_MEASURED where nothing is left for the residual. Each level must occur. Where
 * combinations do not, III depends on which, and says little. */
void anova_factors_of(const struct anova_factors_design *d, struct arena *a,
                      struct anova_factors *ret);
