/* chimera import: what another tool measured, as a results folder. */
#include "base/arena.h"
#include "base/defs.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/import_print.h"
#include "import/guess.h"
#include "import/import.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct import_args {
    const char *out, *delimiter, *wide, *rows;
    unsigned format; /* 0: guess_format() */
    unsigned numbers;
    struct opt_list map, constants;
    bool skip_bad, force, fields, dry;
};

static const char *const formats[] = {"auto",     "csv",        "jsonl",  "llama-bench",
                                      "guidellm", "vllm-bench", "aiperf", nullptr};

static const char *const numbers[] = {"1234.5", "1.234,5", "1,234.5", nullptr};
static const char decimal_of[] = {'\0', ',', '.'};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR,    'o', "output",    "DIR",    nullptr, "results folder to make; it must be empty or not there",
     FIELD_OF(struct import_args, out, const char *)},
    {OPT_CHOICE, 'f', "format",    "FORMAT", "auto",  "csv, jsonl, llama-bench, guidellm, vllm-bench, aiperf; auto is by what the file begins with, and by its name",
     FIELD_OF(struct import_args, format, unsigned), .choice = formats},
    {OPT_LIST,   'm', "map",       "FIELD=COLUMN", nullptr,
     "take FIELD from COLUMN; COLUMN:UNIT where its unit is another, COLUMN*X to multiply, nothing to take none; "
     "FIELD@NAME=COLUMN for each column of a wide table",
     FIELD_OF(struct import_args, map, struct opt_list)},
    {OPT_LIST,   'c', "const",     "FIELD=VALUE", nullptr, "FIELD is VALUE in every row",
     FIELD_OF(struct import_args, constants, struct opt_list)},
    {OPT_STR,    0,   "wide",      "FIELD",  nullptr,
     "each row is one of each NAME: FIELD@NAME, or onnx_latency_ms beside torch_latency_ms; FIELD is what NAME is: "
     "backend, precision, model, scenario, invocation, repetition [backend, where the names show it]",
     FIELD_OF(struct import_args, wide, const char *)},
    {OPT_STR,    0,   "rows",      "KEY",    nullptr,
     "of one JSON document, the list (or object of objects) that holds the rows [the only one]",
     FIELD_OF(struct import_args, rows, const char *)},
    {OPT_STR,    0,   "delimiter", "CHAR",   nullptr, "between columns of a csv; 'tab' for a tab [found in the first line]",
     FIELD_OF(struct import_args, delimiter, const char *)},
    {OPT_CHOICE, 0,   "numbers",   "FORM",   "1234.5", "how a csv writes numbers: 1234.5, 1.234,5 (a decimal comma) or 1,234.5",
     FIELD_OF(struct import_args, numbers, unsigned), .choice = numbers},
    {OPT_FLAG,   0,   "skip-bad",  nullptr,  nullptr, "leave malformed rows out, and say how many; else they are an error",
     FIELD_OF(struct import_args, skip_bad, bool)},
    {OPT_FLAG,   0,   "force",     nullptr,  nullptr, "replace what an earlier import made in DIR",
     FIELD_OF(struct import_args, force, bool)},
    {OPT_FLAG,   'n', "dry-run",   nullptr,  nullptr, "read all of SOURCE, show what each column is taken for, and write nothing",
     FIELD_OF(struct import_args, dry, bool)},
    {OPT_FLAG,   0,   "fields",    nullptr,  nullptr, "list the fields that --map and --const know, and stop",
     FIELD_OF(struct import_args, fields, bool)},
    {},
};
/* clang-format on */

static volatile sig_atomic_t stopped;

static void stop(int)
{
    stopped = 1;
}

static enum err_code find_delimiter(const char *word, char *ret, struct err *e)
{
    *ret = '\0';
    if (!word)
        return ERR_OK;
    *ret = strcmp(word, "tab") == 0 || strcmp(word, "\\t") == 0 ? '\t' : word[0];
    const bool one = *ret == '\t' || (word[0] && !word[1]);
    return one && !strchr("\"\r\n", *ret)
               ? ERR_OK
               : err_set(e, ERR_USAGE, "import: --delimiter '%s': one character or 'tab' is wanted",
                         word);
}

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct import_args *const o = args;
    if (o->fields && operands->n)
        return err_set(e, ERR_USAGE,
                       "import: --fields lists what --map knows and takes no SOURCE; 'chimera "
                       "import %s --dry-run' shows what its columns are taken for",
                       operands->items[0]);
    if (o->fields) {
        import_print_fields();
        return ERR_OK;
    }
    if (operands->n == 0)
        return err_set(e, ERR_USAGE, "import: needs SOURCE -o DIR; see 'chimera import --help'");
    struct import_request q = {.source = operands->items[0],
                               .out = o->out,
                               .map = o->map.items,
                               .n_map = o->map.n,
                               .constants = o->constants.items,
                               .n_constants = o->constants.n,
                               .wide = o->wide,
                               .rows = o->rows,
                               .decimal = decimal_of[o->numbers],
                               .dry = o->dry,
                               .skip_bad = o->skip_bad,
                               .force = o->force,
                               .stop = &stopped};
    struct import_report report;
    if (!o->dry && (!o->out || !*o->out))
        return err_set(e, ERR_USAGE,
                       "import: needs -o DIR, the folder to make, or --dry-run to see what would "
                       "be taken");
    const bool table = q.n_map || q.wide || o->delimiter || q.decimal;
    q.format = (enum import_format)(o->format - 1); /* 0: auto */
    if (command_check_file(q.source, e) || find_delimiter(o->delimiter, &q.delimiter, e) ||
        (o->format == 0 && guess_format(q.source, table, &q.format, e)))
        return e->code;
    if (o->delimiter && q.format != IMPORT_CSV)
        return err_set(e, ERR_USAGE, "import: --delimiter is for csv");
    if (q.decimal && q.format != IMPORT_CSV)
        return err_set(e, ERR_USAGE, "import: --numbers is for csv");
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    (void)sigaction(SIGINT, &action, nullptr);
    (void)sigaction(SIGTERM, &action, nullptr);
    if (o->format == 0 && q.format > IMPORT_JSONL && !cli->quiet)
        fprintf(stderr, "chimera: taken as --format %s\n", import_format_name(q.format));
    if (import_run(&q, cli->arena, &report, e))
        return e->code;
    for (size_t i = 0; i < report.n_notes && !cli->quiet; i++)
        fprintf(stderr, "chimera: %s\n", report.notes[i]);
    if (cli->json)
        import_print_json(&q, &report);
    else
        import_print_text(cli, &q, &report);
    return ERR_OK;
}

const struct command cmd_import = {
    .name = "import",
    .operands = "SOURCE -o DIR",
    .summary = "make a results folder of what another tool measured",
    .about =
        "Rows of a table are samples where a column is latency_ms, else whole cells. Columns "
        "whose\n"
        "names say what they are map by themselves; what is not used is named. Nothing is made "
        "up:\n"
        "what the source lacks stays unknown, and manifest.json says what came from where. The\n"
        "folder appears whole or not at all.\n\n"
        "--dry-run shows what each column is taken for; --fields lists the fields, their units "
        "and\n"
        "the columns that are taken for them by name. A table with a column of latencies for each\n"
        "backend is taken by names like onnx_latency_ms, or --map latency_ms@onnx=COLUMN.\n"
        "docs/IMPORT.md says what each format gives, and what is not known then.",
    .examples =
        "  chimera import latency.csv --dry-run\n"
        "  chimera import latency.csv -o results/theirs --const backend=vllm\n"
        "  chimera import both.csv -o results/both --map latency_ms@onnx=a --map "
        "latency_ms@torch=b\n"
        "  chimera import log.csv -o results/log --map latency_ms=elapsed:s --map model=name",
    .opts = opts,
    .args_bytes = sizeof(struct import_args),
    .min_operands = 0, /* with --fields */
    .max_operands = 1,
    .run = run,
};
