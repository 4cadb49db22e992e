/* tokenizer.h - byte-pair encoding, token by token equal to what transformers' AutoTokenizer gives
 * for the folder: byte-level (GPT-2, Llama 3, Qwen) and SentencePiece-like with byte fallback
 * (Llama 2, Mistral, Gemma).
 *
 * Reads tokenizer.json, or vocab.json + merges.txt, with what tokenizer_config.json and config.json
 * say about it. What it does not implement (another model, normaliser, pre-tokeniser, class) is
 * refused by name with ERR_UNSUPPORTED, never approximated. A tokenizer holds scratch memory that
 * is reused, so one belongs to one thread; after warm-up no call allocates, but Oniguruma may for a
 * long run of one alternative.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct str;
struct tokenizer;

/* *ret belongs to a; its scratch memory is freed by tokenizer_freep(), before a. */
[[nodiscard]] enum err_code tokenizer_read(const char *folder, struct arena *a,
                                           struct tokenizer **ret, struct err *e);
void tokenizer_freep(struct tokenizer **t); /* for CLEANUP() */

/* text[0..bytes) must be UTF-8: other bytes are ERR_PARSE with their offset, because transformers
 * never sees such text and an answer would be an invention. The tokens that the post-processor puts
 * around a text are among them, as with add_special_tokens=True. room = 4 * bytes + 64 is enough
 * unless a normaliser makes much more of the text; less may be ERR_LIMIT. */
[[nodiscard]] enum err_code tokenizer_encode(struct tokenizer *t, const char *text, size_t bytes,
                                             int32_t *ret_ids, size_t room, size_t *ret_n,
                                             struct err *e);

/* Appends the text of ids[0..n) to out, special tokens included; bytes that are no UTF-8 become
 * U+FFFD and ids that are no tokens nothing, as in transformers' decode(). ERR_LIMIT: a decoder's
 * pattern takes too long. */
[[nodiscard]] enum err_code tokenizer_decode(struct tokenizer *t, const int32_t *ids, size_t n,
                                             struct str *out, struct err *e);

/* The vocabulary, for exporters. The ids are 0..tokenizer_n_tokens() - 1; holes are possible. */
size_t tokenizer_n_tokens(const struct tokenizer *t);
const char *tokenizer_token(
    const struct tokenizer *t,
    int32_t id); /* as the file has it ("\u0120the", "\u2581the"), NUL-ended; nullptr: a hole */
bool tokenizer_is_added(const struct tokenizer *t, int32_t id);
bool tokenizer_is_special(const struct tokenizer *t, int32_t id);
size_t tokenizer_n_merges(const struct tokenizer *t);
void tokenizer_merge(const struct tokenizer *t, size_t rank, int32_t *ret_left, int32_t *ret_right);

struct tokenizer_file; /* model/tokenizer_file.h */
const struct tokenizer_file *tokenizer_parts(const struct tokenizer *t);
