/* command.h - one command: one file cmd_<name>.c, one const struct command, one line in commands.c.
 */
#pragma once

#include "base/opt.h"

struct arena;

struct cli { /* the global options, and what every command needs */
    bool json, quiet, verbose, help, version;
    unsigned color; /* 0 auto, 1 always, 2 never */
    struct arena *arena;
};

struct command {
    const char *name;     /* "plan"; of a group's member: "synth" */
    const char *operands; /* "EXPERIMENT", "DIR...", "" */
    const char *summary;  /* one line, no full stop */
    const char *about; /* paragraphs for the man page and --help: what it does, what it does not */
    const char *examples; /* lines of shell, each tried by a test; nullptr: none */
    const struct opt *opts;
    size_t args_bytes;
    unsigned min_operands, max_operands;
    /* ERR_OK ends with exit 0 unless *ret_exit says otherwise. args is the filled struct of opts.
     */
    enum err_code (*run)(struct cli *cli, const void *args, const struct opt_list *operands,
                         int *ret_exit, struct err *e);
    const struct command *const *members; /* of a group (model); ends in nullptr */
    bool hidden;                          /* for chimera itself (worker) */
};

extern const struct command *const commands[]; /* ends in nullptr */
extern const struct opt command_globals[];

const struct command *command_find(const struct command *const *list, const char *name);
/* --help of one command, or of chimera where c is nullptr. parent: the group, or nullptr. */
void command_help(const struct command *parent, const struct command *c);
int command_exit_code(enum err_code code);
/* ERR_USAGE where nothing has that name: what is asked for is wrong, and nothing has gone wrong.
 * "-" is standard input. */
[[nodiscard]] enum err_code command_check_file(const char *path, struct err *e);
/* --color; where that is auto: a terminal, and no NO_COLOR. */
[[nodiscard]] bool command_wants_colour(const struct cli *cli);
/* Columns of the terminal that stdout is; 0: it is none, and a line may be as long as it gets. */
[[nodiscard]] size_t command_width(void);
