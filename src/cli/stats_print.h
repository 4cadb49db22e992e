/* stats_print.h - what `chimera stats` says to people. */
#pragma once

#include "analysis/column_bootstrap.h"
#include "analysis/column_stats.h"

struct str;

/* Rows that were left out, and why; nothing where none was. */
void stats_print_rows(const struct column_table *t, struct str *out);
/* A row for each group and figure: its intervals, and what drawing leaves open of the last. */
void stats_print_bootstrap(const struct column_stats *s, const struct column_bootstrap *b,
                           bool colour, struct arena *a, struct str *out);
void stats_print(const struct column_stats *s, bool colour, struct arena *a, struct str *out);
