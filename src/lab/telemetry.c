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

void telemetry_add(void *telemetry, const struct process_usage *u, bool edge)
{
    struct telemetry *const t = telemetry;
    if (t->n == t->room) {
        const size_t room = t->room ? 2 * t->room : 1024;
        struct telemetry_reading *const items = reallocarray(t->items, room, sizeof *items);
        if (!items)
            return; /* the trace stops; the memory that is short is the worker's matter */
        t->items = items;
        t->room = room;
    }
    struct telemetry_reading *const r = &t->items[t->n++];
    *r = (struct telemetry_reading){.worker = *u, .own_cpu = clock_cpu()};
    if (t->watch)
        watch_read(t->watch, edge, &r->machine);
}

void telemetry_begin(struct telemetry *t)
{
    t->n = t->measured = 0;
}

void telemetry_measure(struct telemetry *t)
{
    t->measured = t->n ? t->n - 1 : 0;
}

void telemetry_done(struct telemetry *t)
{
    free(t->items);
    *t = (struct telemetry){.watch = t->watch};
}

/* Percent of one core between two samples; NOT_MEASURED where no time or, for a worker whose child
 * has ended, no CPU time lies between them. */
static double cpu_percent(const struct telemetry_reading *from, const struct telemetry_reading *to)
{
    const struct process_usage *const a = &from->worker, *const b = &to->worker;
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
        const double mb = (double)t->items[i].worker.rss_bytes / 1e6;
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
        if (t->items[i].worker.at - t->items[i - 1].worker.at > 1'000'000 &&
            !(x <= s.cpu_percent_peak))
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

static void put_counters(const struct watch_reading *a, const struct watch_reading *b,
                         struct jsonw *w)
{
    const double cpu = b->cpu_s - a->cpu_s, wall = (double)(b->at - a->at) / 1e9;
    jsonw_kf64(w, "steal_percent", cpu > 0 ? 100 * (b->steal_s - a->steal_s) / cpu : NOT_MEASURED);
    jsonw_kf64(w, "busy_percent", cpu > 0 ? 100 * (b->busy_s - a->busy_s) / cpu : NOT_MEASURED);
    jsonw_kf64(w, "pressure_percent",
               wall > 0 ? 100 * (b->pressure_s - a->pressure_s) / wall : NOT_MEASURED);
}

static void put_felt(const struct watch_reading *r, struct jsonw *w)
{
    jsonw_kf64(w, "temperature_celsius", r->celsius);
    jsonw_kf64(w, "clock_mhz_least", r->mhz_least);
    jsonw_kf64(w, "clock_mhz_mean", r->mhz_mean);
    jsonw_kf64(w, "clock_mhz_most", r->mhz_most);
    jsonw_kf64(w, "throttle_events", r->throttles);
}

static void put_reading(const struct telemetry *t, size_t i, const struct watch_reading *before,
                        struct jsonw *w)
{
    const struct telemetry_reading *const r = &t->items[i];
    jsonw_ki64(w, "at_ns", r->worker.at);
    jsonw_kf64(w, "cpu_percent", i > 0 ? cpu_percent(r - 1, r) : NOT_MEASURED);
    jsonw_kf64(w, "rss_mb", (double)r->worker.rss_bytes / 1e6);
    jsonw_ki64(w, "threads", r->worker.n_threads);
    jsonw_kbool(w, "measured", i >= t->measured);
    if (r->worker.waited_ns >= 0)
        jsonw_kf64(w, "waited_ms", clock_ms(r->worker.waited_ns));
    if (r->worker.preempted >= 0)
        jsonw_ki64(w, "preempted", r->worker.preempted);
    if (r->machine.counted && before)
        put_counters(before, &r->machine, w);
    if (r->machine.felt)
        put_felt(&r->machine, w);
}

enum err_code telemetry_write(const struct telemetry *t, const char *journal, const char *scenario,
                              uint32_t agent, struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    const struct watch_reading *before = nullptr;
    for (size_t i = 0; i < t->n; i++) {
        struct jsonw w = {.out = &text};
        jsonw_object(&w);
        jsonw_kstr(&w, "event", "usage");
        jsonw_ki64(&w, "agent", agent);
        jsonw_kstr(&w, "scenario", scenario);
        put_reading(t, i, before, &w);
        jsonw_end_object(&w);
        str_putc(&text, '\n');
        before = t->items[i].machine.counted ? &t->items[i].machine : before;
    }
    return append(journal, &text, e);
}

enum err_code telemetry_write_sources(const struct watch *watch, const char *journal, struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text};
    if (!watch)
        return ERR_OK;
    jsonw_object(&w);
    jsonw_kstr(&w, "event", "machine");
    jsonw_kobject(&w, "sources");
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++)
        if (!watch->why[q])
            jsonw_kstr(&w, watch_quantity_name((enum watch_quantity)q), watch->source[q]);
    jsonw_end_object(&w);
    jsonw_kobject(&w, "unknown");
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++)
        if (watch->why[q])
            jsonw_kstr(&w, watch_quantity_name((enum watch_quantity)q), watch->why[q]);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    str_putc(&text, '\n');
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
