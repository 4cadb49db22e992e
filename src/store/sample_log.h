/* sample_log.h - samples.jsonl of one cell: one line per request, appended as it ends.
 *
 * The source of truth. Each append is one write(2) at the end of the file, before anybody is told
 * that the sample is finished, so a kill loses at most the line being written. Such a torn line is
 * recognised and cut off when the log is opened again; so is the first of two lines that belong
 * together (mode dual).
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"
#include "domain/status.h"

struct arena;
struct json;
struct str;

/* One line. Keys of the file are the names below; times are stamps of CLOCK_MONOTONIC in ns, -1
 * where unknown (null in the file). Text is borrowed; nullptr is null. */
struct sample_log_record {
    const char *scenario, *backend, *precision, *model;
    uint32_t invocation, segment, repetition;
    uint32_t prompt_index; /* of the first prompt of the request */
    uint32_t agent;        /* 0; the second of a dual: 1 */
    uint32_t agents;       /* 1; dual: 2 */
    uint32_t seq;          /* of the request in its repetition */
    enum phase phase;
    enum status status;
    const char *reason;
    nsec_t submitted, tokenized, first_token, finished, detokenized, prefill_begin, prefill_end;
    nsec_t cpu;
    int64_t peak_rss_bytes, prompt_tokens, generated_tokens, padding_tokens; /* -1: unknown */
    uint32_t batch_size, n_prompts;
    const struct json *token_ns, *stop, *outputs, *output_ids; /* arrays as the worker gave them */
    uint64_t seed;
    double overlap_ms;      /* NOT_MEASURED unless dual */
    const char *started_at; /* wall clock */
};

/* Append the record as one line, newline included, to out. */
void sample_log_format(const struct sample_log_record *r, struct str *out);

/* ---- appending ---- */

struct sample_log {
    int fd;        /* -1: closed */
    int64_t bytes; /* of the file, all of it whole lines */
    const char *path;
};

/* Open for appending; made where it is not there, repaired where its end is torn (see above). path
 * must outlive the log. *ret_dropped (may be nullptr): bytes cut off. */
[[nodiscard]] enum err_code sample_log_open(struct sample_log *log, const char *path,
                                            int64_t *ret_dropped, struct err *e);
/* All of text[0..n) or, on failure (a full disk), nothing. */
[[nodiscard]] enum err_code sample_log_append(struct sample_log *log, const char *text, size_t n,
                                              struct err *e);
/* To the disk. */
[[nodiscard]] enum err_code sample_log_sync(struct sample_log *log, struct err *e);
void sample_log_done(struct sample_log *log); /* for CLEANUP() too; of {.fd = -1} as well */

/* ---- reading back, for the lab (the tables have their own reader) ---- */

struct sample_log_entry { /* what resuming has to know of a line */
    uint32_t invocation, segment, repetition, prompt_index, agent, seq;
    enum phase phase;
    enum status status;
    nsec_t submitted, finished; /* -1 unknown */
};

/* Every whole line, in file order. No file: none. A line that is no sample is ERR_PARSE with its
 * number. */
[[nodiscard]] enum err_code sample_log_read(const char *path, struct arena *a,
                                            struct sample_log_entry **ret, size_t *ret_n,
                                            struct err *e);
