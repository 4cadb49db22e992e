/* env_diff.h - what differs between the machines and the software of two runs (their env.json). */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;

struct env_diff {
    const char *key;        /* "cpu.model" */
    const char *base, *new; /* as text; nullptr: unknown or not there */
};

/* Scalars of both env.json, but for what differs from hour to hour (load, free memory, clocks).
 * Where one is not there, or damaged, everything is unknown: *ret_why says so, *ret_n is 0. */
void env_diff_read(const char *base, const char *new, struct arena *a, struct env_diff **ret,
                   size_t *ret_n, const char **ret_why);
