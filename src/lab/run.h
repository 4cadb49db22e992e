/* run.h - an experiment, run: block after block, a fresh worker for each configuration, every
 * sample on disk before it is told.
 *
 * The person's part (progress, words, signals) is the caller's: it listens. A worker that fails is
 * a result with a status; an error is only what stops the run itself (a full disk, another
 * experiment in the folder).
 */
#pragma once

#include "domain/status.h"
#include "lab/plan.h"
#include "store/sample_log.h"

struct arena;
struct experiment;

struct run_program { /* what is started for a worker; ends in nullptr */
    const char *const *argv;
    const char *const *environment;
};

struct run_cell { /* which cell, for the listener; borrowed for the call */
    const char *scenario, *backend, *precision, *model;
    uint32_t invocation, n_invocations;
    uint64_t done, total; /* cells x invocations, finished and in all */
    double remaining_s;   /* estimated from what was measured; NOT_MEASURED: nothing was yet */
};

struct run_listener { /* each may be nullptr */
    void (*loading)(void *context, const struct run_cell *c);
    void (*begins)(void *context, const struct run_cell *c);
    void (*sample)(void *context, const struct run_cell *c, const struct sample_log_record *r);
    void (*ended)(void *context, const struct run_cell *c, enum status status, const char *reason);
    void (*note)(void *context, const char *text);
    void *context;
};

struct run_options {
    const struct experiment *experiment;
    const struct plan *plan;
    const char *dir;
    bool resume, retry_failed;
    int stop_fd;             /* a signalfd; -1: none */
    const char *plan_json;   /* plan.json */
    const char *environment; /* env.json; nullptr: not captured */
    struct run_program native, python;
    struct run_listener listener;
};

struct run_adapt_saving {                      /* of a run with target_ci_percent */
    uint32_t cells, reached, failed, running;  /* done, of those within the target; not done */
    double invocations, repetitions;           /* of the done ones */
    double most_invocations, most_repetitions; /* of the one that needed most */
};

struct run_summary {
    uint64_t cells_by_status[STATUS_COUNT]; /* a cell's first status that is not ok, over its
                                               invocations */
    uint64_t samples;                       /* recorded now, all phases */
    uint64_t found;                         /* cell x invocation that were finished before */
    nsec_t wall, own_cpu;                   /* of the supervisor, without the quality pass */
    struct run_adapt_saving adapt;          /* all 0 without a target */
    bool nothing_ran;                       /* every cell is unavailable or incompatible */
};

/* ERR_INTERRUPTED: stopped by the person, resumable; *ret is filled then, too. */
[[nodiscard]] enum err_code run_all(const struct run_options *o, struct arena *a,
                                    struct run_summary *ret, struct err *e);
