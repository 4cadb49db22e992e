/* experiment_perplexity.h - the key `perplexity` of an experiment file. */
#pragma once

struct experiment;
struct experiment_reader;
struct jsonw;
struct yaml;

/* Into ret->perplexity, which stays nullptr where root has no such key. Mistakes go to r. */
void experiment_perplexity_read(struct experiment_reader *r, const struct yaml *root,
                                struct experiment *ret);

/* The key and its object, as every default has it; nothing where x has none. */
void experiment_perplexity_json(const struct experiment *x, struct jsonw *w);
