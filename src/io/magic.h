/* magic.h - what a file is that should be text and is not, by its first bytes. Pure. */
#pragma once

#include <stddef.h>

/* "compressed with gzip; unpack it first": what it is, and what to do; nullptr: nothing that is
 * known. */
[[nodiscard]] const char *magic_of(const char *bytes, size_t n);
