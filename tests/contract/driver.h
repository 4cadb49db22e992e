/* driver.h - a worker of any backend, started for real and spoken to in the words of
 * docs/WORKER.md. */
#pragma once

#include "backend/backend.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "lab/worker_process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr nsec_t DRIVER_SECOND = 1'000'000'000;

struct driver {
    struct worker_process *process;
    struct arena *arena; /* of the replies */
    nsec_t patience;     /* for one reply */
};

/* Sends one line; nullptr where no answer came. */
static const struct json *driver_ask_text(struct driver *d, const char *text)
{
    const nsec_t deadline = clock_now() + d->patience;
    const char *line;
    size_t n;
    const struct json *reply = nullptr;
    struct err e = {};
    worker_process_send(d->process, text, strlen(text), deadline);
    const enum worker_event event = worker_process_receive(d->process, deadline, -1, &line, &n);
    if (event != WORKER_LINE) {
        printf("# no answer (event %d) to %.200s\n# %s\n", (int)event, text,
               worker_process_tail(d->process));
        return nullptr;
    }
    /* A reply is parsed in place of the supervisor's buffer, which the next call overwrites. */
    if (json_parse(arena_strndup(d->arena, line, n), n, "reply", d->arena, &reply, &e))
        printf("# %s\n", e.msg);
    return reply;
}

[[gnu::format(printf, 2, 3)]] static const struct json *driver_ask(struct driver *d,
                                                                   const char *fmt, ...)
{
    va_list ap;
    va_start(ap);
    const char *const text = arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    return driver_ask_text(d, text);
}

static bool driver_is(const struct json *reply, const char *event)
{
    return strcmp(json_str(json_get(reply, "event"), ""), event) == 0;
}

static const char *driver_reason(const struct json *reply)
{
    return json_str(json_get(reply, "reason"), "no reason");
}

/* 0: it ended as it should. */
static int driver_end(struct driver *d)
{
    struct worker_end end = {.exit_code = -1};
    worker_process_end(d->process, STATUS_OK, 30 * DRIVER_SECOND, &end);
    d->process = worker_process_free(d->process);
    return end.signal ? -end.signal : end.exit_code;
}
