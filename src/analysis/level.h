/* level.h - the level at which the variation of a cell is sampled, as values of log latency: what a
 * comparison of two cells rests on. Pure.
 *
 * Samples are nested in repetitions, and these in invocations. What differs between invocations
 * (memory layout, clocks, caches) is common to all samples of one, so that with two invocations or
 * more an invocation is one value: the mean of its logs without a fifth of them at each end. With
 * one, a repetition (one pass over the prompts) is a value: the mean of the logs of its samples;
 * and where the passes are not known, a sample. The last two say nothing about another invocation.
 *
 * Logs, because a comparison is a ratio: the difference of two means of logs is the log of the
 * ratio of geometric means.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

enum level_unit : uint8_t {
    LEVEL_INVOCATIONS,
    LEVEL_REPETITIONS,
    LEVEL_SAMPLES,
    LEVEL_SCENARIOS, /* of a comparison across them */
};

struct level {
    enum level_unit unit;
    const double *y; /* n logs of ms */
    size_t n;
    double n_effective; /* n, less where consecutive values resemble each other; more, by what
                           chance may show, where they alternate */
    double mean, var;   /* of y; NOT_MEASURED: fewer than one, two values */
};

/* x: latencies in ms, all above 0, unit u (an invocation) in [start[u], start[u + 1]), in the order
 * in which they were measured; repetition[i]: of x[i], INT32_MIN or nullptr where unknown. y
 * belongs to the arena. */
[[nodiscard]] struct level level_of(const double *x, const size_t *start, size_t n_units,
                                    const int32_t *repetition, struct arena *a);

/* "invocations", "repetitions of one invocation", "samples of one invocation" */
[[nodiscard]] const char *level_unit_name(enum level_unit unit);
