/* cell_run.h - one cell in one invocation: its cold request, its warm-ups, its measured requests.
 *
 * Every sample is in samples.jsonl before anybody hears of it. Nothing is written, read or computed
 * between a request and its answer.
 */
#pragma once

#include "base/str.h"
#include "domain/experiment.h"
#include "lab/cell_todo.h"
#include "lab/invocation.h"

struct cell_run_spec { /* borrowed */
    const struct experiment *experiment;
    const struct scenario *scenario;
    const char *backend, *precision, *model;
    uint32_t invocation, segment;
    uint64_t seed; /* of the scenario; requests derive theirs */
};

struct cell_run_cost { /* what the harness itself took, outside the samples */
    uint64_t samples, tokens, telemetry_readings;
    nsec_t record, record_most; /* answer at hand to line written */
    nsec_t transit;             /* sent to submitted, and detokenized to received */
    nsec_t telemetry;           /* reading /proc, while the worker worked */
};

struct cell_run {
    struct cell_run_spec spec;
    struct invocation *agents[2]; /* [1]: dual only */
    struct sample_log *log;
    struct cell_todo *todo; /* kept up to date */
    struct stop *stop;
    struct arena *arena; /* for reasons */
    struct cell_run_cost cost;
    struct str evidence_after; /* JSON, the last that a worker gave after a request; may be empty */
    const char *degraded;      /* why the samples are not what the label says; nullptr: they are */
    nsec_t began, ended;
    uint32_t prompts_distinct; /* the fewest of a request's; 0: no worker said it */
    uint32_t prompts_constant; /* the most of a request's */
    void (*on_sample)(void *context, const struct sample_log_record *r); /* may be nullptr */
    void *context;
    struct str request[2], line; /* reused; freed by cell_run_done() */
    uint64_t next_id;
};

/* Requests of one repetition; 0 for stress. */
uint32_t cell_run_requests(const struct scenario *s, const struct prompt_set *set);

/* ret->status: STATUS_OK, STATUS_DEGRADED, why the cell ended early, or STATUS_SKIPPED where the
 * person stopped it. agents whose worker died have worker == nullptr. Only a file that cannot be
 * written is an error. */
[[nodiscard]] enum err_code cell_run_all(struct cell_run *c, struct invocation_failure *ret,
                                         struct err *e);
void cell_run_done(struct cell_run *c);
