/* stop.h - a person's wish to stop, told through a descriptor (a signalfd that cli/ made).
 *
 * The first wish lets the request that is running finish, for a few seconds; the second one kills
 * at once.
 */
#pragma once

#include "lab/worker_process.h"

constexpr nsec_t STOP_GRACE = 5'000'000'000; /* for the request that is running */

struct stop {
    int fd; /* -1: nobody can stop it */
    unsigned wishes;
    nsec_t since; /* of the first wish */
};

/* Look, without waiting. true: stop. */
bool stop_wanted(struct stop *s);

/* worker_process_wait() that goes on waiting after the first wish, for STOP_GRACE at most, and
 * returns WORKER_STOP after that or at the second one. at_once: at the first one. */
enum worker_event stop_wait(struct stop *s, bool at_once, struct worker_process *const *w, size_t n,
                            nsec_t deadline, size_t *ret_which, const char **ret_line,
                            size_t *ret_n);
