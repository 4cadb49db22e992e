/* hf_rope.h - the rotary embedding that a config.json asks for, in both of its spellings. */
#pragma once

#include "base/err.h"

struct arena;
struct hf_config;
struct hf_family;
struct hf_reader;

/* Fills c->rope and c->rope_local; c->n_ctx must be known. A kind that chimera does not implement
 * is said in c->unsupported. ERR_PARSE: a value of the wrong kind, or one that the kind needs and
 * that is not there. */
[[nodiscard]] enum err_code hf_rope_read(const struct hf_reader *r, const struct hf_family *f,
                                         struct arena *a, struct hf_config *c, struct err *e);
