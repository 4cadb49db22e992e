/* byte_level.h - GPT-2's printable alphabet for bytes: each byte is one character, and the bytes
 * that are no printable Latin-1 characters are U+0100 and up, in order. */
#pragma once

#include <stdint.h>

uint32_t byte_level_char(uint8_t byte);  /* U+0120 for a space */
int byte_level_byte(uint32_t character); /* -1: not in the alphabet */
uint8_t byte_level_nth(uint32_t id);     /* the byte of token id < 256 in GPT-2's vocabulary */
