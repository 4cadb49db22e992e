/* run_inner.h - one run_all(), for the files that it is made of.
 */
#pragma once

#include "lab/run_cell.h"
#include "lab/run_clock.h"
#include "num/stopping.h"

constexpr size_t RUN_INNER_MEMORY = (size_t)4 << 30;

struct run_configuration { /* what became of a configuration so far */
    bool prepared;
    const char *artefact_sha256;    /* of the files that its workers load; nullptr: unknown */
    struct invocation_failure dead; /* status ok: it is not */
};

struct run_adapt_look {
    struct stopping_look look;
    size_t samples;
    double repetitions; /* of all invocations */
};

/* Between two looks the invocations grow by a quarter at least: 10,000 are reached in 34. */
constexpr uint32_t RUN_ADAPT_MOST_LOOKS = 40;

struct run_adapt_cell {   /* a cell of a run with target_ci_percent */
    uint32_t wanted;      /* invocations, until the next look */
    uint32_t repetitions; /* of those that are still to come */
    bool done;
    const char *reason; /* why it is done without an interval; nullptr: looks tell */
    uint32_t n_looks;
    struct run_adapt_look *looks; /* room for the most; nullptr: none yet */
};

struct run {
    struct run_state s;
    const struct experiment *x;
    const struct plan *plan;
    struct run_configuration *configurations;
    uint8_t *outcome; /* [configuration * n_scenarios + scenario]: enum status */
    uint32_t threads, dual_threads, max_context, max_batch;
    struct run_clock clock;
    struct run_adapt_cell *adapt;     /* as outcome; nullptr: no target */
    struct watch watch;               /* of the machine, where resources are monitored */
    nsec_t quality_wall, quality_cpu; /* of the quality pass: no overhead of what is timed */
};

/* One cell in one invocation of its configuration, which is the place-th of the block. */
[[nodiscard]] struct run_target run_inner_target(const struct run *r, uint32_t block,
                                                 uint32_t place, uint32_t configuration,
                                                 uint32_t scenario, struct arena *a);

/* A cell's status is its first that is not ok. */
void run_inner_outcome(struct run *r, const struct run_target *t, enum status status);

[[nodiscard]] struct invocation_spec run_inner_spec(const struct run *r, uint32_t configuration,
                                                    uint32_t invocation, uint32_t agent,
                                                    uint32_t segment, bool dual);

enum err_code run_inner_interrupted(struct err *e); /* ERR_INTERRUPTED */
