/* tokenizer_pattern.h - what a normaliser, a pre-tokeniser or a decoder looks for in a text.
 *
 * Regular expressions run in Oniguruma, the engine that Hugging Face tokenizers itself uses, so
 * that their meaning is the same; GPT-2's is written by hand (a test proves it equal). A pattern
 * holds scratch memory and so belongs to one thread.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct tokenizer_regex;

enum tokenizer_pattern_kind : uint8_t {
    PATTERN_TEXT,   /* text[0..n) itself */
    PATTERN_REGEX,  /* of Oniguruma, in its own syntax */
    PATTERN_GPT2,   /* the words of GPT-2's regular expression */
    PATTERN_SPACE,  /* one character with White_Space */
    PATTERN_NUMBER, /* one character of general category N */
};

struct tokenizer_pattern {
    enum tokenizer_pattern_kind kind;
    const char *text;
    size_t n;
    struct tokenizer_regex *regex;
};

/* Borrows text. ERR_PARSE: not a regular expression; ERR_LIMIT: longer than one has to be. Its
 * engine's memory is freed by tokenizer_pattern_done(). */
[[nodiscard]] enum err_code tokenizer_pattern_regex(const char *text, size_t n, struct arena *a,
                                                    struct tokenizer_pattern *ret, struct err *e);
void tokenizer_pattern_done(struct tokenizer_pattern *p);

/* One way through a text: matches and what lies between, in order, together all of it. An empty
 * match is a part without a byte. */
struct tokenizer_pattern_walk {
    const char *text;
    size_t n, end;        /* of the part before */
    size_t at, match_end; /* where the search goes on; of the last match */
    size_t begin_next, end_next;
    bool any_match, is_pending, at_end;
};

struct tokenizer_pattern_part {
    size_t begin, end;
    bool is_match;
};

struct tokenizer_pattern_walk tokenizer_pattern_begin(const char *text, size_t n);
/* *ret_more false: there was no further part. ERR_LIMIT: the expression takes too long on this
 * text. */
[[nodiscard]] enum err_code tokenizer_pattern_next(const struct tokenizer_pattern *p,
                                                   struct tokenizer_pattern_walk *w,
                                                   struct tokenizer_pattern_part *ret,
                                                   bool *ret_more, struct err *e);
