/* sample_line.h - one line of samples.jsonl, as figures need it.
 *
 * A line may lack any key but those that say which cell it is of, its invocation, phase and status,
 * and latency_ms where the status is ok: what others recorded rarely has more. A value of another
 * type, or out of its type's range, is as if it were not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct json;

enum sample_line_fault : uint8_t {
    SAMPLE_LINE_GOOD,
    SAMPLE_LINE_NO_JSON,
    SAMPLE_LINE_NO_CELL,
    SAMPLE_LINE_NO_STATUS,
    SAMPLE_LINE_NO_PHASE,
    SAMPLE_LINE_NO_INVOCATION,
    SAMPLE_LINE_NO_LATENCY,
    SAMPLE_LINE_KEY_TWICE,
    /* not of the line by itself: those who read the file find it */
    SAMPLE_LINE_TORN,
    SAMPLE_LINE_TOO_LONG,
    SAMPLE_LINE_OTHER_CELL,
    SAMPLE_LINE_TWICE,
    SAMPLE_LINE_FAULTS,
};

/* NULL of an int32_t is INT32_MIN, of an int64_t INT64_MIN, of a uint64_t UINT64_MAX, of a double
 * NOT_MEASURED, of a pointer nullptr. Keys of the file are the names below. */
struct sample_line {
    const char *scenario, *backend, *precision, *model;
    int32_t invocation, segment, repetition, prompt_index, agent, seq, batch_size;
    int32_t phase, status;    /* enum phase, enum status */
    int32_t n_stops, n_early; /* elements of `stop`, and those that are not "length" */
    int32_t n_steps;          /* elements of `token_ns` */
    int64_t submitted_ns, first_token_ns, finished_ns;
    int64_t prompt_tokens, generated_tokens, padding_tokens;
    uint64_t seed;
    double latency_ms, ttft_ms, prefill_ms, decode_ms, cpu_ms, peak_rss_mb, overlap_ms;
    /* as an import states them */
    double tokens, tokens_per_s, power_w, temperature_c, clock_mhz, steal_percent;
    const char *reason, *started_at;
    const char *stop;                        /* its words with '|' between */
    const struct json *outputs, *output_ids; /* arrays; nullptr too where they are not wanted */
};

struct sample_line_reader;

enum sample_line_way : uint8_t {
    SAMPLE_LINE_FIGURES, /* without outputs: lines as they are mostly written go a quick way */
    SAMPLE_LINE_OUTPUTS,
    SAMPLE_LINE_PLAIN, /* without outputs, but each line by the JSON reader: finds the same */
};

[[nodiscard]] struct sample_line_reader *sample_line_reader_new(enum sample_line_way way);
void sample_line_reader_freep(struct sample_line_reader **r); /* for CLEANUP() */

/* Text and arrays are borrowed from the reader and gone with its next line. */
[[nodiscard]] enum sample_line_fault sample_line_parse(struct sample_line_reader *r,
                                                       const char *text, size_t n,
                                                       struct sample_line *ret);

/* Why a line was left out, in words. */
const char *sample_line_why(enum sample_line_fault f);
