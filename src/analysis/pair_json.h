/* pair_json.h - one comparison in statistical_analysis.json: the seed's keys, and what stands
 * beside them. */
#pragma once

#include "analysis/pair.h"

struct arena;
struct jsonw;

/* An object. Reads a cell again where mean and median disagree, to name the samples. */
[[nodiscard]] enum err_code pair_json(struct jsonw *w, const struct results *r,
                                      const struct pair *p, struct arena *a, struct err *e);
