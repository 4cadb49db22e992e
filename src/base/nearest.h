/* nearest.h - "did you mean ...?" for every word a person can mistype. */
#pragma once

#include <stddef.h>

/* The word of words[0..n) that is nearest to `word` by edit distance with transpositions
 * (optimal string alignment, letters compared without case), or nullptr when none is near enough
 * to be worth saying: more than a third of its letters, and more than one, would have to change.
 */
[[nodiscard]] const char *nearest_word(const char *word, const char *const *words, size_t n);
