#include "cli/man.h"

#include "base/str.h"
#include "cli/command.h"

#include <ctype.h>
#include <string.h>

/* Text as roff text: nothing in it is a request, and a hyphen is the one that can be copied. */
static void put_text(struct str *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((text[i] == '.' || text[i] == '\'') && (i == 0 || text[i - 1] == '\n'))
            str_puts(out, "\\&");
        if (text[i] == '\\')
            str_puts(out, "\\e");
        else if (text[i] == '-')
            str_puts(out, "\\-");
        else
            str_putc(out, text[i]);
    }
}

static void put_line(struct str *out, const char *text)
{
    put_text(out, text, strlen(text));
    str_putc(out, '\n');
}

/* A blank line ends a paragraph; an indented line stays as it is. */
static void put_paragraphs(struct str *out, const char *text)
{
    bool literal = false;
    while (*text) {
        const size_t n = strcspn(text, "\n");
        const bool blank = strspn(text, " \t") >= n;
        const bool wants = !blank && text[0] == ' ';
        if (wants != literal && !(blank && literal)) {
            str_puts(out, wants ? ".PP\n.nf\n" : ".fi\n.PP\n");
            literal = wants;
        }
        if (!blank) {
            put_text(out, text, n);
            str_putc(out, '\n');
        } else if (literal) {
            str_putc(out, '\n');
        } else if (text[n] && text[n + 1] != ' ') {
            str_puts(out, ".PP\n");
        }
        text += n + (text[n] == '\n');
    }
    if (literal)
        str_puts(out, ".fi\n");
}

static void put_option(struct str *out, const struct opt *o)
{
    str_puts(out, ".TP\n");
    if (o->letter)
        str_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    str_puts(out, "\\fB\\-\\-");
    put_text(out, o->name, strlen(o->name));
    str_puts(out, "\\fR");
    if (o->arg) {
        str_puts(out, " \\fI");
        put_text(out, o->arg, strlen(o->arg));
        str_puts(out, "\\fR");
    }
    str_putc(out, '\n');
    put_text(out, o->help, strlen(o->help));
    str_puts(out, ".");
    for (size_t i = 0; o->choice && o->choice[i]; i++) {
        str_puts(out, i ? ", " : " One of ");
        put_text(out, o->choice[i], strlen(o->choice[i]));
    }
    if (o->choice)
        str_puts(out, ".");
    if (o->min < o->max)
        str_printf(out, " From %g to %g.", o->min, o->max);
    if (o->type == OPT_LIST)
        str_puts(out, " May be given more than once.");
    if (o->def) {
        str_puts(out, " The default is ");
        put_text(out, o->def, strlen(o->def));
        str_puts(out, ".");
    }
    str_putc(out, '\n');
}

static void put_options(struct str *out, const char *heading, const struct opt *o)
{
    if (!o || o->type == OPT_END)
        return;
    str_printf(out, ".SH %s\n", heading);
    for (; o->type != OPT_END; o++)
        put_option(out, o);
}

static void put_commands(struct str *out, const char *prefix, const struct command *const *list)
{
    str_puts(out, ".SH COMMANDS\n");
    for (; *list; list++)
        if (!(*list)->hidden) {
            str_puts(out, ".TP\n\\fB");
            put_text(out, prefix, strlen(prefix));
            put_text(out, (*list)->name, strlen((*list)->name));
            str_puts(out, "\\fR(1)\n");
            put_line(out, (*list)->summary);
        }
}

static const char exit_status[] =
    ".SH EXIT STATUS\n"
    ".TP\n0\ndone\n"
    ".TP\n1\ndone, but cells failed, a gate failed or a regression was found\n"
    ".TP\n2\na mistake in the command line or in the experiment file\n"
    ".TP\n3\nnothing of what was asked for can run here\n"
    ".TP\n130\ninterrupted; \\fBchimera run \\-\\-resume\\fR goes on\n";

static void put_title(struct str *out, const char *name, const char *summary)
{
    CLEANUP(str_done) struct str title = {};
    for (const char *c = name; *c; c++)
        str_putc(&title, (char)toupper((unsigned char)*c));
    str_puts(out, ".TH ");
    put_text(out, str_text(&title), title.n);
    str_puts(out, " 1 \"\" \"chimera " CHIMERA_VERSION "\" \"chimera\"\n.SH NAME\n");
    put_text(out, name, strlen(name));
    str_puts(out, " \\- ");
    put_line(out, summary);
}

static void put_whole(struct str *out)
{
    put_title(out, "chimera", "measures LLM inference and tells the truth about it");
    str_puts(out, ".SH SYNOPSIS\n\\fBchimera\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
                  ".SH DESCRIPTION\nAn experiment file says which models run on which engines, at "
                  "which precision, with which prompts. chimera runs it, records every request "
                  "with its time stamps, and derives every table from these records. Results go "
                  "to the standard output, progress and messages to the standard error.\n");
    put_commands(out, "chimera-", commands);
    put_options(out, "GLOBAL OPTIONS", command_globals);
    str_puts(out, exit_status);
    str_puts(out,
             ".SH ENVIRONMENT\n"
             ".TP\n\\fBCHIMERA_CACHE\\fR\nthe folder where models and engine files that can be "
             "made again are kept; the default is chimera in \\fBXDG_CACHE_HOME\\fR or in "
             "~/.cache\n"
             ".TP\n\\fBCHIMERA_PYTHON\\fR\nthe Python that runs the transformers engines; "
             "the default is python3 in \\fBPATH\\fR\n"
             ".TP\n\\fBCHIMERA_ONNXRUNTIME\\fR\nthe ONNX Runtime library to load; the "
             "default is the system's libonnxruntime\n"
             ".TP\n\\fBCHIMERA_LLAMA\\fR\nthe llama.cpp library to load; the default is the "
             "system's libllama\n"
             ".TP\n\\fBTMPDIR\\fR\nwhere short-lived files go; the default is /tmp\n"
             ".TP\n\\fBNO_COLOR\\fR\nno colour, whatever the terminal can do\n");
}

void man_page(struct str *out, const struct command *parent, const struct command *c)
{
    if (!c) {
        put_whole(out);
        return;
    }
    CLEANUP(str_done) struct str name = {};
    str_printf(&name, "chimera-%s%s%s", parent ? parent->name : "", parent ? "-" : "", c->name);
    put_title(out, str_text(&name), c->summary);
    str_printf(out, ".SH SYNOPSIS\n\\fBchimera %s%s%s\\fR", parent ? parent->name : "",
               parent ? " " : "", c->name);
    if (c->members)
        str_puts(out, " \\fICOMMAND\\fR");
    if (c->operands && *c->operands) {
        str_puts(out, " \\fI");
        put_text(out, c->operands, strlen(c->operands));
        str_puts(out, "\\fR");
    }
    if (c->opts)
        str_puts(out, " [\\fIOPTIONS\\fR]");
    str_putc(out, '\n');
    if (c->about) {
        str_puts(out, ".SH DESCRIPTION\n");
        put_paragraphs(out, c->about);
    }
    if (c->members) {
        str_puts(&name, "-");
        put_commands(out, str_text(&name), c->members);
    }
    put_options(out, "OPTIONS", c->opts);
    put_options(out, "GLOBAL OPTIONS", command_globals);
    str_puts(out, exit_status);
    if (c->examples) {
        str_puts(out, ".SH EXAMPLES\n.nf\n");
        put_line(out, c->examples);
        str_puts(out, ".fi\n");
    }
    str_puts(out, ".SH SEE ALSO\n.BR chimera (1)\n");
}
