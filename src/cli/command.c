#include "cli/command.h"

#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const colors[] = {"auto", "always", "never", nullptr};

/* clang-format off */
const struct opt command_globals[] = {
    {OPT_FLAG,   'h', "help",    nullptr, nullptr, "explain the command and stop",
     FIELD_OF(struct cli, help, bool)},
    {OPT_FLAG,   0,   "version", nullptr, nullptr, "print the version and stop",
     FIELD_OF(struct cli, version, bool)},
    {OPT_FLAG,   0,   "json",    nullptr, nullptr, "machine output on stdout and nothing else there",
     FIELD_OF(struct cli, json, bool)},
    {OPT_FLAG,   'q', "quiet",   nullptr, nullptr, "no progress, only results and errors",
     FIELD_OF(struct cli, quiet, bool)},
    {OPT_FLAG,   'v', "verbose", nullptr, nullptr, "say more about what is done",
     FIELD_OF(struct cli, verbose, bool)},
    {OPT_CHOICE, 0,   "color",   "WHEN",  "auto",  "colour on the terminal: auto, always or never",
     FIELD_OF(struct cli, color, unsigned), .choice = colors},
    {},
};
/* clang-format on */

const struct command *command_find(const struct command *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp((*list)->name, name) == 0)
            return *list;
    return nullptr;
}

/* In the right column of the options, as wide as the text above them. */
static void print_wrapped(const char *text)
{
    constexpr size_t FROM = 31;
    constexpr size_t WIDTH = 100;
    size_t at = FROM;
    for (bool first = true; *text; first = false) {
        const size_t n = strcspn(text, " ");
        if (!first && at + 1 + n > WIDTH) {
            printf("\n%*s", (int)FROM, "");
            at = FROM;
            first = true;
        }
        at += n + !first;
        printf("%s%.*s", first ? "" : " ", (int)n, text);
        text += n;
        text += *text == ' ';
    }
    putchar('\n');
}

static void print_options(const struct opt *o)
{
    for (; o && o->type != OPT_END; o++) {
        CLEANUP(str_done) struct str left = {};
        if (o->letter)
            str_printf(&left, "-%c, ", o->letter);
        else
            str_puts(&left, "    ");
        str_printf(&left, "--%s", o->name);
        if (o->arg)
            str_printf(&left, " %s", o->arg);
        CLEANUP(str_done) struct str right = {};
        str_puts(&right, o->help);
        if (o->def)
            str_printf(&right, " [%s]", o->def);
        printf("  %-28s ", left.text);
        print_wrapped(str_text(&right));
    }
}

static void print_commands(const struct command *const *list)
{
    for (; *list; list++)
        if (!(*list)->hidden)
            printf("  %-12s %s\n", (*list)->name, (*list)->summary);
}

void command_help(const struct command *parent, const struct command *c)
{
    if (!c) {
        puts("chimera - measures LLM inference and tells the truth about it\n\n"
             "usage: chimera COMMAND [OPTIONS]\n\ncommands:");
        print_commands(commands);
        puts("\nglobal options:");
        print_options(command_globals);
        puts("\n'chimera COMMAND --help' explains a command.");
        return;
    }
    printf("chimera %s%s%s - %s\n\nusage: chimera %s%s%s", parent ? parent->name : "",
           parent ? " " : "", c->name, c->summary, parent ? parent->name : "", parent ? " " : "",
           c->name);
    printf("%s%s%s%s\n", c->members ? " COMMAND" : "", c->operands && *c->operands ? " " : "",
           c->operands ? c->operands : "", c->opts ? " [OPTIONS]" : "");
    if (c->about)
        printf("\n%s\n", c->about);
    if (c->members) {
        puts("\ncommands:");
        print_commands(c->members);
    }
    if (c->opts) {
        puts("\noptions:");
        print_options(c->opts);
    }
    puts("\nglobal options:");
    print_options(command_globals);
    if (c->examples)
        printf("\nexamples:\n%s\n", c->examples);
}

int command_exit_code(enum err_code code)
{
    switch (code) {
    case ERR_OK:
        return 0;
    case ERR_USAGE:
        return 2;
    case ERR_UNAVAILABLE:
        return 3;
    case ERR_INTERRUPTED:
        return 130;
    case ERR_PARSE:
    case ERR_IO:
    case ERR_LIMIT:
    case ERR_BACKEND:
    case ERR_UNSUPPORTED:
        return 1;
    }
    unreachable();
}

size_t command_width(void)
{
    struct winsize w = {};
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

enum err_code command_check_file(const char *path, struct err *e)
{
    if (strcmp(path, "-") == 0 || access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
        return ERR_OK;
    return err_set(e, ERR_USAGE, "no such file: '%s'", path);
}

bool command_wants_colour(const struct cli *cli)
{
    const char *const no = getenv("NO_COLOR");
    return cli->color == 1 || (cli->color == 0 && isatty(STDOUT_FILENO) && !(no && *no));
}
