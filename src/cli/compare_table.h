/* compare_table.h - two results, or a history of many, as text. */
#pragma once

#include "analysis/comparison.h"
#include "analysis/history.h"

struct arena;
struct str;

/* A row per cell, a heading per scenario and model, then the reasons. */
void compare_table(const struct comparison *c, size_t n, bool colour, struct arena *a,
                   struct str *out);
/* A line per change and cell; folders: names of the points. */
void compare_table_history(const struct history *h, size_t n, const char *const *folders,
                           bool colour, struct arena *a, struct str *out);
