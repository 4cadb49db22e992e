/* quality_table.h - perplexities of configurations in aligned columns, with a line of why below. */
#pragma once

#include "analysis/quality_perplexity.h"

struct arena;
struct str;

struct quality_table_row {
    const char *backend, *precision;
    const char *model; /* a heading where it is not the row's before; nullptr: none */
    const struct quality_perplexity *quality;
    bool baseline; /* the others are compared with it: nothing is missing of it */
};

void quality_table(const struct quality_table_row *rows, size_t n, bool colour, struct arena *a,
                   struct str *out);
