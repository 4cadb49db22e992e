#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
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

static enum err_code no_command(const struct command *const *list, const char *group,
                                const char *word, struct err *e)
{
    static const char *const later[] = {"decide", "report",  "insight", "load",
                                        "engine", "physics", "lineage"};
    for (size_t i = 0; !*group && i < COUNT_OF(later); i++)
        if (strcmp(word, later[i]) == 0)
            return err_set(e, ERR_USAGE,
                           "this version has no command '%s' yet; see 'chimera --help'", word);
    const char *const near = nearest_command(list, word);
    if (near)
        return err_set(e, ERR_USAGE, "no such command: '%s%s'; did you mean '%s%s'?", group, word,
                       group, near);
    return err_set(e, ERR_USAGE, "no such command: '%s%s'; see 'chimera %s--help'", group, word,
                   group);
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

static enum err_code check_operands(const struct command *c, const char *name,
                                    const struct opt_list *operands, struct err *e)
{
    if (operands->n < c->min_operands)
        return err_set(e, ERR_USAGE, "%s: needs %s; see 'chimera %s --help'", name, c->operands,
                       name);
    if (operands->n > c->max_operands)
        return err_set(e, ERR_USAGE, "%s: '%s' is one operand too many: it takes %s", name,
                       operands->items[c->max_operands],
                       c->max_operands ? c->operands : "options only");
    return ERR_OK;
}

/* What people try before they know that it is --help and --version. */
static void take_word_for_option(int argc, char **argv)
{
    static char help[] = "--help", version[] = "--version";
    const int at = first_word(argc, argv, 1);
    if (at < argc && strcmp(argv[at], "help") == 0)
        argv[at] = help;
    else if (at < argc && strcmp(argv[at], "version") == 0)
        argv[at] = version;
}

static enum err_code dispatch(struct cli *cli, int argc, char **argv, int *ret_exit, struct err *e)
{
    const struct command *parent = nullptr, *c = nullptr;
    take_word_for_option(argc, argv);
    int at = first_word(argc, argv, 1);
    if (at < argc) {
        /* Before the command only global options can stand: a mistyped one is told before the
         * word behind it is taken for a command. */
        const struct opt_set global = {command_globals, cli};
        struct opt_list none = {};
        if (opt_parse(&global, 1, at - 1, argv + 1, &none, cli->arena, e))
            return e->code;
        c = command_find(commands, argv[at]);
        if (!c)
            return no_command(commands, "", argv[at], e);
        memmove(argv + at, argv + at + 1,
                (size_t)(argc - at) * sizeof *argv); /* with the last nullptr */
        argc--;
        at = c->members ? first_word(argc, argv, at) : argc;
        if (c->members && at < argc) {
            parent = c;
            c = command_find(parent->members, argv[at]);
            if (!c)
                return no_command(parent->members, arena_printf(cli->arena, "%s ", parent->name),
                                  argv[at], e);
            memmove(argv + at, argv + at + 1, (size_t)(argc - at) * sizeof *argv);
            argc--;
        }
    }

    const char *const name = !c        ? ""
                             : !parent ? c->name
                                       : arena_printf(cli->arena, "%s %s", parent->name, c->name);
    void *const args = c && c->args_bytes ? arena_alloc(cli->arena, 1, c->args_bytes) : nullptr;
    const struct opt_set sets[] = {{c ? c->opts : nullptr, args}, {command_globals, cli}};
    struct opt_list operands = {};
    if (opt_parse(sets, COUNT_OF(sets), argc - 1, argv + 1, &operands, cli->arena, e))
        return c ? err_wrap(e, "%s", name) : e->code;
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
    if (check_operands(c, name, &operands, e))
        return e->code;
    return c->run(cli, args, &operands, ret_exit, e);
}

/* A file that is opened must not become descriptor 1 or 2 because the caller closed them. */
static void hold_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY); /* the lowest free: fd */
}

int main(int argc, char **argv)
{
    hold_standard_streams();
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY_LIMIT);
    struct cli cli = {.arena = a};
    struct err e = {};
    int exit_code = 0;
    const enum err_code code = dispatch(&cli, argc, argv, &exit_code, &e);
    if (code) {
        fprintf(stderr, "chimera: %s\n", e.msg);
        exit_code = command_exit_code(code);
    }
    const bool lost = ferror(stdout) != 0; /* of what went out already; its errno is gone */
    errno = 0;
    if (fflush(stdout) != 0 || lost) { /* a full disk behind '>' fails too */
        fprintf(stderr, "chimera: cannot write to standard output: %s\n",
                errno ? strerror(errno) : "not all of it was taken");
        exit_code = exit_code ? exit_code : 1;
    }
    return exit_code;
}
