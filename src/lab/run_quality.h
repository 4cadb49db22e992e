/* run_quality.h - the quality pass of a run: after the last timed block each configuration scores
 * the experiment's text, in a worker of its own that nothing times, beside the baseline's worker.
 *
 * quality/<backend>/<precision>/<model>/perplexity.jsonl takes each window as soon as it is scored,
 * so that a killed run goes on where it was. A failure is the log's last line, and no error of the
 * run.
 */
#pragma once

#include "lab/run_cell.h"

struct run_quality_item { /* a configuration that the plan found able to run */
    struct invocation_spec spec;
    uint32_t model;                 /* an index; items of a model stand together */
    bool artefact;                  /* something has to be made before it loads */
    struct invocation_failure dead; /* it could not be loaded in the run; status ok: it could */
};

struct run_quality_model {                   /* what the items of a model are compared with */
    const struct run_quality_item *baseline; /* nullptr: nothing */
    const char *why_not;
};

struct run_quality {
    struct run_state *state;
    const struct experiment_perplexity *perplexity;
    double timeout_s; /* of one answer */
    const struct run_quality_item *items;
    uint32_t n_items;
    const struct run_quality_model *models; /* by item.model */
};

[[nodiscard]] enum err_code run_quality_all(const struct run_quality *q, struct err *e);
