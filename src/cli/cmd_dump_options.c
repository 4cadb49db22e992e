#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/completion.h"
#include "cli/man.h"
#include "io/jsonw.h"

#include <stdio.h>

struct dump_args {
    unsigned format;
};

enum dump_format { DUMP_JSON, DUMP_LIST, DUMP_MAN, DUMP_BASH, DUMP_ZSH, DUMP_FISH };
static const char *const formats[] = {"json", "list", "man", "bash", "zsh", "fish", nullptr};

/* clang-format off */
static const struct opt dump_opts[] = {
    {OPT_CHOICE, 0, "format", "WORD", "json", "json, a list of the pages, a man page, or completions",
     FIELD_OF(struct dump_args, format, unsigned), .choice = formats},
    {},
};
/* clang-format on */

static void write_options(struct jsonw *w, const char *key, const struct opt *o)
{
    static const char *const types[] = {
        [OPT_END] = nullptr,   [OPT_FLAG] = "flag",   [OPT_STR] = "string", [OPT_LIST] = "list",
        [OPT_U32] = "integer", [OPT_U64] = "integer", [OPT_F64] = "number", [OPT_CHOICE] = "choice",
    };
    jsonw_karray(w, key);
    for (; o && o->type != OPT_END; o++) {
        jsonw_object(w);
        jsonw_kstr(w, "name", o->name);
        jsonw_kstr(w, "letter", o->letter ? (const char[]){o->letter, 0} : nullptr);
        jsonw_kstr(w, "type", types[o->type]);
        jsonw_kstr(w, "arg", o->arg);
        jsonw_kstr(w, "default", o->def);
        jsonw_kstr(w, "help", o->help);
        jsonw_kf64(w, "min", o->min < o->max ? o->min : NOT_MEASURED);
        jsonw_kf64(w, "max", o->min < o->max ? o->max : NOT_MEASURED);
        jsonw_karray(w, "choices");
        for (size_t i = 0; o->choice && o->choice[i]; i++)
            jsonw_str(w, o->choice[i]);
        jsonw_end_array(w);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_commands(struct jsonw *w, const char *key, const struct command *const *list)
{
    jsonw_karray(w, key);
    for (; list && *list; list++) {
        const struct command *const c = *list;
        if (c->hidden)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "name", c->name);
        jsonw_kstr(w, "operands", c->operands);
        jsonw_kstr(w, "summary", c->summary);
        jsonw_kstr(w, "about", c->about);
        jsonw_kstr(w, "examples", c->examples);
        write_options(w, "options", c->opts);
        write_commands(w, "members", c->members);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void write_json(struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.options/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    write_options(&w, "global_options", command_globals);
    write_commands(&w, "commands", commands);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

/* The commands that have a page, a line each: "plan", "model", "model synth". */
static void write_list(struct str *out)
{
    for (const struct command *const *c = commands; *c; c++) {
        if ((*c)->hidden)
            continue;
        str_printf(out, "%s\n", (*c)->name);
        for (const struct command *const *m = (*c)->members; m && *m; m++)
            if (!(*m)->hidden)
                str_printf(out, "%s %s\n", (*c)->name, (*m)->name);
    }
}

static enum err_code write_man(struct str *out, const struct opt_list *words, struct err *e)
{
    const struct command *parent = nullptr, *c = nullptr;
    const struct command *const *list = commands;
    for (size_t i = 0; i < words->n; i++) {
        parent = c;
        c = list ? command_find(list, words->items[i]) : nullptr;
        if (!c)
            return err_set(e, ERR_USAGE, "no such command: '%s'", words->items[i]);
        list = c->members;
    }
    man_page(out, parent, c);
    return ERR_OK;
}

static enum err_code dump_options(struct cli *, const void *args, const struct opt_list *operands,
                                  int *, struct err *e)
{
    const struct dump_args *const a = args;
    CLEANUP(str_done) struct str out = {};
    switch ((enum dump_format)a->format) {
    case DUMP_JSON:
        write_json(&out);
        break;
    case DUMP_LIST:
        write_list(&out);
        break;
    case DUMP_MAN:
        if (write_man(&out, operands, e))
            return e->code;
        break;
    case DUMP_BASH:
        completion_bash(&out);
        break;
    case DUMP_ZSH:
        completion_zsh(&out);
        break;
    case DUMP_FISH:
        completion_fish(&out);
        break;
    }
    fputs(str_text(&out), stdout);
    return ERR_OK;
}

const struct command cmd_dump_options = {
    .name = "dump-options",
    .operands = "[COMMAND [MEMBER]]",
    .summary = "print what the tables of commands and options say",
    .opts = dump_opts,
    .args_bytes = sizeof(struct dump_args),
    .max_operands = 2,
    .run = dump_options,
    .hidden = true,
};
