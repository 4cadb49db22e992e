/* cell_todo.h - what one invocation of one cell still has to measure. Pure.
 *
 * Among the lines with status ok or degraded, (cell, invocation, phase, repetition, seq, agent) is
 * unique; seq is the request's number in its repetition. A failed try stays in the log with its own
 * segment.
 */
#pragma once

#include "store/sample_log.h"

struct arena;

struct cell_todo {
    uint32_t repetitions;
    uint32_t requests; /* in a repetition; 0: a repetition lasts duration (stress) */
    uint32_t agents;
    nsec_t duration;
    uint32_t
        next_pass[PHASE_MEASURED]; /* the repetition that the next cold or warm-up pass takes */
    uint8_t *done;                 /* [repetition * requests + seq], a bit for each agent */
    nsec_t *spent;                 /* stress, [repetition]: measured already */
    uint32_t *next_seq;            /* stress, [repetition] */
    uint32_t last_segment;         /* of its lines; 0: none */
    uint32_t counts[PHASE_COUNT][STATUS_COUNT];
};

/* From the lines of the cell's log, all invocations. repetitions, requests, agents and duration of
 * *t are set before. */
void cell_todo_read(struct cell_todo *t, const struct sample_log_entry *lines, size_t n,
                    uint32_t invocation, struct arena *a);
bool cell_todo_is_done(const struct cell_todo *t, uint32_t repetition, uint32_t seq);
bool cell_todo_repetition_is_done(const struct cell_todo *t, uint32_t repetition);
bool cell_todo_is_complete(const struct cell_todo *t);
/* A line was written. */
void cell_todo_note(struct cell_todo *t, const struct sample_log_entry *line);
