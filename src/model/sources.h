/* sources.h - digests of the files that a model consists of, without reading gigabytes twice.
 *
 * A file's digest is remembered in the cache under its place, size and times; a file that changed
 * less than two seconds ago is read again, since a second change could bear the same times.
 */
#pragma once

#include "base/err.h"
#include "io/digest.h"

#include <stdint.h>

struct arena;

/* The text that `sha256sum` prints for the files of a Hugging Face folder that decide what is
 * exported (config.json, weights, tokenizer), or of an ONNX folder, sorted by name; *ret_bytes is
 * their size. ERR_IO: a file cannot be read. */
[[nodiscard]] enum err_code sources_list(const char *folder, struct arena *a, const char **ret_text,
                                         int64_t *ret_bytes, struct err *e);
/* When the newest file of them (or path itself, where it is a file) was last modified: ns since
 * 1970; -1: none is there. */
[[nodiscard]] int64_t sources_modified(const char *path, struct arena *a);
/* SHA-256 of one file, remembered. */
[[nodiscard]] enum err_code sources_file(const char *path, struct arena *a,
                                         char hex[static DIGEST_HEX], int64_t *ret_bytes,
                                         struct err *e);
