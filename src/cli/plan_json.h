/* plan_json.h - a plan as JSON: `plan --json`, and plan.json in a results folder. */
#pragma once

#include "base/err.h"

#include <stdio.h>

struct experiment;
struct jsonw;
struct plan_machine;
struct prepared_plan;

/* Written as it is made: a million cells take no memory. The order of configurations and scenarios
 * is given for every block, cells in the order of the first. ERR_IO where out cannot take it. */
[[nodiscard]] enum err_code plan_json_print(FILE *out, const struct prepared_plan *p,
                                            const struct plan_machine *m, struct err *e);

/* The key generated_from: the experiment's files and their digests. ERR_IO where one cannot be read
 * any more. */
[[nodiscard]] enum err_code plan_json_sources(struct jsonw *w, const struct experiment *x,
                                              struct err *e);
