/* tokenizer.h - byte-level BPE (GPT-2's kind), token by token equal to Hugging Face tokenizers.
 *
 * Reads tokenizer.json, or vocab.json + merges.txt. What it does not implement (another model,
 * normaliser, pre-tokeniser) is refused by name with ERR_UNSUPPORTED, never approximated.
 * A tokenizer holds scratch memory that is reused, so one belongs to one thread; after warm-up no
 * call allocates.
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
 * never sees such text and an answer would be an invention. No token is added of its own accord.
 * room = bytes + 1 is always enough; less may be ERR_LIMIT. */
[[nodiscard]] enum err_code tokenizer_encode(struct tokenizer *t, const char *text, size_t bytes,
                                             int32_t *ret_ids, size_t room, size_t *ret_n,
                                             struct err *e);

/* Appends the text of ids[0..n) to out, special tokens included; bytes that are no UTF-8 become
 * U+FFFD and ids that are no tokens nothing, as in transformers' decode(). */
void tokenizer_decode(struct tokenizer *t, const int32_t *ids, size_t n, struct str *out);

/* The vocabulary, for exporters. The ids are 0..tokenizer_n_tokens() - 1; holes are possible. */
size_t tokenizer_n_tokens(const struct tokenizer *t);
const char *tokenizer_token(
    const struct tokenizer *t,
    int32_t id); /* in the byte-level alphabet ("\u0120the"), NUL-ended; nullptr: a hole */
bool tokenizer_is_added(const struct tokenizer *t, int32_t id);
bool tokenizer_is_special(const struct tokenizer *t, int32_t id);
size_t tokenizer_n_merges(const struct tokenizer *t);
void tokenizer_merge(const struct tokenizer *t, size_t rank, int32_t *ret_left, int32_t *ret_right);
