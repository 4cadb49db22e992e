/* verdict.h - what may be said of two cells: faster, slower, equivalent, or undecided. Pure.
 *
 * b against a, on the level at which their variation is sampled (level.h). The ratio is that of
 * geometric means, b / a, its interval and test Welch's on the logs. Equivalence is a finding of
 * its own: two one-sided tests (Schuirmann 1987) of the log ratio against log(1 + margin).
 */
#pragma once

#include "analysis/level.h"

constexpr double VERDICT_ALPHA = 0.05;
constexpr double VERDICT_MARGIN = 0.05;    /* relative; a smaller difference changes no decision */
constexpr size_t VERDICT_MOST_MORE = 1000; /* more is said as "over 1000" */

enum verdict_kind : uint8_t {
    VERDICT_UNDECIDED,
    VERDICT_FASTER, /* b takes less time */
    VERDICT_SLOWER,
    VERDICT_EQUIVALENT /* inside the margin, whether a difference is seen or not */
};

struct verdict {
    enum verdict_kind kind;
    enum level_unit unit; /* the weaker of the two */
    size_t n_a, n_b;      /* values on that level */
    double ratio, lo, hi; /* b / a, 95 % */
    double se;            /* of log(ratio) */
    double sd_a, sd_b;    /* of single values of log; what `more` rests on */
    double t, df, p, p_holm;
    double margin, p_equivalent, p_equivalent_holm; /* the larger of the two one-sided p */
    double detectable; /* the smallest relative slowdown that these n show with a power of 80 %, at
                          the level that the family leaves to one comparison */
    size_t more; /* where undecided: values on each side that would decide it with a power of 80 %,
                    should the estimate be the truth; 0: unknown */
    const char *reason; /* why it is undecided; nullptr else */
};

/* Everything but kind, p_holm, p_equivalent_holm and detectable. Where a side has fewer than two
 * values, or nothing varies, the figures that need it are NOT_MEASURED and `reason` says it. */
[[nodiscard]] struct verdict verdict_compare(const struct level *a, const struct level *b,
                                             double margin);

/* The same from an estimate d of the log ratio, its standard error and the degrees of freedom
 * behind it; n_a, n_b and unit are the caller's. */
[[nodiscard]] struct verdict verdict_estimate(double d, double se, double df, double margin);

/* The first half of verdict_family(): both p after Holm. Returns the tests of the family. */
size_t verdict_holm(struct verdict *v, size_t n, struct arena *a);

/* Holm over a family of n, then the kinds and `more`. */
void verdict_family(struct verdict *v, size_t n, struct arena *a);

/* "faster", "slower", "equivalent", "undecided" */
[[nodiscard]] const char *verdict_name(enum verdict_kind kind);
/* The same with the number of runs that would decide it: "undecided (4 more invocations of each)".
 */
[[nodiscard]] const char *verdict_text(const struct verdict *v, struct arena *a);

/* An object: the verdict, its ratio with interval, both p raw and after Holm, what would decide it.
 */
struct jsonw;
void verdict_json(const struct verdict *v, struct arena *a, struct jsonw *w);
