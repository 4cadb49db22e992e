/* capture.h - run a program for a moment and keep what it says, under a time limit. */
#pragma once

#include "base/defs.h"
#include "base/err.h"

struct str;

/* argv[0] is looked for in PATH; standard input is empty; standard error is dropped. Standard
 * output is added to out, 1 MiB at most. ERR_UNAVAILABLE: it cannot be started; ERR_LIMIT: it was
 * still running after `limit` and was killed; ERR_BACKEND: it ended with another status than 0 (out
 * keeps its words). */
[[nodiscard]] enum err_code capture_output(const char *const *argv, nsec_t limit, struct str *out,
                                           struct err *e);
