/* folder.h - the files of one results folder, found and read, but for the samples themselves.
 *
 * What each cell's invocations said of themselves (run_<n>.json), where a cell failed (error.txt),
 * what was planned (plan.json), and which files there are. Nothing here decides anything about a
 * cell.
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct results_row;
struct evidence;

struct folder_key { /* of a cell; model as the experiment wrote it */
    const char *scenario, *backend, *precision, *model;
};
[[nodiscard]] bool folder_key_complete(const struct folder_key *k);
/* Of the first good line of a samples.jsonl; its parts are nullptr where there is none. */
[[nodiscard]] enum err_code folder_key_of_samples(const char *path, struct arena *a,
                                                  struct folder_key *ret, struct err *e);
[[nodiscard]] bool folder_key_same(const struct folder_key *x, const struct folder_key *y);
/* The same backend and precision. */
[[nodiscard]] bool folder_key_same_engine(const struct folder_key *x, const struct folder_key *y);
/* And the same model: one configuration. */
[[nodiscard]] bool folder_key_same_configuration(const struct folder_key *x,
                                                 const struct folder_key *y);

struct folder_run { /* one record about a cell: an invocation, an error.txt, or a line of the plan
                     */
    struct folder_key key;
    int32_t invocation; /* -1: not of one invocation */
    uint32_t replicate;
    enum status status;
    const char *reason;                                   /* nullptr: none given */
    double load_ms, compile_ms, peak_rss_mb, cpu_percent; /* NOT_MEASURED: not recorded */
    uint64_t samples; /* that it counted, of all phases and statuses; 0: it says none */
    const struct evidence *evidence; /* of run_<n>.json; nullptr: of the plan, or damaged */
};

struct folder_fault {      /* a file, or lines of one, that could not be used */
    const char *file;      /* relative to the folder */
    const char *why;       /* one line: which file, where in it, what was expected */
    const char *lost;      /* one clause: what is unknown for want of it */
    struct folder_key key; /* of the cell that it is about; its parts are nullptr where it is of
                              none, or nothing tells which */
    int32_t invocation;    /* -1: of none */
    uint32_t replicate;
};

struct folder_input { /* a file that figures are derived from */
    const char *path;
    const char *relative; /* to the folder, '/' between */
    uint32_t replicate;
    int64_t bytes;
    char sha256[65];
    bool samples; /* samples.jsonl: bytes and digest are left to who reads it */
};

struct folder_split { /* a column that an import did not use, and that its cells' latency depends on
                       */
    const char *column, *fast, *slow; /* its words of the least and the greatest latency */
    double fast_ms, slow_ms, words, cells, samples, variance_share, p_value;
};

struct folder_alias { /* a column that an import did not use, with one word for each backend */
    const char *column;
    const char *const *backends, *const *words; /* n */
    size_t n;
};

struct folder_names { /* the words of one dimension in the experiment's order */
    const char **items;
    size_t n;
};

struct folder {
    const char *path;
    const char *experiment; /* digest of the experiment from manifest.json; nullptr: none there */
    const char *state;      /* of the run, from manifest.json: "complete", ...; nullptr: not said */
    bool imported;          /* manifest.json: another tool measured it ('chimera import') */
    bool phases_unknown;    /* imported, and the source does not tell warm-ups from the rest */
    bool sequential;        /* manifest.json: the run stopped by what it saw (target_ci_percent) */
    struct folder_run *runs, *planned;
    size_t n_runs, n_planned;
    struct results_row *rows; /* of cells.jsonl; see cell_rows.h */
    size_t n_rows;
    struct folder_input *inputs; /* in order of their relative path */
    size_t n_inputs;
    const struct folder_split *splits; /* of manifest.json */
    size_t n_splits;
    const struct folder_alias *aliases;
    size_t n_aliases;
    struct folder_names scenarios, backends, precisions, models; /* from plan.json; may be empty */
    const struct folder_fault *faults;                           /* n_faults */
    size_t n_faults;
    const char *manifest_fault; /* why manifest.json cannot be used; nullptr: it can, or is none */
};

/* ERR_USAGE when path is no results folder (no runs/ in it) or has no file of samples and no plan.
 * The samples are the truth: a file of another kind that cannot be read takes away what it alone
 * tells, and is one of the faults. An invocation whose run_<n>.json is damaged did end (the file is
 * written then, whole), so that its samples count; where it has none, its cell is an error. */
[[nodiscard]] enum err_code folder_read(const char *path, uint32_t replicate, struct arena *a,
                                        struct folder *ret, struct err *e);
