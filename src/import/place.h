/* place.h - a folder that appears whole or not at all: filled beside its place, then renamed into
 * it. A kill leaves a folder `.NAME.import-XXXXXX` beside it, which means nothing.
 */
#pragma once

#include "base/err.h"

struct arena;

struct place {
    const char *dir;    /* where it will be */
    const char *beside; /* where it is filled; nullptr: nothing is open */
    bool replaces;      /* what an earlier import made is there */
};

/* ERR_USAGE where dir holds anything: with force, anything that an import did not make. */
[[nodiscard]] enum err_code place_open(struct place *p, const char *dir, bool force,
                                       struct arena *a, struct err *e);
[[nodiscard]] enum err_code place_commit(struct place *p, struct err *e);
void place_discard(struct place *p); /* removes what was not committed; for CLEANUP() too */
