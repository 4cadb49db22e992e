#include "lab/stop.h"

#include "base/clock.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void take_one(struct stop *s)
{
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof info) <= 0)
        return;
    if (s->wishes++ == 0)
        s->since = clock_now();
}

bool stop_wanted(struct stop *s)
{
    struct pollfd wait = {s->fd, POLLIN, 0};
    while (s->fd >= 0 && poll(&wait, 1, 0) > 0)
        take_one(s);
    return s->wishes > 0;
}

enum worker_event stop_wait(struct stop *s, bool at_once, struct worker_process *const *w, size_t n,
                            nsec_t deadline, size_t *ret_which, const char **ret_line,
                            size_t *ret_n)
{
    for (;;) {
        if (s->wishes > (at_once ? 0 : 1))
            return WORKER_STOP;
        const nsec_t grace = s->since + STOP_GRACE;
        const bool hurry = s->wishes > 0 && grace < deadline;
        const enum worker_event event =
            worker_process_wait(w, n, hurry ? grace : deadline, s->fd, ret_which, ret_line, ret_n);
        if (event == WORKER_LATE && hurry)
            return WORKER_STOP;
        if (event != WORKER_STOP)
            return event;
        take_one(s);
    }
}
