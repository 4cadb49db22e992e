/* env_diff.h - what differs between the machines and the software of two runs (their env.json). */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;

struct env_diff {
    const char *key;        /* "cpu.model" */
    const char *base, *new; /* as text; nullptr: unknown or not there */
};

/* Scalars of both env.json, but for what differs from hour to hour (load, free memory, clocks). A
 * folder without env.json has none: everything is then unknown, *ret_why says so, *ret_n is 0. */
[[nodiscard]] enum err_code env_diff_read(const char *base, const char *new, struct arena *a,
                                          struct env_diff **ret, size_t *ret_n,
                                          const char **ret_why, struct err *e);
