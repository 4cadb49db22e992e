/* columns.h - some columns of a file of rows, as text: CSV, TSV, JSON lines, a JSON list of
 * objects, Parquet. CSV is read by io/csv, the others through DuckDB.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

enum columns_format : uint8_t { COLUMNS_AUTO, COLUMNS_CSV, COLUMNS_JSON, COLUMNS_PARQUET };

struct columns {
    const char *const *names; /* of all columns of the file */
    size_t n_names;
    const char *const **text; /* [wanted][n_rows]; nullptr: nothing is there (empty, or null) */
    size_t n_rows;
};

/* wanted[0..n): names of columns; a nullptr among them gives a nullptr column. All belongs to a.
 * ERR_USAGE: no such column (with the nearest), or a name that does not tell its format.
 * ERR_PARSE: where the file is malformed. */
[[nodiscard]] enum err_code columns_read(const char *path, enum columns_format format,
                                         const char *const *wanted, size_t n, struct arena *a,
                                         struct columns *ret, struct err *e);
