/* results.h - everything that one results folder, or several replicate runs, recorded: cells with
 * their status, samples as columns. The only way to the raw data for those who compute.
 *
 * Samples are handed out cell by cell: nobody holds those of all cells.
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"
#include "store/cell_rows.h"
#include "store/folder.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct evidence;
struct evidence_host;

struct results_run { /* an invocation that ended and left its record */
    int32_t replicate, invocation;
    const struct evidence *evidence; /* nullptr: its record is damaged */
};

struct results_cell {
    struct folder_key key;
    enum status status; /* the worst of its invocations */
    const char *reason; /* why it is not ok; nullptr when it is */
    const struct results_run
        *runs; /* samples of other invocations prove nothing and do not count */
    uint32_t n_runs;
    bool has_row;               /* known only from results.rows: no samples */
    size_t first_row, n_rows;   /* its rows are [first_row, first_row + n_rows) of results.rows */
    double load_ms, compile_ms; /* median over its invocations; NOT_MEASURED: nobody recorded it */
    double peak_rss_mb;         /* largest */
    double cpu_percent;         /* mean over its invocations */
    uint64_t counted;           /* samples that the records of its invocations count */
    bool without_records; /* its run_<n>.json are gone, its samples are not: they count as they
                             stand, and nothing proves what ran */
};

/* Of one cell: one row per sample, whatever its phase and status, ordered by replicate, invocation,
 * segment, submitted. NULL of an int32_t is INT32_MIN, of an int64_t INT64_MIN, of a uint64_t
 * UINT64_MAX, of a double NOT_MEASURED, of text nullptr; a column that the lines lack is all NULL.
 */
struct results_samples {
    size_t n;
    const int32_t *replicate, *invocation, *segment, *phase, *status, *repetition, *prompt_index,
        *agent, *seq, *batch_size;
    const int32_t *n_stops, *n_early; /* sequences, and those that ended before max_tokens */
    const int32_t *n_steps;           /* decoding steps with a stamp, the first token's included */
    const int64_t *prompt_tokens, *generated_tokens, *padding_tokens;
    const int64_t *submitted_ns, *first_token_ns, *finished_ns;
    const uint64_t *seed;
    const double *latency_ms, *ttft_ms, *prefill_ms, *decode_ms, *cpu_ms, *peak_rss_mb, *overlap_ms;
    const char *const *reason, *const *started_at;
    const char *const *stop; /* why its sequences ended, with '|' between */
    /* as an import states them of a sample */
    const double *tokens, *tokens_per_s, *power_w, *temperature_c, *clock_mhz, *steal_percent;
};

struct results_problem { /* lines of samples.jsonl that could not be used, or are gone */
    const char *file;
    uint64_t line; /* 0: all of them together */
    uint64_t count;
    const char *why;
};

struct results_store;

struct results {
    const struct results_cell *cells; /* in the experiment's order, else by name */
    size_t n_cells;
    const struct results_row *rows; /* of imported cells; ordered by cell, then replicate */
    size_t n_rows;
    bool imported;       /* a folder comes from 'chimera import': nothing proves what ran */
    bool phases_unknown; /* of one of them: its samples may hold cold starts and warm-ups */
    const struct folder_split *splits; /* of an import: see folder.h */
    size_t n_splits;
    const struct folder_alias *aliases;
    size_t n_aliases;
    bool sequential;             /* a run stopped by what it saw (target_ci_percent) */
    struct results_store *store; /* where the samples are; results_store.h */
    bool
        keep_outputs; /* for outputs_read(): set before cells are loaded, it saves it the reading */
    const struct folder_input *inputs; /* their digests stand after results_finish() */
    size_t n_inputs;
    uint32_t n_replicates;
    const struct evidence_host *hosts; /* of each replicate; nullptr: nobody looked */
    const char *experiment;            /* digest; nullptr: no manifest */
    size_t n_without_records;          /* cells */
    const char *unfinished; /* the first folder whose run did not come to its end; nullptr: none */
    const struct folder_fault *faults; /* of files other than samples.jsonl */
    size_t n_faults;
    const struct results_problem *problems; /* after results_finish() */
    size_t n_problems;
};

void results_done(struct results *r); /* for CLEANUP() too */

/* Find the cells of every folder and what their invocations said of themselves. Several folders are
 * replicate runs: ERR_USAGE when their experiments differ, because then they are not. */
[[nodiscard]] enum err_code results_read(const char *const *paths, size_t n, struct arena *a,
                                         struct results *ret, struct err *e);

/* The samples of r->cells[cell]. A torn last line, a line that is no sample, a line written twice
 * are left out, and told by results_finish(). The columns belong to a. Threads may load different
 * cells at the same time, each into an arena of its own. */
[[nodiscard]] enum err_code results_load(const struct results *r, size_t cell, struct arena *a,
                                         struct results_samples *ret, struct err *e);

/* To be called once the cells were loaded, and before inputs and problems are looked at: fills in
 * both, reading what nobody loaded. */
[[nodiscard]] enum err_code results_finish(struct results *r, struct arena *a, struct err *e);
