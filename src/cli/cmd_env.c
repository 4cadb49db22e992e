/* chimera env: the machine and the software as a file. */
#include "base/arena.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/environment.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

struct env_args {
    const char *output;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 'o', "output", "FILE", "env.json", "file to write; - is standard output",
     FIELD_OF(struct env_args, output, const char *)},
    {},
};
/* clang-format on */

static enum err_code run(struct cli *cli, const void *args_, const struct opt_list *, int *,
                         struct err *e)
{
    const struct env_args *const args = args_;
    struct environment env;
    CLEANUP(str_done) struct str out = {};
    const bool to_stdout = cli->json || strcmp(args->output, "-") == 0;
    environment_gather(cli->verbose, to_stdout ? "." : file_folder_of(cli->arena, args->output),
                       cli->arena, &env);
    environment_json(&env, &out);
    if (to_stdout) {
        fputs(str_text(&out), stdout);
        return ERR_OK;
    }
    if (file_write(args->output, str_text(&out), out.n, e))
        return e->code;
    if (!cli->quiet)
        fprintf(stderr, "wrote %s\n", args->output);
    return ERR_OK;
}

const struct command cmd_env = {
    .name = "env",
    .operands = "",
    .summary = "capture the environment to a file",
    .about =
        "Writes what a result depends on besides the experiment: machine, processor, memory, "
        "limits,\n"
        "clock, sensors, versions of engines and libraries, how this program was built, and the\n"
        "variables that change how engines behave. What cannot be known is null, with the reason\n"
        "beside it as NAME_why. With -v torch is imported to see which BLAS it uses.\n"
        "'chimera run' writes the same file into the results folder.",
    .examples = "  chimera env -o before.json\n  chimera env --json",
    .opts = opts,
    .args_bytes = sizeof(struct env_args),
    .run = run,
};
