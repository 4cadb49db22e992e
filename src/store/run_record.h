/* run_record.h - run_<n>.json: what one invocation of one cell was, written whole at its end. */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "domain/status.h"

struct json;

struct run_record_segment { /* one worker process that took part; the last one is the record's own
                             */
    uint32_t segment;
    uint32_t agent;
    const char *started_at;
    double start_ms; /* process asked for to loaded: what a person waits; NOT_MEASURED unknown */
    const struct json *loaded; /* the worker's reply to load; nullptr: it never loaded */
};

struct run_record_source {
    const char *name, *source, *why; /* source nullptr: not read here, and why */
};

/* What the machine did while the measured requests ran. NOT_MEASURED: sources or why say why. */
constexpr size_t RUN_RECORD_SOURCES = 5;
struct run_record_machine {
    const char *why;     /* nothing was recorded at all; nullptr: it was */
    double window_s;     /* from the first look at the counters to the last */
    uint32_t n_readings; /* looks at heat, clocks and throttling */
    /* of all CPUs' time: taken by other guests (mean, and the most in a second), worked, worked for
     * other processes than the worker and chimera */
    double steal_percent, steal_percent_most, busy_percent, others_percent;
    double pressure_percent; /* of the window: some task was ready and had no CPU */
    /* of the worker's main thread: ready without a CPU, of the window; involuntary switches */
    double waited_percent, preempted;
    double celsius_mean, celsius_most, celsius_limit; /* the limit is the sensor's own */
    double mhz_least, mhz_mean, mhz_most;             /* over CPUs and readings */
    double mhz_top, mhz_first, mhz_last; /* of the fastest CPU of each reading: mean; of the first
                                            and last quarter */
    double throttle_events;
    struct run_record_source sources[RUN_RECORD_SOURCES];
};
[[nodiscard]] struct run_record_machine run_record_machine_none(void);

struct run_record {
    /* the cell */
    const char *scenario, *backend, *precision, *model;
    const char *mode, *prompt_set;
    uint32_t batch_size, max_tokens, n_prompts, repetitions, warmup_runs;
    double duration_s; /* NOT_MEASURED unless stress */
    double temperature, top_p, timeout_s;
    bool stop_on_eos;
    /* the invocation */
    uint32_t invocation, segment, block, order_in_block, order_in_invocation;
    uint64_t experiment_seed, seed;
    enum status status;
    const char *reason, *stage; /* nullptr where status is ok */
    const char *started_at, *ended_at;
    nsec_t began, ended;        /* of the cell in its last segment; -1: it never began */
    const char *evidence_after; /* JSON; nullptr: nothing changed since loading */
    const struct run_record_segment *segments; /* in order; may be none */
    uint32_t n_segments;
    uint32_t counts[PHASE_COUNT][STATUS_COUNT];  /* lines in samples.jsonl */
    uint32_t prompts_distinct, prompts_constant; /* of one request: fewest, most; 0, 0: unknown */
    uint64_t requests_planned;                   /* measured; 0 for stress */
    /* resources of the worker while the cell ran, NOT_MEASURED where unknown */
    double cpu_percent_mean, cpu_percent_peak, rss_mb_mean, rss_mb_peak, sample_interval_s;
    uint32_t n_readings;
    const char *why_no_resources;
    struct run_record_machine machine;
    /* what the harness took, in its last segment */
    uint64_t recorded_samples, recorded_tokens, telemetry_readings;
    nsec_t record, record_most, transit, telemetry;
    /* what it was derived from */
    const char *experiment_sha256, *plan_sha256, *environment_sha256; /* nullptr: unknown */
};

[[nodiscard]] enum err_code run_record_write(const char *path, const struct run_record *r,
                                             struct err *e);

struct run_record_outcome { /* what resuming has to know of a record */
    enum status status;
    char stage[16];
    char reason[512];
};

/* false: there is none, or it cannot be read. */
[[nodiscard]] bool run_record_read(const char *path, struct run_record_outcome *ret);
