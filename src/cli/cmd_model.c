#include "cli/cmd_model.h"

#include "cli/command_all.h"

static const struct command *const members[] = {
    &cmd_model_synth,  &cmd_model_inspect,    &cmd_model_export, &cmd_model_quantize,
    &cmd_model_verify, &cmd_model_perplexity, nullptr,
};

const struct command cmd_model = {
    .name = "model",
    .operands = "",
    .summary = "the model lab: make, derive, inspect and prove models",
    .about =
        "One checkpoint, many engines: a Hugging Face folder is the source, and what the engines\n"
        "load is derived from it and proven equal.",
    .members = members,
};
