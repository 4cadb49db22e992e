/* across_json.h - comparisons across scenarios in statistical_analysis.json. */
#pragma once

#include "analysis/across.h"

struct jsonw;
struct results;

/* An array of objects. */
void across_json(const struct across *c, size_t n, const struct results *r, struct arena *a,
                 struct jsonw *w);
