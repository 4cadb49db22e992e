#include "cli/analyze.h"
#include "cli/command.h"
#include "cli/command_all.h"

#include <limits.h>

struct analyze_args {
    unsigned format;
    const char *out;
    bool no_figure;
};

static const char *const formats[] = {"csv", "parquet", nullptr};
static_assert((int)RESULTS_EXPORT_CSV == 0 && (int)RESULTS_EXPORT_PARQUET == 1,
              "the order of formats[]");

/* clang-format off */
static const struct opt opts[] = {
    {OPT_CHOICE, 0,   "format",    "WORD",  "csv",   "of the samples: csv or parquet",
     FIELD_OF(struct analyze_args, format, unsigned), .choice = formats},
    {OPT_STR,    'o', "output",    "DIR",   nullptr, "where the tables go; the first DIR if not given",
     FIELD_OF(struct analyze_args, out, const char *)},
    {OPT_FLAG,   0,   "no-figure", nullptr, nullptr, "do not draw latency_by_backend.png",
     FIELD_OF(struct analyze_args, no_figure, bool)},
    {},
};
/* clang-format on */

static enum err_code run(struct cli *cli, const void *args, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    const struct analyze_args *const a = args;
    const struct analyze_request request = {.folders = operands->items,
                                            .n_folders = operands->n,
                                            .out = a->out,
                                            .format = (enum results_export_format)a->format,
                                            .no_figure = a->no_figure};
    struct analyze_outcome outcome = {};
    if (analyze_run(cli, &request, &outcome, e))
        return e->code;
    *ret_exit = outcome.gates_failed ? 1 : 0;
    return ERR_OK;
}

const struct command cmd_analyze = {
    .name = "analyze",
    .operands = "DIR...",
    .summary = "derive every table and analysis from the raw samples",
    .about =
        "Reads runs/ of a results folder and writes metrics.csv (a row per cell), samples.csv (a\n"
        "row per sample), statistical_analysis.json, quality_analysis.json and\n"
        "latency_by_backend.png. All of them can\n"
        "be deleted and derived again with the same bytes.\n\n"
        "Several DIRs are replicate runs of one experiment; runs of different experiments are\n"
        "refused. Only ok samples of phase measured enter a figure; a cell that is not ok has\n"
        "none, and its reason is shown. A cell that fails a gate of quality (accuracy_threshold,\n"
        "perplexity) is fail_accuracy, has no figure either, and the exit status is 1. Scenarios "
        "and models are never pooled as replicates.",
    .examples = "  chimera analyze results/demo\n"
                "  chimera analyze results/monday results/tuesday -o results/both --format parquet",
    .opts = opts,
    .args_bytes = sizeof(struct analyze_args),
    .min_operands = 1,
    .max_operands = UINT_MAX,
    .run = run,
};
