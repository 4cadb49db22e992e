/* duck.h - DuckDB behind a door of our own, opened at run time. Only store/ includes this.
 *
 * In memory, a bounded one: what does not fit goes to a folder beside the system's other temporary
 * files, which DuckDB makes when it needs it and removes.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct duck;

/* ERR_UNAVAILABLE says how to get the library. */
[[nodiscard]] enum err_code duck_open(struct duck **ret, struct err *e);
void duck_closep(struct duck **p);

/* Statements whose result nobody wants, separated by ';'. */
[[nodiscard]] enum err_code duck_run(struct duck *d, const char *sql, struct err *e);

enum duck_type : uint8_t {
    DUCK_I64, /* BIGINT; NULL reads as INT64_MIN */
    DUCK_I32, /* INTEGER; NULL reads as INT32_MIN */
    DUCK_F64, /* DOUBLE; NULL reads as NOT_MEASURED */
    DUCK_STR, /* VARCHAR; NULL reads as nullptr */
};

struct duck_column {
    enum duck_type type;
    void *data; /* set by duck_query: an array of n_rows that belongs to the arena */
};

/* A query with exactly these columns, in this order and of these types; another shape is a bug of
 * the SQL beside us and reported as ERR_PARSE. */
[[nodiscard]] enum err_code duck_query(struct duck *d, const char *sql, struct duck_column *columns,
                                       size_t n_columns, struct arena *a, size_t *ret_rows,
                                       struct err *e);
