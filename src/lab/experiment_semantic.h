/* experiment_semantic.h - the key `semantic` of an experiment file. */
#pragma once

struct experiment;
struct experiment_reader;
struct jsonw;
struct yaml;

/* Into ret->semantic, which stays nullptr where root has no such key. Mistakes go to r. */
void experiment_semantic_read(struct experiment_reader *r, const struct yaml *root,
                              struct experiment *ret);

/* The key and its object; nothing where x has none. */
void experiment_semantic_json(const struct experiment *x, struct jsonw *w);
