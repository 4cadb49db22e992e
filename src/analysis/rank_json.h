/* rank_json.h - the rank tests of two samples in JSON: keys of an open object, the same in
 * statistical_analysis.json and in `chimera stats`, but for what a p-value is called there. */
#pragma once

#include "num/rank.h"

struct jsonw;

/* mann_whitney and kolmogorov_smirnov. p_key: the seed's "p_value", or "p". */
void rank_json_tests(struct jsonw *w, const char *p_key, const struct rank_u *u, double u_holm,
                     const struct rank_ks *ks);
