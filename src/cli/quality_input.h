/* quality_input.h - the files of `chimera quality`: a text each line, all of the same number. */
#pragma once

#include "base/err.h"
#include "io/digest.h"
#include "text/line.h"

struct arena;

struct quality_file {
    const char *path;
    struct line *lines;
    size_t n;
    char digest[DIGEST_HEX];
};

/* Split at the delimiter (one that ends the file begins no line; a carriage return before a new
 * line is no part of it). ERR_USAGE: an empty file, or what is not UTF-8, with the line. "-" is
 * standard input. */
[[nodiscard]] enum err_code quality_input_read(const char *path, const char *delimiter,
                                               size_t delimiter_n, struct arena *a,
                                               struct quality_file *ret, struct err *e);

/* ERR_USAGE names the first file that has another number of lines than files[0]. */
[[nodiscard]] enum err_code quality_input_check(const struct quality_file *const *files, size_t n,
                                                struct err *e);

/* "\n", "\t", "\0" and "\\" of a delimiter as it is typed; ERR_USAGE for an empty one. */
[[nodiscard]] enum err_code quality_input_delimiter(const char *typed, struct arena *a,
                                                    const char **ret, size_t *ret_n, struct err *e);
