/* The whole list, in the order of --help. */
#include "cli/command.h"
#include "cli/command_all.h"

/* clang-format off */
const struct command *const commands[] = {
    &cmd_doctor,
    &cmd_selftest,
    &cmd_init,
    &cmd_plan,
    &cmd_run,
    &cmd_analyze,
    &cmd_compare,
    &cmd_audit,
    &cmd_import,
    &cmd_stats,
    &cmd_quality,
    &cmd_env,
    &cmd_worker,
    &cmd_model,
    &cmd_dump_options,
    nullptr,
};
/* clang-format on */
