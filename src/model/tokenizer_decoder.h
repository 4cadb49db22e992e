/* tokenizer_decoder.h - what tokenizer.json's `decoder` does: tokens become text.
 *
 * Sequence, ByteLevel, Metaspace, Replace, ByteFallback, Fuse and Strip; none: the tokens with
 * spaces between. Others are refused by name.
 */
#pragma once

#include "base/str.h"
#include "model/tokenizer_pattern.h"

struct json;

enum tokenizer_decode_kind : uint8_t {
    DECODE_BYTE_LEVEL,
    DECODE_METASPACE,
    DECODE_REPLACE,
    DECODE_BYTE_FALLBACK,
    DECODE_FUSE,
    DECODE_STRIP,
};

struct tokenizer_decode_step {
    enum tokenizer_decode_kind kind;
    struct tokenizer_pattern pattern; /* REPLACE */
    const char *text; /* REPLACE's new one, METASPACE's mark, the character of STRIP */
    size_t n;
    size_t start, stop; /* STRIP: how many at most */
    bool drops_first;   /* METASPACE: the first token's marks are no spaces */
};

constexpr size_t TOKENIZER_DECODE_STEPS = 32;

struct tokenizer_pieces { /* texts one after the other, and where each ends */
    struct str text;
    size_t *ends;
    size_t n, room;
};

struct tokenizer_decoder { /* begins as {} */
    struct tokenizer_decode_step steps[TOKENIZER_DECODE_STEPS];
    size_t n_steps;
    struct tokenizer_pieces pieces[2];
    bool is_there; /* false: spaces between the tokens */
};

[[nodiscard]] enum err_code tokenizer_decoder_read(struct tokenizer_decoder *t,
                                                   const struct json *v, struct arena *a,
                                                   struct err *e);
void tokenizer_decoder_done(struct tokenizer_decoder *t);

void tokenizer_decoder_clear(struct tokenizer_decoder *t);
void tokenizer_decoder_add(struct tokenizer_decoder *t, const char *text, size_t n);
/* Appends the text of the tokens that were added to out. */
[[nodiscard]] enum err_code tokenizer_decoder_run(struct tokenizer_decoder *t, struct str *out,
                                                  struct err *e);
