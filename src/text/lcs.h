/* lcs.h - longest common subsequences of numbers, 64 places of a at a time.
 *
 * Bit-parallel: Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004. Starts as {};
 * lcs_done() frees it; memory grows with na + nb, whatever the texts are.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct lcs {
    uint64_t *mask;         /* by number: its places in a, where a has at most 64 */
    uint32_t *first, *next; /* else by number and by place: a list of its places */
    uint64_t *row, *column, *checkpoint, *columns;
    size_t n_mask, n_first, n_next, n_row, n_column, n_checkpoint, n_columns;
};

void lcs_done(struct lcs *l);

/* Numbers in a are at least 1; a 0 in b is equal to nothing. Both are at most `most`. */
struct lcs_pair {
    const uint32_t *a, *b;
    size_t na, nb;
    uint32_t most;
};

[[nodiscard]] size_t lcs_length(struct lcs *l, const struct lcs_pair *p);

/* Set marked[i] for the places of a that belong to one longest common subsequence: the one that
 * rouge_score reads out of its table (from the end; equal elements are taken; else b gives way only
 * where that alone keeps the length). Other marks stay.
 */
void lcs_mark(struct lcs *l, const struct lcs_pair *p, bool *marked);
