/* column_json.h - the JSON of column_stats.h: keys of an open object. */
#pragma once

#include "analysis/column_stats.h"

struct jsonw;

void column_json_rows(const struct column_table *t, struct jsonw *w);
void column_json_stats(const struct column_stats *s, struct arena *a, struct jsonw *w);
