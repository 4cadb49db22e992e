/* unicode_class.h - what GPT-2's pre-tokeniser asks of a character, by Unicode 16.0. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum unicode_class : uint8_t {
    UNICODE_SPACE,  /* White_Space: the regular expression's \s */
    UNICODE_LETTER, /* \p{L} */
    UNICODE_NUMBER, /* \p{N} */
    UNICODE_OTHER,
};

enum unicode_class unicode_class(uint32_t c);

/* The character at text[0..n), n > 0, and in *ret_bytes its length. UINT32_MAX: not UTF-8 here. */
uint32_t unicode_class_decode(const char *text, size_t n, size_t *ret_bytes);
