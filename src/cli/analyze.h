/* analyze.h - derive everything from the raw samples, write it, show it: what `analyze` does, and
 * `run` at its end. */
#pragma once

#include "base/err.h"
#include "store/results_export.h"

struct cli;

struct analyze_request {
    const char *const *folders; /* several are replicate runs of one experiment */
    size_t n_folders;
    const char *out; /* where the tables go; nullptr: the first folder */
    enum results_export_format format;
    bool no_figure;
};

struct analyze_outcome {
    size_t gates_failed; /* of quality */
};

/* Writes metrics.csv, samples.csv or .parquet, statistical_analysis.json, quality_analysis.json and
 * latency_by_backend.png, then prints the summary table and the paths (with cli->json: one JSON
 * object). Notes (no gnuplot, lines that could not be used) go to stderr and are no failure. */
[[nodiscard]] enum err_code analyze_run(const struct cli *cli,
                                        const struct analyze_request *request,
                                        struct analyze_outcome *ret, struct err *e);
