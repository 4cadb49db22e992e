/* column.h - what stands behind '=' in --map: COLUMN, COLUMN:UNIT, COLUMN*X, or COLUMN+COLUMN. */
#pragma once

#include "import/mapping.h"

struct arena;
struct str;

/* text into ret, whose field is known; a column of just that name before all. item, the whole
 * option, is for messages. ERR_USAGE names a column that is not there and the nearest right one.
 * What ret holds belongs to a. */
[[nodiscard]] enum err_code column_read(const struct mapping_request *q, struct arena *a,
                                        const char *item, const char *text,
                                        struct mapping_column *ret, struct err *e);
/* The first names, for a message. */
void column_list(const char *const *names, size_t n, struct str *out);
