/* comparison.h - the same cells in two results: what changed. Pure.
 *
 * The two runs were made at different times. What differs between one run and another of the same
 * thing (a busier host, another temperature) is in no interval here; history.h has it, with many
 * runs.
 */
#pragma once

#include "analysis/cell.h"
#include "analysis/verdict.h"

enum comparison_word : uint8_t {
    COMPARISON_SAME,
    COMPARISON_FASTER, /* NEW takes less time than BASE */
    COMPARISON_SLOWER,
    COMPARISON_CANNOT_TELL,
};

struct comparison {
    const struct folder_key *key;
    const struct cell_stats *base, *new; /* nullptr: that result does not have the cell */
    struct verdict verdict;              /* of new against base; Holm over all cells compared */
    double difference_ms;                /* of the medians, new - base */
    double tokens_base, tokens_new;      /* generated per sample */
    enum comparison_word word;
    const char *reason; /* why it cannot be told, or what to do; nullptr: nothing to say */
    bool lost;          /* ok in BASE, and not in NEW */
};

/* Every cell of both, in BASE's order, then those that only NEW has; room for n_base + n_new. */
void comparison_compute(const struct cell_stats *base, size_t n_base, const struct cell_stats *new,
                        size_t n_new, double margin, struct arena *a, struct comparison *ret,
                        size_t *ret_n);

/* "same", "faster", "slower", "cannot tell" */
[[nodiscard]] const char *comparison_word_name(enum comparison_word word);

/* The document of `chimera compare --json`, but for its outermost braces. */
struct jsonw;
void comparison_json(const struct comparison *c, size_t n, struct arena *a, struct jsonw *w);
