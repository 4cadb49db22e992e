/* imported_line.h - an imported sample as a line of samples.jsonl: only the keys that are known. */
#pragma once

#include "import/record.h"

struct str;

struct imported_line {
    const char *cell; /* JSON: the keys of its cell, from the brace on, no comma at the end */
    size_t n_cell;
    uint32_t invocation;
    uint64_t seq;
    int64_t repetition, prompt_index; /* -1: not known */
    enum status status;
    const char *reason; /* nullptr: none */
};
void imported_line_format(const struct imported_line *line, const struct record *r,
                          struct str *out);
