/* file.h - whole files and folders, in and out. Nothing is ever left half-written. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;

void file_closep(FILE **f); /* for CLEANUP() on files that were only read */
void file_fd_closep(int *fd);

/* Read path whole. *ret_text belongs to a and ends in a NUL that *ret_bytes does not count. */
[[nodiscard]] enum err_code file_read(const char *path, struct arena *a, char **ret_text,
                                      size_t *ret_bytes, struct err *e);

/* Replace path by text[0..n): written beside it, synced, renamed over it. A reader sees the old
 * file or the new one, never a part; on failure (a full disk) the old one stands and nothing is
 * left over. A device or a pipe is written to as it is. */
[[nodiscard]] enum err_code file_write(const char *path, const char *text, size_t n, struct err *e);

[[nodiscard]] enum err_code file_make_folders(const char *path, struct err *e); /* mkdir -p */
bool file_exists(const char *path);
bool file_is_folder(const char *path);
[[nodiscard]] char *file_join(struct arena *a, const char *folder, const char *name);
[[nodiscard]] char *file_folder_of(struct arena *a, const char *path); /* "." where it has none */
const char *file_name_of(const char *path);                            /* borrowed from path */

/* Where chimera keeps what it can make again (models, exports): $CHIMERA_CACHE, or
 * $XDG_CACHE_HOME/chimera, or ~/.cache/chimera, ~ being the system's word where HOME is not set.
 * Belongs to a. Not created. */
[[nodiscard]] char *file_cache_folder(struct arena *a);
