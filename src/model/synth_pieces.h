/* synth_pieces.h - a vocabulary in SentencePiece's shape out of tokens of bytes. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct jsonw;

struct synth_pieces_token {
    const char *text;
    size_t n;
};

constexpr uint32_t SYNTH_PIECES_LEAST = 256 + 1; /* the byte tokens, and U+2581 */

/* Writes "vocab" and "merges" of a model: specials, <0x00> to <0xFF>, U+2581, the characters of
 * ASCII, then those of tokens[0..n) that are whole characters, with U+2581 for a space, as long as
 * there is room. Merges: every pair of tokens that makes a token, in the order of transformers'
 * generate_merges(): by the token, then by its parts. */
[[nodiscard]] enum err_code synth_pieces_write(const char *const *specials, uint32_t n_specials,
                                               const struct synth_pieces_token *tokens, size_t n,
                                               uint32_t vocab_size, struct arena *a,
                                               struct jsonw *w, struct err *e);
