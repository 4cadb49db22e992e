/* tokenizer_normalizer.h - what tokenizer.json's `normalizer` does to a text before it is cut up.
 *
 * Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, Prepend and Replace. Others are refused by
 * name.
 */
#pragma once

#include "base/str.h"
#include "model/tokenizer_pattern.h"
#include "model/unicode_normal.h"

struct json;

enum tokenizer_normal_kind : uint8_t {
    NORMAL_FORM,
    NORMAL_LOWER,
    NORMAL_STRIP,
    NORMAL_PREPEND,
    NORMAL_REPLACE,
};

struct tokenizer_normal_step {
    enum tokenizer_normal_kind kind;
    enum unicode_form form;
    bool left, right;                 /* STRIP */
    struct tokenizer_pattern pattern; /* REPLACE */
    const char *text;                 /* PREPEND's, or REPLACE's new one */
    size_t n;
};

constexpr size_t TOKENIZER_NORMAL_STEPS = 32;

struct tokenizer_normalizer { /* begins as {} */
    struct tokenizer_normal_step steps[TOKENIZER_NORMAL_STEPS];
    size_t n_steps;
    struct str buffers[2];
    struct unicode_normal_room room;
};

/* v: the value of `normalizer`; null or nullptr is none. */
[[nodiscard]] enum err_code tokenizer_normalizer_read(struct tokenizer_normalizer *t,
                                                      const struct json *v, struct arena *a,
                                                      struct err *e);
void tokenizer_normalizer_done(struct tokenizer_normalizer *t);

/* May the text lose its first character? Then what begins at its original beginning is unknown. */
bool tokenizer_normalizer_cuts(const struct tokenizer_normalizer *t);

/* *text[0..*n) becomes its normal form, in memory of t that the next call overwrites. ERR_LIMIT: it
 * would be far longer than any real normaliser makes it. */
[[nodiscard]] enum err_code tokenizer_normalizer_run(struct tokenizer_normalizer *t,
                                                     const char **text, size_t *n, struct err *e);
