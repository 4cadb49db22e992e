/* column_table.h - columns of text as numbers and groups: what is missing is counted, not guessed.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

struct column_table_source { /* columns of n rows as text; nullptr: not asked for */
    const char *const *value, *const *group, *const *pair, *const *block;
    const char *const *x;            /* numbers too */
    const char *value_name, *x_name; /* for messages */
    const bool *skip;                /* rows that are not asked about; nullptr: none */
    size_t n;
};

struct column_table { /* the rows that have everything that was asked for */
    size_t n;
    const double *value;
    const double *x;                      /* nullptr: not asked for */
    const size_t *row;                    /* of the file, from 1 */
    const uint32_t *group, *pair, *block; /* levels from 0; nullptr: not asked for */
    const char *const *groups, *const *pairs, *const *blocks; /* names of levels, as they came */
    uint32_t n_groups, n_pairs, n_blocks;                     /* 1 group where none was asked for */
    size_t n_rows, no_value, no_number, no_group, no_pair, no_block; /* rows left out, and why */
    bool grouped;                                                    /* groups were asked for */
    size_t skipped;                                                  /* not asked about */
    size_t no_x;              /* x is missing, or no number */
    const char *not_a_number; /* the first of no_number */
    size_t not_a_number_row;  /* its row, from 1 */
};

/* A number as text, nothing else beside it; NOT_MEASURED: it is none. *ret_missing: it says that
 * there is none ("", NA, NaN, null, None, -). Infinite is no number. */
[[nodiscard]] double column_table_number(const char *text, bool *ret_missing);

/* ERR_PARSE: no row is left, with what was wrong with the first. */
[[nodiscard]] enum err_code column_table_make(const struct column_table_source *s, struct arena *a,
                                              struct column_table *ret, struct err *e);
