/* telemetry.h - what a worker used while it worked, and the journal of an invocation.
 *
 * The supervisor's samples go into memory; they are written between cells, never during a request.
 * The journal (telemetry/<invocation>.jsonl) also holds what each worker said when it had loaded,
 * so that an invocation that was interrupted leaves its evidence behind. Its lines:
 *   {"event":"loaded","agent":A,"at_ns":T,"start_ms":X,"started_at":"...","reply":{...}}
 *   {"event":"usage","agent":A,"scenario":S,"at_ns":T,"cpu_percent":X|null,"rss_mb":X,"threads":N}
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "probe/process.h"

struct telemetry { /* of one worker; starts as {} */
    struct process_usage *items;
    size_t n, room;
};

void telemetry_add(void *telemetry,
                   const struct process_usage *u); /* for worker_options.on_usage */
void telemetry_begin(struct telemetry *t);         /* a cell begins: what was there is dropped */
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
/* Append a "loaded" line: the process was asked for at `started` and had loaded at `ready`. reply:
 * the worker's own JSON. */
[[nodiscard]] enum err_code telemetry_write_loaded(const char *journal, uint32_t agent,
                                                   nsec_t started, nsec_t ready,
                                                   const char *started_at, const char *reply,
                                                   struct err *e);
