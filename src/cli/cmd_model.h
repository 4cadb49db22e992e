/* cmd_model.h - the members of 'chimera model', one file cmd_model_<name>.c each. */
#pragma once

#include "cli/command.h"

extern const struct command cmd_model_export;
extern const struct command cmd_model_inspect;
extern const struct command cmd_model_perplexity;
extern const struct command cmd_model_quantize;
extern const struct command cmd_model_synth;
extern const struct command cmd_model_verify;
