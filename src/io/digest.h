/* digest.h - SHA-256, as 64 hex digits and a NUL. */
#pragma once

#include "base/err.h"

#include <stddef.h>

constexpr size_t DIGEST_HEX = 65;

struct digest; /* bytes that come in parts */
[[nodiscard]] struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t n);
void digest_end(struct digest *d, char hex[static DIGEST_HEX]); /* d starts over */
void digest_freep(struct digest **d);                           /* for CLEANUP() */

void digest_of(const void *bytes, size_t n, char hex[static DIGEST_HEX]);
[[nodiscard]] enum err_code digest_file(const char *path, char hex[static DIGEST_HEX],
                                        struct err *e);
