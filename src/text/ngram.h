/* ngram.h - how many n-grams two sequences share: the count that BLEU and chrF are made of.
 *
 * For each order n the matches are the sum, over the different n-grams of the hypothesis, of
 * min(count in the hypothesis, largest count in one reference): Papineni et al. (2002), "clipped
 * counts".
 *
 * An n-gram is found as (the number of its first n - 1 symbols, its last symbol), so that a key is
 * one number whatever n is. Only what can still match is looked at: an n-gram whose first n - 1
 * symbols match. Where these stand at one place of the references only, the next symbol there
 * decides, and nothing is looked up.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct ngram;

struct ngram_symbols { /* characters or numbers of words */
    const uint32_t *at;
    size_t n;
};

/* Working memory for ngram_match(), of a. Grows with the longest sequence, then allocates no more.
 */
[[nodiscard, gnu::returns_nonnull]] struct ngram *ngram_new(struct arena *a);

/* Matches of orders 1 to `orders` into ret[0..orders). n_refs > 0; fewer than 2^31 symbols in all.
 */
void ngram_match(struct ngram *m, struct ngram_symbols hyp, const struct ngram_symbols *refs,
                 size_t n_refs, size_t orders, uint32_t *ret);

/* n-grams of order `order` in a sequence of n symbols, repeated ones counted. */
[[nodiscard]] uint32_t ngram_total(size_t n, size_t order);
