/* run_inner.h - one run_all(), for the files that it is made of.
 */
#pragma once

#include "lab/run_cell.h"
#include "lab/run_clock.h"

constexpr size_t RUN_INNER_MEMORY = (size_t)4 << 30;

struct run_configuration { /* what became of a configuration so far */
    bool prepared;
    const char *artefact_sha256;    /* of the files that its workers load; nullptr: unknown */
    struct invocation_failure dead; /* status ok: it is not */
};

struct run {
    struct run_state s;
    const struct experiment *x;
    const struct plan *plan;
    struct run_configuration *configurations;
    uint8_t *outcome; /* [configuration * n_scenarios + scenario]: enum status */
    uint32_t threads, dual_threads, max_context, max_batch;
    struct run_clock clock;
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
