/* tokenize.h - the words of a line, as sacreBLEU 2.6's tokenisers cut them, as numbers.
 *
 * Several lines share one numbering until tokenize_reset(): two words have one number exactly when
 * their bytes are equal. Sources: mteval-v13a.pl and mteval-v14.pl (NIST) as sacreBLEU has them;
 * m-popovic/chrF for TOKENIZE_CHRF.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "text/line.h"
#include "text/ngram.h"

struct arena;
struct tokenize;

enum tokenize_kind : uint8_t {
    TOKENIZE_13A,  /* ASCII punctuation apart, . and , not between digits, - only after a digit;
                      entities */
    TOKENIZE_INTL, /* \p{P} apart unless between \p{N} (or the line's ends), \p{S} always */
    TOKENIZE_CHAR, /* each character that is no white space */
    TOKENIZE_NONE, /* at white space */
    TOKENIZE_CHRF, /* at white space; then one character of ASCII punctuation off the end, else the
                      front */
};

struct tokenize_options {
    enum tokenize_kind kind;
    bool lowercase; /* str.lower() before anything else */
};

/* "13a", "intl", "char", "none"; nullptr for TOKENIZE_CHRF, which is no tokeniser of BLEU's. */
[[nodiscard]] const char *tokenize_name(enum tokenize_kind kind);

/* Working memory, of a: some 30 bytes for each byte and 500 for each word of the longest set of
 * lines. A set may have 2^30 bytes. */
[[nodiscard, gnu::returns_nonnull]] struct tokenize *tokenize_new(struct arena *a,
                                                                  struct tokenize_options options);

/* Forget the lines before. */
void tokenize_reset(struct tokenize *t);

/* The line's words: where they begin in tokenize_words(), and how many. The address of the numbers
 * is only good until the next line. */
struct tokenize_words {
    size_t first, n;
};
[[nodiscard]] struct tokenize_words tokenize_line(struct tokenize *t, struct line line);
[[nodiscard]] const uint32_t *tokenize_words(const struct tokenize *t);

/* The text of word number `word` of the set; good until the next line. */
[[nodiscard]] struct line tokenize_text(const struct tokenize *t, size_t word);
