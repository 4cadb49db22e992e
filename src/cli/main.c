#include "base/arena.h"
#include "base/nearest.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

constexpr size_t MEMORY_LIMIT = (size_t)8 << 30;
constexpr size_t MOST_COMMANDS = 64;

static const char *nearest_command(const struct command *const *list, const char *word)
{
    const char *names[MOST_COMMANDS];
    size_t n = 0;
    for (; *list && n < MOST_COMMANDS; list++)
        if (!(*list)->hidden)
            names[n++] = (*list)->name;
    return nearest_word(word, names, n);
}

static enum err_code no_command(const struct command *const *list, const char *what,
                                const char *word, struct err *e)
{
    const char *const near = nearest_command(list, word);
    if (near)
        return err_set(e, ERR_USAGE, "no such %s: '%s'; did you mean '%s'?", what, word, near);
    return err_set(e, ERR_USAGE, "no such %s: '%s'; see 'chimera --help'", what, word);
}

/* The first word that is no option names the command; a group's next one names its member. Global
 * options may stand before the command: none of them but --color takes a value. */
static int first_word(int argc, char **argv, int from)
{
    int i = from;
    while (i < argc && argv[i][0] == '-')
        i += strcmp(argv[i], "--color") == 0 ? 2 : 1;
    return i;
}

static enum err_code check_operands(const struct command *c, const struct opt_list *operands,
                                    struct err *e)
{
    if (operands->n < c->min_operands)
        return err_set(e, ERR_USAGE, "%s: needs %s", c->name, c->operands);
    if (operands->n > c->max_operands)
        return err_set(e, ERR_USAGE, "%s: '%s' is one operand too many; usage: %s %s", c->name,
                       operands->items[c->max_operands], c->name, c->operands);
    return ERR_OK;
}

static enum err_code dispatch(struct cli *cli, int argc, char **argv, int *ret_exit, struct err *e)
{
    const struct command *parent = nullptr, *c = nullptr;
    int at = first_word(argc, argv, 1);
    if (at < argc) {
        c = command_find(commands, argv[at]);
        if (!c)
            return no_command(commands, "command", argv[at], e);
        memmove(argv + at, argv + at + 1,
                (size_t)(argc - at) * sizeof *argv); /* with the last nullptr */
        argc--;
        at = c->members ? first_word(argc, argv, at) : argc;
        if (c->members && at < argc) {
            parent = c;
            c = command_find(parent->members, argv[at]);
            if (!c)
                return no_command(parent->members, parent->name, argv[at], e);
            memmove(argv + at, argv + at + 1, (size_t)(argc - at) * sizeof *argv);
            argc--;
        }
    }

    void *const args = c && c->args_bytes ? arena_alloc(cli->arena, 1, c->args_bytes) : nullptr;
    const struct opt_set sets[] = {{c ? c->opts : nullptr, args}, {command_globals, cli}};
    struct opt_list operands = {};
    if (opt_parse(sets, COUNT_OF(sets), argc - 1, argv + 1, &operands, cli->arena, e))
        return c ? err_wrap(e, "%s", c->name) : e->code;
    if (cli->version) {
        puts("chimera " CHIMERA_VERSION);
        return ERR_OK;
    }
    if (cli->help || !c) {
        command_help(parent, c);
        *ret_exit = cli->help ? 0 : 2;
        return ERR_OK;
    }
    if (!c->run)
        return err_set(e, ERR_USAGE, "%s needs a command; see 'chimera %s --help'", c->name,
                       c->name);
    if (check_operands(c, &operands, e))
        return e->code;
    return c->run(cli, args, &operands, ret_exit, e);
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY_LIMIT);
    struct cli cli = {.arena = a};
    struct err e = {};
    int exit_code = 0;
    const enum err_code code = dispatch(&cli, argc, argv, &exit_code, &e);
    if (code) {
        fprintf(stderr, "chimera: %s\n", e.msg);
        exit_code = command_exit_code(code);
    }
    if (fflush(stdout) != 0 && exit_code == 0) { /* a full disk behind '>' is a failure too */
        perror("chimera: stdout");
        exit_code = 1;
    }
    return exit_code;
}
