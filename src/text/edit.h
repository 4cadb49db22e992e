/* edit.h - edit distances between texts as code points, 64 places at a time.
 *
 * Bit-parallel: Myers, "A fast bit-vector algorithm for approximate string matching based on
 * dynamic programming", J. ACM 46(3), 1999; Hyyrö's forms of it for blocks, transpositions (2003)
 * and the longest common subsequence (2004). Damerau-Levenshtein without restriction: Zhao and
 * Sahni, "String correction using the Damerau-Levenshtein distance", BMC Bioinformatics 20, 2019.
 * All are symmetric, and equal to the functions of the same name in RapidFuzz.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct edit {       /* scratch that is used again; starts as {}, edit_done() frees it */
    uint64_t *mask; /* by code point: its places in the block; all zero between uses */
    uint8_t *carry; /* by place of the text: what the block above hands down */
    uint32_t *last, *rows;
    size_t n_mask, n_carry, n_last, n_rows;
};

void edit_done(struct edit *d);

struct edit_pair { /* borrowed */
    const uint32_t *a, *b;
    size_t na, nb;
};

/* Room for a table by code point: one more than the largest of both; 1 for two empty texts. */
[[nodiscard]] size_t edit_alphabet(struct edit_pair p);

[[nodiscard]] size_t edit_levenshtein(struct edit *d, struct edit_pair p);
[[nodiscard]] size_t edit_osa(struct edit *d,
                              struct edit_pair p); /* and adjacent ones change places */
[[nodiscard]] size_t edit_damerau(struct edit *d, struct edit_pair p); /* even with edits between */
[[nodiscard]] size_t edit_lcs(struct edit *d, struct edit_pair p);   /* length of the subsequence */
[[nodiscard]] size_t edit_indel(struct edit *d, struct edit_pair p); /* insertions and deletions */
[[nodiscard]] size_t edit_prefix(struct edit_pair p);                /* length of the common one */
[[nodiscard]] size_t edit_postfix(struct edit_pair p);
[[nodiscard]] size_t edit_hamming(struct edit_pair p); /* SIZE_MAX where the lengths differ */
