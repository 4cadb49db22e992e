/* history.h - one cell over many runs, in the order given: where its level changed. Pure.
 *
 * A point is a run: the mean of the cell's level (level.h). Between points stands what one run
 * differs from another by for no reason that anybody wants to know, so a change is judged by the
 * scatter of the points around their segment's mean and never by the samples inside a run. Binary
 * segmentation (Scott & Knott 1974): the split with the largest pooled t; its p, Bonferroni over
 * the places where it could have been; both halves again. A change under the margin is none.
 */
#pragma once

#include "analysis/cell.h"

constexpr double HISTORY_ALPHA = 0.01;
constexpr size_t HISTORY_LEAST = 5; /* runs; fewer have no scatter to speak of */

struct history_change {
    size_t at;     /* the first point of the new level */
    double ratio;  /* new level / old level */
    double lo, hi; /* 95 % */
    double p;      /* after Bonferroni */
};

struct history {
    const struct folder_key *key;
    const double *y; /* log ms of each run; NOT_MEASURED where the cell has no figure */
    size_t n, n_known;
    const struct history_change *changes; /* ascending */
    size_t n_changes;
    double scatter;     /* relative sd of a run around its segment's mean; NOT_MEASURED: unknown */
    double detectable;  /* the smallest relative change that one more run would show; same */
    const char *reason; /* why nothing can be said; nullptr else */
};

/* y[0..n) belongs to the caller and must live as long as *ret. */
[[nodiscard]] struct history history_of(const struct folder_key *key, const double *y, size_t n,
                                        double margin, struct arena *a);
