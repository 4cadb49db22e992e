/* run_cell.h - one cell's part of an invocation and what is written of it at its end: journal,
 * run_<n>.json, error.txt.
 */
#pragma once

#include "lab/cell_run.h"
#include "lab/run.h"
#include "lab/run_folder.h"
#include "store/run_record.h"

struct run_state { /* of one run_all() */
    const struct run_options *o;
    struct run_folder *folder;
    struct stop stop;
    struct arena *a; /* the run's */
    struct run_summary *summary;
    nsec_t sample_every;
    int64_t memory_limit_bytes;
};

struct run_target { /* one cell in one invocation */
    const struct scenario *scenario;
    const char *backend, *precision, *model;
    const char *folder; /* of the cell */
    uint32_t configuration, scenario_index, invocation;
    uint32_t block, order_in_block, order_in_invocation;
    uint32_t repetitions; /* of this invocation */
};

/* The run_<n>.json of it. */
[[nodiscard]] char *run_cell_record_path(const struct run_target *t, struct arena *a);

/* Read its log; true where every measured sample is there. */
[[nodiscard]] enum err_code run_cell_todo(const struct run_state *s, const struct run_target *t,
                                          struct arena *a, struct cell_todo *ret, struct err *e);

/* Measure it with the agents (agents[1] may be nullptr), write everything. ret->status
 * STATUS_SKIPPED: stopped by the person, no record was written. */
[[nodiscard]] enum err_code run_cell_measure(struct run_state *s, const struct run_target *t,
                                             const struct run_cell *shown, uint32_t segment,
                                             const char *journal, struct invocation *agents[2],
                                             struct arena *a, struct invocation_failure *ret,
                                             struct err *e);

/* Write run_<n>.json (and error.txt, unless status is ok or degraded) of a cell that was not
 * measured now: it could not be loaded, or everything had been measured before. todo may be
 * nullptr. */
[[nodiscard]] enum err_code run_cell_close(struct run_state *s, const struct run_target *t,
                                           uint32_t segment, const struct invocation_failure *f,
                                           const struct cell_todo *todo, struct arena *a,
                                           struct err *e);
