/* guess.h - which format a file is in, by what it begins with and by the end of its name.
 */
#pragma once

#include "base/err.h"
#include "import/import.h"

/* What the first 64 KiB show of a tool comes before the name's end. table: the columns are mapped
 * (--map, --wide, --delimiter), so that it is a csv or a jsonl, whoever wrote it. ERR_USAGE:
 * nothing tells, or it looks like two; ERR_PARSE: it is what no format is. "-" is no name. */
[[nodiscard]] enum err_code guess_format(const char *source, bool table, enum import_format *ret,
                                         struct err *e);

/* Is text, of the beginning of a file, JSON and no table? */
[[nodiscard]] bool guess_is_json(const char *text);
