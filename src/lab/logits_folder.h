/* logits_folder.h - a place for files of logits that are read once: large, and gone at once.
 *
 * Under $TMPDIR; where that is not set, under /dev/shm if it has room, else under /tmp. What a
 * chimera that was killed left there is swept by the next one of the same user.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;

struct logits_folder { /* starts as {} */
    const char *path;
    struct arena *arena;
};

/* bytes: what its files will have at most, all together. path belongs to a. */
[[nodiscard]] enum err_code logits_folder_make(struct logits_folder *f, size_t bytes,
                                               struct arena *a, struct err *e);
void logits_folder_done(struct logits_folder *f); /* removes it and its files; for CLEANUP() too */
