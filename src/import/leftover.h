/* leftover.h - what the columns that no field took would have told apart: samples of one cell whose
 * latency depends on such a column are pooled workloads, and a column that goes with the backend is
 * part of every comparison of backends. Both are written into the manifest, where the audit finds
 * them.
 *
 * The first LEFTOVER_ROWS rows are looked at, and columns of few different words. A column that
 * only says again which prompt or process it was is none of the two.
 */
#pragma once

#include "import/mapping.h"

#include <stddef.h>

struct arena;
struct jsonw;
struct leftover;
struct str;

constexpr size_t LEFTOVER_ROWS = 200'000;
constexpr size_t LEFTOVER_WORDS = 48; /* of a column; more are no classes */

typedef bool leftover_take(const struct mapping_column *c, const void *row, struct record *r,
                           struct str *why);

/* nullptr: no column is left over. It belongs to a; leftover_done() frees the rest. */
[[nodiscard]] struct leftover *leftover_new(const struct mapping *m, struct arena *a);
void leftover_done(struct leftover *l);

/* A row that was taken: r are its fields, row and take as in session_row(). */
void leftover_see(struct leftover *l, const struct record *r, const void *row, leftover_take *take);

/* The columns that split cells, each with its evidence, and those that go with the backend. */
void leftover_write(const struct leftover *l, struct jsonw *w);
/* "mode (prefill, generate), ..."; "" where no column splits a cell. */
void leftover_names(const struct leftover *l, struct str *out);

/* A column whose words differ wherever two rows are of one cell; nullptr: there is none. Words
 * before numbers; *ret_word is one of its. */
[[nodiscard]] const char *leftover_telling(const struct leftover *l, const char **ret_word);
