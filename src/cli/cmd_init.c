/* chimera init: an experiment to start from. */
#include "base/defs.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <stdio.h>

static const char starter[] = {
#embed "starter.yaml"
};

static enum err_code run(struct cli *cli, const void *, const struct opt_list *operands, int *,
                         struct err *e)
{
    const char *const folder = operands->n ? operands->items[0] : ".";
    char *const path = file_join(cli->arena, folder, "experiment.yaml");
    if (file_exists(path))
        return err_set(e, ERR_USAGE, "'%s' is there already; nothing was written", path);
    if (file_make_folders(folder, e) || file_write(path, starter, sizeof starter, e))
        return e->code;
    if (cli->json) {
        CLEANUP(str_done) struct str text = {};
        struct jsonw w = {.out = &text};
        jsonw_object(&w);
        jsonw_kstr(&w, "schema", "chimera.init/1");
        jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
        jsonw_kstr(&w, "experiment", path);
        jsonw_end_object(&w);
        puts(text.text);
        return ERR_OK;
    }
    printf("wrote %s\n", path);
    if (!cli->quiet)
        fprintf(stderr, "next: chimera plan %s\n", path);
    return ERR_OK;
}

const struct command cmd_init = {
    .name = "init",
    .operands = "[DIR]",
    .summary = "write a commented experiment to start from",
    .about = "Writes DIR/experiment.yaml (DIR is the current folder unless given, and made where "
             "it is missing).\n"
             "The experiment runs as it is: its model is made from a seed, nothing is downloaded. "
             "A file that\n"
             "is there already is never touched: exit 2.",
    .examples = "  chimera init my-study\n"
                "  chimera plan my-study/experiment.yaml",
    .min_operands = 0,
    .max_operands = 1,
    .run = run,
};
