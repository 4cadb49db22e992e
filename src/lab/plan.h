/* plan.h - what an experiment comes to: its cells, in the order in which they run.
 *
 * A cell is a configuration (model x backend x precision) with a scenario. Whether it can run
 * depends on the two apart, so the plan keeps a status per configuration and per scenario and never
 * a list of cells: a million of them cost what their axes cost.
 *
 * The order: block after block (one block is one invocation of every configuration), in a block the
 * configurations in a random order of their own, within a configuration's invocation the scenarios
 * in a random order. All of it follows from the experiment's seed alone; order: fixed gives the
 * file's order.
 */
#pragma once

#include "base/err.h"
#include "domain/model_facts.h"
#include "domain/status.h"

struct arena;
struct backend;
struct experiment;
struct plan_filter;

constexpr uint64_t PLAN_MOST_CELLS = 100'000'000;
constexpr uint64_t PLAN_MOST_ORDER = 64'000'000; /* blocks x configurations */

struct plan_backend { /* of experiment.backends[i], found out by the caller */
    const struct backend *backend;
    const char *fixed_precision; /* tensorrt-fp16 is fp16 only; nullptr: any */
    bool available;
    const char *why_not; /* where it is not */
    const char *version; /* where it is; nullptr: unknown */
};

struct plan_configuration {
    uint32_t model, backend, precision; /* indices into the experiment's lists */
    bool wanted;                        /* false: --only left it out */
    enum status status;                 /* STATUS_OK: can run; UNAVAILABLE, INCOMPATIBLE, SKIPPED */
    uint32_t reason;                    /* into plan.reasons; 0: none */
};

struct plan_scenario {
    bool wanted;
    enum status status;
    uint32_t reason;
};

struct plan_reason { /* each is kept once, however many cells share it */
    const char *text;
    enum status status;
    uint64_t cells;
};

struct plan {
    const struct experiment *experiment;
    struct plan_configuration *configurations; /* model-major, then backend, then precision */
    struct plan_scenario *scenarios;
    struct plan_reason *reasons; /* [0] is no reason */
    uint32_t n_configurations, n_scenarios, n_reasons, n_blocks;
    uint32_t n_wanted_scenarios;
    uint64_t n_cells;                       /* wanted ones */
    uint64_t cells_by_status[STATUS_COUNT]; /* of the wanted ones */
    const struct plan_backend *backends;
    const struct model_facts *facts;
    uint32_t
        *order; /* n_blocks x n_configurations: every one of them, wanted or not; nullptr: fixed */
};

/* experiment: borrowed as long as the plan lives, as are backends[n_backends] and facts[n_models].
 * filter may be nullptr. The plan belongs to a. ERR_LIMIT where the matrix is beyond the bounds
 * above; ERR_USAGE where the filter leaves nothing. */
[[nodiscard]] enum err_code plan_build(const struct experiment *x,
                                       const struct plan_backend *backends,
                                       const struct model_facts *facts,
                                       const struct plan_filter *filter, struct arena *a,
                                       struct plan *ret, struct err *e);

/* The i-th configuration of a block, an index into configurations[]; i below n_configurations. */
uint32_t plan_configuration_at(const struct plan *p, uint32_t block, uint32_t i);

/* The scenarios of one configuration's invocation in their order: n_scenarios indices into
 * ret_order[]. */
void plan_scenarios_at(const struct plan *p, uint32_t block, uint32_t configuration,
                       uint32_t *ret_order);

/* STATUS_OK where both halves can run; STATUS_SKIPPED where --only left one out. */
enum status plan_cell_status(const struct plan *p, uint32_t configuration, uint32_t scenario);
/* One line, nullptr where the status is STATUS_OK. */
const char *plan_cell_reason(const struct plan *p, uint32_t configuration, uint32_t scenario);
/* Has it a cell that runs? Otherwise no worker is started for it. */
bool plan_configuration_runs(const struct plan *p, uint32_t configuration);
