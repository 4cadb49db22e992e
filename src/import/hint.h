/* hint.h - the --map that a person may mean, for columns whose names nearly say what they are.
 * Pure.
 */
#pragma once

#include "import/mapping.h"

#include <stddef.h>

struct arena;
struct str;

/* The field that a column would be, were it not for its unit ("latency_s"; *ret_unit, else nullptr)
 * or for the keys that it lies in ("usage.completion_tokens"). FIELD_COUNT: none. */
[[nodiscard]] enum field hint_field_of(const char *column, const char **ret_unit);

/* The --map that would take of the unused columns what no field has yet: "--map A=B would take
 * 'B'"; nullptr: none is known. */
[[nodiscard]] const char *hint_for_unused(const char *const *unused, size_t n,
                                          const bool has[static FIELD_COUNT], struct arena *a);

/* Where nothing measured was found among names[0..n): the rest of a --map that would take
 * something, or "latency_ms=COLUMN". */
void hint_for_measured(const char *const *names, size_t n, struct str *out);

/* What would take the column that tells rows of one cell apart, in the words of --map: onto the
 * name that is there already, where there is one; word is one of its. It belongs to a. */
[[nodiscard]] const char *hint_for_telling(const char *column, const char *word,
                                           const struct mapping *m, struct arena *a);
