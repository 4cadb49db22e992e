/* telemetry.h - what a worker used while it worked, what the machine did meanwhile, and the journal
 * of an invocation.
 *
 * The supervisor's samples go into memory; they are written between cells, never during a request.
 * The journal (telemetry/<invocation>.jsonl) also holds what each worker said when it had loaded,
 * so that an invocation that was interrupted leaves its evidence behind. Its lines:
 *   {"event":"loaded","agent":A,"at_ns":T,"start_ms":X,"started_at":"...","reply":{...}}
 *   {"event":"machine","sources":{...},"unknown":{...}}: once, where the quantities of the machine
 * are read, and why others are not
 *   {"event":"usage","agent":A,"scenario":S,"at_ns":T,"cpu_percent":X|null,"rss_mb":X,"threads":N,
 *     "measured":B, and where they were looked at at this reading: "waited_ms","preempted" (the
 * main thread's, since it began); since the last look: "steal_percent","busy_percent",
 *     "pressure_percent";
 * "temperature_celsius","clock_mhz_least","clock_mhz_mean","clock_mhz_most", "throttle_events"
 * (since the machine started)}; measured: in the measured requests' window. Percent are of all
 * CPUs' time, pressure_percent of the wall clock.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "probe/process.h"
#include "probe/watch.h"

struct telemetry_reading {
    struct process_usage worker;
    struct watch_reading machine; /* not looked at where nobody watches */
    nsec_t own_cpu;               /* of this process */
};

struct telemetry { /* of one worker; starts as {} */
    struct telemetry_reading *items;
    size_t n, room;
    size_t measured;     /* items from here on are of the measured window */
    struct watch *watch; /* borrowed; nullptr: nobody watches the machine */
};

/* For worker_options.on_usage. */
void telemetry_add(void *telemetry, const struct process_usage *u, bool edge);
void telemetry_begin(struct telemetry *t);   /* a cell begins: what was there is dropped */
void telemetry_measure(struct telemetry *t); /* the measured window begins at the last reading */
void telemetry_done(struct telemetry *t);

struct telemetry_summary {
    double cpu_percent_mean, cpu_percent_peak, rss_mb_mean, rss_mb_peak; /* NOT_MEASURED: see why */
    uint32_t n_samples;
    const char *why; /* a number is missing; else nullptr. A constant */
};

struct telemetry_summary telemetry_summarise(const struct telemetry *t);

/* Append one "usage" line for each sample of the present cell. A journal that cannot be written is
 * an error. */
[[nodiscard]] enum err_code telemetry_write(const struct telemetry *t, const char *journal,
                                            const char *scenario, uint32_t agent, struct err *e);
/* Append the "machine" line. w nullptr: nothing. */
[[nodiscard]] enum err_code telemetry_write_sources(const struct watch *w, const char *journal,
                                                    struct err *e);
/* Append a "loaded" line: the process was asked for at `started` and had loaded at `ready`. reply:
 * the worker's own JSON. */
[[nodiscard]] enum err_code telemetry_write_loaded(const char *journal, uint32_t agent,
                                                   nsec_t started, nsec_t ready,
                                                   const char *started_at, const char *reply,
                                                   struct err *e);
