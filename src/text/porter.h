/* porter.h - Porter's stemmer, as NLTK has it. Pure: in place, no allocation.
 *
 * M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980; the extensions are those
 * of NLTK's PorterStemmer in its mode NLTK_EXTENSIONS, which is what rouge_score stems with.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum porter_mode : uint8_t { PORTER_NLTK, PORTER_ORIGINAL };

/* Stem word[0..n), lower case already; returns the stem's length, never more than n. Bytes that are
 * no letters count as consonants.
 */
[[nodiscard]] size_t porter_stem(char *word, size_t n, enum porter_mode mode);
