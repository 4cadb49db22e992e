/* stats_where.h - `chimera stats --where COLUMN=VALUE`: the rows that are asked about. */
#pragma once

#include "base/err.h"
#include "base/opt.h"

#include <stddef.h>

struct arena;

constexpr size_t STATS_WHERE_MOST = 8;

struct stats_where { /* all of them hold in a row that counts */
    const char *column[STATS_WHERE_MOST], *value[STATS_WHERE_MOST];
    size_t n;
};

/* ERR_USAGE: not COLUMN=VALUE, or too many. */
[[nodiscard]] enum err_code stats_where_read(const struct opt_list *list, struct arena *a,
                                             struct stats_where *ret, struct err *e);

/* text[k]: the column of condition k, n_rows. *ret: of each row, whether it is left out; nullptr
 * where nothing is asked. ERR_USAGE: a condition holds in no row, with the nearest value. */
[[nodiscard]] enum err_code stats_where_rows(const struct stats_where *w,
                                             const char *const *const *text, size_t n_rows,
                                             struct arena *a, const bool **ret, struct err *e);
