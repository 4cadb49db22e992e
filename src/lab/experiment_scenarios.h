/* experiment_scenarios.h - the prompts and scenarios of an experiment file, and the scenarios' own
 * files. */
#pragma once

struct experiment;
struct experiment_reader;
struct yaml;

/* Fills prompt_sets, scenarios and files of *x; needs x->path, folder and max_tokens. Mistakes go
 * to r. */
void experiment_scenarios_read(struct experiment_reader *r, const struct yaml *root,
                               struct experiment *x);
