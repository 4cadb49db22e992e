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
    uint32_t counts[PHASE_COUNT][STATUS_COUNT]; /* lines in samples.jsonl */
    uint64_t requests_planned;                  /* measured; 0 for stress */
    /* resources of the worker while the cell ran, NOT_MEASURED where unknown */
    double cpu_percent_mean, cpu_percent_peak, rss_mb_mean, rss_mb_peak, sample_interval_s;
    uint32_t n_readings;
    const char *why_no_resources;
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
