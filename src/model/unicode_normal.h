/* unicode_normal.h - the normalisation forms of Unicode (UAX 15) as Hugging Face tokenizers has
 * them.
 *
 * Its library's tables are those of Unicode 9.0: a character that came later decomposes into itself
 * and is a starter. libutf8proc's tables are newer, so unicode_normal_later.h lists the characters
 * that it knows too much about; a test compares all code points with the library.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct str;

enum unicode_form : uint8_t { UNICODE_NFC, UNICODE_NFD, UNICODE_NFKC, UNICODE_NFKD };

struct unicode_normal_room { /* scratch that calls share; begins as {} */
    int32_t *characters, *sorted;
    size_t room;
};

void unicode_normal_done(struct unicode_normal_room *r);

/* Appends the form of text[0..n), which is UTF-8, to out. false: no memory. */
[[nodiscard]] bool unicode_normal(enum unicode_form form, const char *text, size_t n,
                                  struct unicode_normal_room *r, struct str *out);
