#include "cli/completion.h"

#include "base/str.h"
#include "cli/command.h"

#include <string.h>

/* What can stand where an option or a command wants a word. */
enum completion_kind { KIND_NONE, KIND_WORD, KIND_FILE, KIND_FOLDER, KIND_CHOICE };

static enum completion_kind kind_of_option(const struct opt *o)
{
    if (o->type == OPT_CHOICE)
        return KIND_CHOICE;
    if (!o->arg)
        return KIND_NONE;
    if (strstr(o->arg, "DIR"))
        return KIND_FOLDER;
    return strstr(o->arg, "FILE") || strstr(o->arg, "PATH") ? KIND_FILE : KIND_WORD;
}

static enum completion_kind kind_of_operands(const struct command *c)
{
    const char *const text = c->operands ? c->operands : "";
    if (!*text)
        return KIND_NONE;
    if (strncmp(text, "EXPERIMENT", 10) == 0)
        return KIND_FILE;
    if (strstr(text, "DIR") || strstr(text, "BASE"))
        return KIND_FOLDER;
    return strstr(text, "URL") ? KIND_WORD : KIND_FILE;
}

/* Text inside single quotes. as_word also escapes what zsh's _arguments gives a meaning. */
static void put_quoted(struct str *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (*text == '\'')
            str_puts(out, "'\\''");
        else {
            if (*text == '\\' || strchr(special, *text))
                str_putc(out, '\\');
            str_putc(out, *text);
        }
    }
}

static void put_names(struct str *out, const struct command *const *list)
{
    for (; *list; list++)
        if (!(*list)->hidden)
            str_printf(out, "%s ", (*list)->name);
}

static void put_choices(struct str *out, const struct opt *o)
{
    for (size_t i = 0; o->choice && o->choice[i]; i++)
        str_printf(out, "%s%s", i ? " " : "", o->choice[i]);
}

/* Calls visit for every command that is not hidden, a group before its members. */
static void each(struct str *out, void (*visit)(struct str *out, const struct command *parent,
                                                const struct command *c))
{
    for (const struct command *const *c = commands; *c; c++) {
        if ((*c)->hidden)
            continue;
        visit(out, nullptr, *c);
        for (const struct command *const *m = (*c)->members; m && *m; m++)
            if (!(*m)->hidden)
                visit(out, *c, *m);
    }
}

/* ---- bash */

static void put_option_names(struct str *out, const struct opt *o)
{
    for (; o && o->type != OPT_END; o++) {
        str_printf(out, "--%s ", o->name);
        if (o->letter)
            str_printf(out, "-%c ", o->letter);
    }
}

static void bash_command(struct str *out, const struct command *parent, const struct command *c)
{
    static const char *const operand[] = {"", "", "file", "dir", ""};
    str_printf(out, "    '%s%s%s') kind='%s' words='", parent ? parent->name : "",
               parent ? " " : "", c->name, operand[kind_of_operands(c)]);
    if (c->members)
        put_names(out, c->members);
    put_option_names(out, c->opts);
    str_puts(out, "' ;;\n");
}

static void bash_values_of(struct str *out, const char *pattern, const struct opt *o)
{
    for (; o && o->type != OPT_END; o++) {
        const enum completion_kind kind = kind_of_option(o);
        if (kind == KIND_NONE)
            continue;
        str_printf(out, "    %s' --%s'", pattern, o->name);
        if (o->letter)
            str_printf(out, " | %s' -%c'", pattern, o->letter);
        str_puts(out, ") globals='' ");
        if (kind == KIND_CHOICE) {
            str_puts(out, "kind='' words='");
            put_choices(out, o);
            str_puts(out, "' ;;\n");
        } else {
            str_printf(out, "words='' kind='%s' ;;\n",
                       kind == KIND_FILE     ? "file"
                       : kind == KIND_FOLDER ? "dir"
                                             : "");
        }
    }
}

static void bash_values(struct str *out, const struct command *parent, const struct command *c)
{
    CLEANUP(str_done) struct str pattern = {};
    str_printf(&pattern, "'%s%s%s'", parent ? parent->name : "", parent ? " " : "", c->name);
    bash_values_of(out, str_text(&pattern), c->opts);
}

void completion_bash(struct str *out)
{
    str_puts(out, "# bash completion of chimera; made by chimera dump-options\n"
                  "_chimera() {\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local command='' groups=' ");
    for (const struct command *const *c = commands; *c; c++)
        if ((*c)->members && !(*c)->hidden)
            str_printf(out, "%s ", (*c)->name);
    str_puts(out, "' i words='' kind='' globals='");
    put_option_names(out, command_globals);
    str_puts(out, "'\n"
                  "    # bash takes --name=value apart\n"
                  "    if [[ $cur == = ]]; then\n"
                  "        cur=''\n"
                  "    elif [[ $prev == = ]]; then\n"
                  "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                  "    fi\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        case ${COMP_WORDS[i]} in\n"
                  "        --color) ((i++)) ;;\n"
                  "        -*) ;;\n"
                  "        *)\n"
                  "            if [[ -z $command ]]; then\n"
                  "                command=${COMP_WORDS[i]}\n"
                  "                [[ $groups == *\" $command \"* ]] || break\n"
                  "            else\n"
                  "                command=\"$command ${COMP_WORDS[i]}\"\n"
                  "                break\n"
                  "            fi\n"
                  "            ;;\n"
                  "        esac\n"
                  "    done\n"
                  "    case $command in\n"
                  "    '') words='");
    put_names(out, commands);
    str_puts(out, "' ;;\n");
    each(out, bash_command);
    str_puts(out, "    esac\n    case \"$command $prev\" in\n");
    each(out, bash_values);
    bash_values_of(out, "*", command_globals);
    str_puts(out, "    esac\n"
                  "    COMPREPLY=($(compgen -W \"$words $globals\" -- \"$cur\"))\n"
                  "    if [[ $cur != -* && -n $kind ]]; then\n"
                  "        compopt -o filenames 2>/dev/null\n"
                  "        local IFS=$'\\n'\n"
                  "        if [[ $kind == dir ]]; then\n"
                  "            COMPREPLY+=($(compgen -d -- \"$cur\"))\n"
                  "        else\n"
                  "            COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
                  "        fi\n"
                  "    fi\n"
                  "}\n"
                  "complete -F _chimera chimera\n");
}

/* ---- zsh */

static void zsh_options(struct str *out, const struct opt *o)
{
    for (; o && o->type != OPT_END; o++) {
        str_puts(out, " \\\n        ");
        if (o->type == OPT_LIST)
            str_puts(out, "'*'");
        else if (o->letter)
            str_printf(out, "'(-%c --%s)'", o->letter, o->name);
        const char *const glue = o->arg ? "=" : ""; /* --name VALUE and --name=VALUE */
        if (o->letter)
            str_printf(out, "{-%c%s,--%s%s}'[", o->letter, o->arg ? "+" : "", o->name, glue);
        else
            str_printf(out, "'--%s%s[", o->name, glue);
        put_quoted(out, o->help, "[]:");
        str_puts(out, "]");
        if (o->arg || o->type == OPT_CHOICE) {
            str_puts(out, ":");
            put_quoted(out, o->arg ? o->arg : "WORD", "[]:");
            const enum completion_kind kind = kind_of_option(o);
            str_puts(out, kind == KIND_FILE ? ":_files" : kind == KIND_FOLDER ? ":_files -/" : ":");
            if (kind == KIND_CHOICE) {
                str_puts(out, "(");
                put_choices(out, o);
                str_puts(out, ")");
            }
        }
        str_puts(out, "'");
    }
}

static void zsh_list(struct str *out, const struct command *const *list)
{
    str_puts(out, "    local -a names=(");
    for (; *list; list++)
        if (!(*list)->hidden) {
            str_printf(out, "\n        '%s:", (*list)->name);
            put_quoted(out, (*list)->summary, ":");
            str_puts(out, "'");
        }
    str_puts(out, ")\n    _describe command names\n");
}

/* The two levels look alike: options, then a word that names the function for the rest. */
static void zsh_dispatch(struct str *out, const char *name, const struct opt *opts,
                         const struct command *const *list)
{
    str_printf(out, "_%s_names() {\n", name);
    zsh_list(out, list);
    str_printf(out, "}\n\n_%s() {\n    local line state\n    _arguments -C -S", name);
    zsh_options(out, opts);
    if (opts != command_globals)
        zsh_options(out, command_globals);
    str_printf(out, " \\\n        '1: :_%s_names' '*:: :->rest'\n", name);
    str_puts(out, "    [[ $state == rest ]] || return\n    case $line[1] in\n");
    for (; *list; list++)
        if (!(*list)->hidden)
            str_printf(out, "    %s) _%s_%s ;;\n", (*list)->name, name, (*list)->name);
    str_puts(out, "    esac\n}\n\n");
}

static void zsh_command(struct str *out, const struct command *parent, const struct command *c)
{
    CLEANUP(str_done) struct str name = {};
    str_printf(&name, "chimera_%s%s%s", parent ? parent->name : "", parent ? "_" : "", c->name);
    if (c->members) {
        zsh_dispatch(out, str_text(&name), c->opts, c->members);
        return;
    }
    str_printf(out, "_%s() {\n    _arguments -S", str_text(&name));
    zsh_options(out, c->opts);
    zsh_options(out, command_globals);
    const enum completion_kind kind = kind_of_operands(c);
    if (kind != KIND_NONE) {
        str_puts(out, " \\\n        '*:");
        put_quoted(out, c->operands, "[]:");
        str_puts(out, kind == KIND_FOLDER ? ":_files -/'" : kind == KIND_FILE ? ":_files'" : ":'");
    }
    str_puts(out, "\n}\n\n");
}

void completion_zsh(struct str *out)
{
    str_puts(out,
             "#compdef chimera\n# zsh completion of chimera; made by chimera dump-options\n\n");
    each(out, zsh_command);
    zsh_dispatch(out, "chimera", command_globals, commands);
    str_puts(out, "_chimera \"$@\"\n");
}

/* ---- fish */

static void fish_options(struct str *out, const char *condition, const struct opt *o)
{
    for (; o && o->type != OPT_END; o++) {
        str_printf(out, "complete -c chimera%s -l %s", condition, o->name);
        if (o->letter)
            str_printf(out, " -s %c", o->letter);
        switch (kind_of_option(o)) {
        case KIND_NONE:
            break;
        case KIND_WORD:
            str_puts(out, " -x");
            break;
        case KIND_FILE:
            str_puts(out, " -r -F");
            break;
        case KIND_FOLDER:
            str_puts(out, " -x -a '(__fish_complete_directories)'");
            break;
        case KIND_CHOICE:
            str_puts(out, " -x -a '");
            put_choices(out, o);
            str_puts(out, "'");
            break;
        }
        str_puts(out, " -d '");
        for (const char *h = o->help; *h; h++)
            str_printf(out, "%s%c", *h == '\'' || *h == '\\' ? "\\" : "", *h);
        str_puts(out, "'\n");
    }
}

static void fish_command(struct str *out, const struct command *parent, const struct command *c)
{
    CLEANUP(str_done) struct str condition = {};
    str_printf(out, "complete -c chimera -n '__chimera_at %s' -a %s -d '",
               parent ? parent->name : "", c->name);
    for (const char *h = c->summary; *h; h++)
        str_printf(out, "%s%c", *h == '\'' || *h == '\\' ? "\\" : "", *h);
    str_puts(out, "'\n");
    str_printf(&condition, " -n '__chimera_in %s%s%s'", parent ? parent->name : "",
               parent ? " " : "", c->name);
    fish_options(out, str_text(&condition), c->opts);
    const enum completion_kind kind = c->members ? KIND_NONE : kind_of_operands(c);
    if (kind == KIND_FILE)
        str_printf(out, "complete -c chimera%s -F\n", str_text(&condition));
    if (kind == KIND_FOLDER)
        str_printf(out, "complete -c chimera%s -a '(__fish_complete_directories)'\n",
                   str_text(&condition));
}

void completion_fish(struct str *out)
{
    str_puts(out, "# fish completion of chimera; made by chimera dump-options\n"
                  "function __chimera_words\n"
                  "    set -l skip 0\n"
                  "    for word in (commandline -opc)[2..]\n"
                  "        if test $skip = 1\n"
                  "            set skip 0\n"
                  "        else if test \"$word\" = --color\n"
                  "            set skip 1\n"
                  "        else if not string match -q -- '-*' $word\n"
                  "            echo $word\n"
                  "        end\n"
                  "    end\n"
                  "end\n"
                  "# the words so far are these and no more\n"
                  "function __chimera_at\n"
                  "    test \"$(__chimera_words | string join ' ')\" = \"$argv\"\n"
                  "end\n"
                  "# the words so far begin with these\n"
                  "function __chimera_in\n"
                  "    set -l words (__chimera_words)\n"
                  "    test (count $words) -ge (count $argv)\n"
                  "    and test \"$words[1..$(count $argv)]\" = \"$argv\"\n"
                  "end\n"
                  "complete -c chimera -f\n");
    fish_options(out, "", command_globals);
    each(out, fish_command);
}
