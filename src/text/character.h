/* character.h - UTF-8 text as Python's str sees it, so that a metric that a Python program defined
 * counts what that program counts. Pure. Categories and case are Unicode 17.0's (utf8proc 2.11);
 * Python 3.14 has 16.0, the `regex` module its own: characters that are newer than one of them may
 * differ, no others.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum character_class : uint8_t {
    CHARACTER_OTHER,
    CHARACTER_SPACE,       /* str.isspace(), what str.split() and str.strip() go by */
    CHARACTER_PUNCTUATION, /* \p{P} */
    CHARACTER_SYMBOL,      /* \p{S} */
    CHARACTER_NUMBER,      /* \p{N} */
};

/* The character at text[0..n), n > 0, and its length in bytes. A byte that is not UTF-8 there is a
 * character of its own, U+DC00 + byte, as with Python's errors="surrogateescape". */
[[nodiscard]] uint32_t character_next(const char *text, size_t n, size_t *ret_bytes);

/* UTF-8 of c, 1 to 4 bytes; an escaped byte becomes that byte again. Returns the length. */
[[nodiscard]] size_t character_encode(uint32_t c, char ret[static 4]);

[[nodiscard]] enum character_class character_class(uint32_t c);

[[nodiscard]] bool character_is_space(uint32_t c);

/* The white space at text[0..n), n > 0, in bytes; 0 when none stands there. */
[[nodiscard]] size_t character_space(const char *text, size_t n);

/* The length of text[0..n) without the white space at its end: str.rstrip(). */
[[nodiscard]] size_t character_rstrip(const char *text, size_t n);

/* str.lower(): the full mapping of Unicode's SpecialCasing without the languages' own (U+0130
 * becomes two characters, a final sigma is seen). room for 2 n bytes; returns the length. */
[[nodiscard]] size_t character_lower(const char *text, size_t n, char *ret);
