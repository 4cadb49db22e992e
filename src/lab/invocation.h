/* invocation.h - a worker that has loaded one configuration: from its start to its end.
 *
 * Whatever goes wrong with a worker is told as a struct invocation_failure: a status, a reason in
 * one line, and what the worker printed last. It is a result of the run, not an error of chimera.
 */
#pragma once

#include "lab/stop.h"
#include "lab/telemetry.h"

struct arena;
struct backend;
struct json;
struct str;

struct invocation_spec { /* what to load, and how to watch it; borrowed as long as the worker lives
                          */
    const char *const *argv;        /* of the worker's program */
    const char *const *environment; /* may be nullptr */
    const char *backend, *precision, *model, *model_path, *device;
    const char *task;            /* "embed"; nullptr: to generate */
    const char *synthetic;       /* law of the synthetic engine; nullptr: its default */
    const char *artefact_sha256; /* as invocation_prepare() found it; nullptr: unknown */
    uint32_t threads, max_context, max_batch;
    uint64_t seed;
    double load_timeout_s;
    nsec_t sample_every;
    bool keep_trace; /* false: sampled for the memory limit alone */
    int64_t memory_limit_bytes;
    struct watch *watch; /* of the machine; nullptr: none */
};

struct invocation_failure {
    enum status status; /* STATUS_OK: nothing failed; STATUS_SKIPPED: stopped by the person */
    const char *stage;  /* "prepare", "load", "run" */
    const char *reason; /* these two belong to the arena of the call */
    const char *tail;
};

struct invocation {                /* starts as {} */
    struct worker_process *worker; /* nullptr: none lives */
    struct telemetry telemetry; /* its address is the worker's as long as that lives: do not copy */
    const struct json *loaded;  /* the reply; belongs to the arena of the start */
    const char *loaded_text;
    nsec_t started, ready; /* process asked for; loaded */
    nsec_t answered;       /* the latest answer came */
    char started_at[32];
    int64_t compilations; /* that the worker has told of */
    bool label_ok;
    const char *label_reason; /* nullptr: none */
};

/* Make what the backend loads, in a process of its own. */
void invocation_prepare(const struct invocation_spec *spec, struct stop *stop, struct arena *a,
                        const char **ret_sha256, struct invocation_failure *ret);

/* Start a worker and load. On failure (ret->status) no worker is left. */
void invocation_start(struct invocation *v, const struct invocation_spec *spec, struct stop *stop,
                      struct arena *a, struct invocation_failure *ret);

struct invocation_question {
    const char *stage; /* as of a failure */
    const char *want;  /* the event of a good answer */
    double timeout_s;
    bool at_once; /* the person's first wish to stop ends the waiting: stop_wait() */
};

/* Send one request, wait for its answer: the reply, which belongs to a, and its text (may be
 * nullptr). nullptr: *ret says why, and the worker was ended where it gave no answer. */
[[nodiscard]] const struct json *invocation_ask(struct invocation *v, const struct str *request,
                                                const struct invocation_question *q,
                                                struct stop *stop, struct arena *a,
                                                const char **ret_text,
                                                struct invocation_failure *ret);

/* The worker failed in the way that `event` says: end it, and say why. What was sampled of it
 * stays. timeout_s is for the words. */
void invocation_fail(struct invocation *v, enum worker_event event, const char *stage,
                     double timeout_s, struct arena *a, struct invocation_failure *ret);

/* End the worker, whatever it does; what was sampled of it stays. */
void invocation_drop(struct invocation *v);

/* End the worker and forget it. nullptr worker is fine. */
void invocation_done(struct invocation *v); /* for CLEANUP() too */

/* Graphs and recompilations that an evidence object tells of. */
int64_t invocation_compilations(const struct json *evidence);

/* A failure in the worker's own words: {"event":"error",...}. false: the reply is none. */
bool invocation_is_error(const struct json *reply, const char *stage, struct invocation *v,
                         struct arena *a, struct invocation_failure *ret);
