/* column_share.h - columns that say yes or no: 0 and 1, true and false, or one word of a status.
 * The share of each group with its intervals, and the pairs compared. Pure.
 */
#pragma once

#include "analysis/column_stats.h"
#include "num/proportion.h"

struct jsonw;

struct column_share_words { /* a column of words as 0 and 1 */
    const char *const *text;
    const char *yes; /* the word that counts as 1; nullptr: the column was left as it is */
    size_t others;   /* rows with another word */
};

/* success: the word whose share is wanted; nullptr: true and false, yes and no, pass and fail are
 * known, whatever their case, and other columns are left as they are. What is missing stays so.
 * ERR_USAGE: no row has this word (with the nearest). */
[[nodiscard]] enum err_code column_share_read(const char *const *text, size_t n,
                                              const char *success, struct arena *a,
                                              struct column_share_words *ret, struct err *e);

struct column_share_group {
    size_t k; /* of the group's n */
    struct proportion_interval wilson, exact;
};

struct column_share_pair {
    struct proportion_interval difference; /* Newcombe's, or Agresti and Min's of pairs */
    struct proportion_two two;             /* of groups */
    size_t n_paired, only_a, only_b;       /* pairs, and those of which one alone is 1 */
    struct proportion_mcnemar mcnemar;
    double p, p_holm; /* Fisher's, or McNemar's exact */
    enum column_stats_verdict verdict;
};

struct column_share {
    const struct column_stats *s;
    struct column_share_group *groups; /* in the order of s */
    struct column_share_pair *pairs;   /* nullptr where s is by blocks: its own pairs hold then */
};

/* *ret nullptr: a value is neither 0 nor 1, or they are numbers and all the same. All belongs to a.
 */
[[nodiscard]] enum err_code column_share_of(const struct column_stats *s,
                                            const struct column_share_words *words, struct arena *a,
                                            struct column_share **ret, struct err *e);

/* The key "shares" of an open object. */
void column_share_json(const struct column_share *c, const struct column_share_words *words,
                       struct jsonw *w);
