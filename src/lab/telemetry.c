#include "lab/telemetry.h"

#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void telemetry_add(void *telemetry, const struct process_usage *u)
{
    struct telemetry *const t = telemetry;
    if (t->n == t->room) {
        const size_t room = t->room ? 2 * t->room : 1024;
        struct process_usage *const items = reallocarray(t->items, room, sizeof *items);
        if (!items)
            return; /* the trace stops; the memory that is short is the worker's matter */
        t->items = items;
        t->room = room;
    }
    t->items[t->n++] = *u;
}

void telemetry_begin(struct telemetry *t)
{
    t->n = 0;
}

void telemetry_done(struct telemetry *t)
{
    free(t->items);
    *t = (struct telemetry){};
}

/* Percent of one core between two samples; NOT_MEASURED where no time or, for a worker whose child
 * has ended, no CPU time lies between them. */
static double cpu_percent(const struct process_usage *a, const struct process_usage *b)
{
    const double cpu = (double)(b->cpu_ns - a->cpu_ns), time = (double)(b->at - a->at);
    return time > 0 && cpu >= 0 ? 100 * cpu / time : NOT_MEASURED;
}

struct telemetry_summary telemetry_summarise(const struct telemetry *t)
{
    struct telemetry_summary s = {NOT_MEASURED, NOT_MEASURED,   NOT_MEASURED,
                                  NOT_MEASURED, (uint32_t)t->n, nullptr};
    if (t->n == 0) {
        s.why = "no reading was taken: monitoring is off, or the worker was gone";
        return s;
    }
    double sum = 0, peak = 0;
    for (size_t i = 0; i < t->n; i++) {
        const double mb = (double)t->items[i].rss_bytes / 1e6;
        sum += mb;
        peak = mb > peak ? mb : peak;
    }
    s.rss_mb_mean = sum / (double)t->n;
    s.rss_mb_peak = peak;
    if (t->n < 2) {
        s.why = "one reading gives no CPU share";
        return s;
    }
    s.cpu_percent_mean = cpu_percent(&t->items[0], &t->items[t->n - 1]);
    for (size_t i = 1; i < t->n; i++) {
        const double x = cpu_percent(&t->items[i - 1], &t->items[i]);
        /* A span of a millisecond holds no more than a rounding of the kernel's clock. */
        if (t->items[i].at - t->items[i - 1].at > 1'000'000 && !(x <= s.cpu_percent_peak))
            s.cpu_percent_peak = x;
    }
    return s;
}

static enum err_code append(const char *path, const struct str *text, struct err *e)
{
    CLEANUP(file_fd_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_sys(e, "cannot write '%s'", path);
    ssize_t done;
    for (size_t at = 0; at < text->n; at += (size_t)(done > 0 ? done : 0)) {
        done = write(fd, text->text + at, text->n - at);
        if (done < 0 && errno != EINTR)
            return err_sys(e, "cannot write '%s'", path);
    }
    return ERR_OK;
}

enum err_code telemetry_write(const struct telemetry *t, const char *journal, const char *scenario,
                              uint32_t agent, struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    for (size_t i = 0; i < t->n; i++) {
        struct jsonw w = {.out = &text};
        jsonw_object(&w);
        jsonw_kstr(&w, "event", "usage");
        jsonw_ki64(&w, "agent", agent);
        jsonw_kstr(&w, "scenario", scenario);
        jsonw_ki64(&w, "at_ns", t->items[i].at);
        jsonw_kf64(&w, "cpu_percent",
                   i > 0 ? cpu_percent(&t->items[i - 1], &t->items[i]) : NOT_MEASURED);
        jsonw_kf64(&w, "rss_mb", (double)t->items[i].rss_bytes / 1e6);
        jsonw_ki64(&w, "threads", t->items[i].n_threads);
        jsonw_end_object(&w);
        str_putc(&text, '\n');
    }
    return append(journal, &text, e);
}

enum err_code telemetry_write_loaded(const char *journal, uint32_t agent, nsec_t started,
                                     nsec_t ready, const char *started_at, const char *reply,
                                     struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text};
    jsonw_object(&w);
    jsonw_kstr(&w, "event", "loaded");
    jsonw_ki64(&w, "agent", agent);
    jsonw_ki64(&w, "at_ns", ready);
    jsonw_kf64(&w, "start_ms", clock_ms(ready - started));
    jsonw_kstr(&w, "started_at", started_at);
    jsonw_key(&w, "reply");
    jsonw_raw(&w, reply);
    jsonw_end_object(&w);
    str_putc(&text, '\n');
    return append(journal, &text, e);
}
