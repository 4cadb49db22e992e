/* experiment_file.h - an experiment file, read and checked: nothing runs from a file with a
 * mistake. */
#pragma once

#include "base/err.h"

struct arena;
struct experiment;
struct jsonw;

/* Read path and the scenario files that it names. *ret and all of its text belong to a.
 *
 * Every mistake of a file is looked for, not only the first: ERR_USAGE's message holds up to ten
 * lines "file:line:column: key: what is wrong; did you mean ...?" in the order of the file. A file
 * that is no YAML gives ERR_USAGE with the one line of its parser; ERR_IO where there is no such
 * file.
 */
[[nodiscard]] enum err_code experiment_file_read(const char *path, struct arena *a,
                                                 struct experiment *ret, struct err *e);

/* The experiment with every default written out and every scenario's prompts in it, as one JSON
 * object: two files that ask for the same give the same text, whatever their comments and order of
 * keys. */
void experiment_file_json(const struct experiment *x, struct jsonw *w);
