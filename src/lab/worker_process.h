/* worker_process.h - one worker: its process, its pipes, its end (docs/WORKER.md).
 *
 * The supervisor sleeps in poll() while the worker works. It wakes for a reply, for what the engine
 * prints (drained at once, so that a chatty engine never blocks; the tail is kept), for the end of
 * the process, and at the sampling interval. A worker has a session of its own: a Ctrl-C meant for
 * chimera does not reach it, and what it started dies with it. It is the kernel's first choice when
 * memory runs out, and it does not outlive chimera.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "domain/status.h"
#include "probe/process.h"

struct worker_process;

struct worker_options {
    const char *const
        *argv; /* ends in nullptr; argv[0] is looked up in PATH. Borrowed for the call */
    const char *const *environment; /* "NAME=VALUE" over our own, ends in nullptr; may be nullptr */
    nsec_t sample_every;            /* 0: never */
    int64_t memory_limit_bytes;     /* resident; 0: none. Looked at when sampled */
    /* Called from the wait at every sample; may be nullptr. edge: of worker_process_sample(), where
     * something begins or ends; otherwise u lacks what is asked for now and then only. */
    void (*on_usage)(void *context, const struct process_usage *u, bool edge);
    void *context;
};

enum worker_event : uint8_t {
    WORKER_LINE,  /* *ret_line, without its newline, valid until the next call for this worker */
    WORKER_ENDED, /* it is gone; worker_process_end() says how */
    WORKER_LATE,  /* nothing until the deadline */
    WORKER_OVER_MEMORY, /* resident memory is over the limit */
    WORKER_STOP,        /* stop_fd became readable: the person wants to stop */
};

struct worker_end {     /* how it ended, and why */
    enum status status; /* STATUS_OK: it was asked to end and did */
    int exit_code;      /* -1: a signal ended it */
    int signal;         /* 0: none */
    char reason[256];
};

/* ERR_UNAVAILABLE where the program cannot be started. */
[[nodiscard]] enum err_code worker_process_start(const struct worker_options *o,
                                                 struct worker_process **ret, struct err *e);

/* Send text[0..n) and a newline. A worker that has gone, or that does not read until the deadline,
 * is no error here: the wait that follows says so. */
void worker_process_send(struct worker_process *w, const char *text, size_t n, nsec_t deadline);

/* Wait for the next thing that one of w[0..n) does; n is 1 or 2, a nullptr is skipped. deadline is
 * an instant of clock_now(). stop_fd -1: none. *ret_which is its index (0 for WORKER_LATE and
 * WORKER_STOP). */
enum worker_event worker_process_wait(struct worker_process *const *w, size_t n, nsec_t deadline,
                                      int stop_fd, size_t *ret_which, const char **ret_line,
                                      size_t *ret_n);
/* The same for one worker. */
enum worker_event worker_process_receive(struct worker_process *w, nsec_t deadline, int stop_fd,
                                         const char **ret_line, size_t *ret_n);

/* Take a sample now, outside the rhythm: at the ends of what is measured. */
void worker_process_sample(struct worker_process *w);

/* End it and everything that it started: end of input, then (after `grace`) SIGTERM, then SIGKILL.
 * why: what the lab decided (STATUS_TIMEOUT, STATUS_OOM, STATUS_SKIPPED for an interruption), which
 * is then the end's status; STATUS_OK: it may go, or it has gone by itself, and the process says
 * how. */
void worker_process_end(struct worker_process *w, enum status why, nsec_t grace,
                        struct worker_end *ret);

/* Free; kills what still runs. nullptr is fine. Returns nullptr. */
struct worker_process *worker_process_free(struct worker_process *w);

int worker_process_pid(const struct worker_process *w);
/* The tail of what the worker printed, NUL-terminated, whole lines where it was cut. Valid until
 * the next call. */
const char *worker_process_tail(struct worker_process *w);
/* Highest resident memory sampled and CPU time spent in sampling by the supervisor itself. */
const struct process_usage *worker_process_last_usage(const struct worker_process *w);
nsec_t worker_process_sampling_cost(const struct worker_process *w, uint64_t *ret_samples);
