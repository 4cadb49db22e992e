/* synth_config.h - config.json of a synth model, as transformers writes it for its family. */
#pragma once

struct str;
struct synth_spec;

/* name: of the spec. begin, end: the tokens that begin and end a text. */
void synth_config_write(const struct synth_spec *s, const char *name, unsigned begin, unsigned end,
                        struct str *out);
