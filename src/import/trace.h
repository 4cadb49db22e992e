/* trace.h - is a table a trace: readings of a sensor over time, and nothing else that was measured?
 * Pure. */
#pragma once

#include "import/field.h"

#include <stddef.h>

/* mapped: the fields that some column of names[0..n) is. */
[[nodiscard]] bool trace_is(const char *const *names, size_t n,
                            const bool mapped[static FIELD_COUNT]);
/* The column that says when, and its unit as its name has it; n: none does. */
[[nodiscard]] size_t trace_clock(const char *const *names, size_t n, const char **ret_unit);
