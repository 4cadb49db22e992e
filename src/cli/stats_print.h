/* stats_print.h - what `chimera stats` says to people. */
#pragma once

#include "analysis/column_bootstrap.h"
#include "analysis/column_bound.h"
#include "analysis/column_share.h"

struct str;

struct stats_print_look {
    bool colour;
    size_t width; /* of the terminal; 0: lines of any length */
};

/* Rows that were left out, and why; nothing where none was. */
void stats_print_rows(const struct column_table *t, struct str *out);
/* A row for each group and figure: its intervals, and what drawing leaves open of the last. */
void stats_print_bootstrap(const struct column_stats *s, const struct column_bootstrap *b,
                           const struct stats_print_look *look, struct arena *a, struct str *out);
void stats_print_bounds(const struct column_stats *s, const struct column_bound *b, size_t n,
                        const struct stats_print_look *look, struct arena *a, struct str *out);
/* In place of stats_print() where every value is 0 or 1, and there are no blocks. */
void stats_print_shares(const struct column_share *c, const struct column_share_words *words,
                        const struct stats_print_look *look, struct arena *a, struct str *out);
void stats_print(const struct column_stats *s, const struct stats_print_look *look, struct arena *a,
                 struct str *out);
