#include "lab/cell_todo.h"

#include "base/arena.h"

#include <string.h>

static bool counts_as_done(enum status s)
{
    return s == STATUS_OK || s == STATUS_DEGRADED;
}

void cell_todo_note(struct cell_todo *t, const struct sample_log_entry *line)
{
    t->counts[line->phase][line->status]++;
    if (line->segment > t->last_segment)
        t->last_segment = line->segment;
    if (line->phase != PHASE_MEASURED) {
        if (line->repetition >= t->next_pass[line->phase])
            t->next_pass[line->phase] = line->repetition + 1;
        return;
    }
    if (line->repetition >= t->repetitions)
        return;
    if (t->requests == 0) {
        if (line->seq >= t->next_seq[line->repetition])
            t->next_seq[line->repetition] = line->seq + 1;
    } else if (line->seq < t->requests && line->agent < t->agents && counts_as_done(line->status)) {
        t->done[(size_t)line->repetition * t->requests + line->seq] |= (uint8_t)(1U << line->agent);
    }
}

/* A period that was interrupted has measured, in each segment, from its first request to its last.
 */
static void add_spent(struct cell_todo *t, const struct sample_log_entry *lines, size_t n,
                      uint32_t invocation)
{
    for (size_t i = 0; i < n;) {
        const struct sample_log_entry *const first = &lines[i];
        nsec_t end = first->submitted;
        size_t k = i;
        for (; k < n && lines[k].invocation == first->invocation &&
               lines[k].segment == first->segment && lines[k].phase == first->phase &&
               lines[k].repetition == first->repetition;
             k++)
            if (lines[k].finished > end)
                end = lines[k].finished;
        if (first->invocation == invocation && first->phase == PHASE_MEASURED &&
            first->repetition < t->repetitions && first->submitted >= 0)
            t->spent[first->repetition] += end - first->submitted;
        i = k;
    }
}

void cell_todo_read(struct cell_todo *t, const struct sample_log_entry *lines, size_t n,
                    uint32_t invocation, struct arena *a)
{
    memset(t->counts, 0, sizeof t->counts);
    memset(t->next_pass, 0, sizeof t->next_pass);
    t->done = ARENA_ARRAY(a, uint8_t, (size_t)t->repetitions * t->requests + 1);
    t->spent = ARENA_ARRAY(a, nsec_t, t->repetitions + 1);
    t->next_seq = ARENA_ARRAY(a, uint32_t, t->repetitions + 1);
    for (size_t i = 0; i < n; i++)
        if (lines[i].invocation == invocation)
            cell_todo_note(t, &lines[i]);
    if (t->requests == 0)
        add_spent(t, lines, n, invocation);
}

bool cell_todo_is_done(const struct cell_todo *t, uint32_t repetition, uint32_t seq)
{
    return t->done[(size_t)repetition * t->requests + seq] == (1U << t->agents) - 1;
}

bool cell_todo_repetition_is_done(const struct cell_todo *t, uint32_t repetition)
{
    if (t->requests == 0)
        return t->spent[repetition] >= t->duration;
    for (uint32_t i = 0; i < t->requests; i++)
        if (!cell_todo_is_done(t, repetition, i))
            return false;
    return true;
}

bool cell_todo_is_complete(const struct cell_todo *t)
{
    for (uint32_t r = 0; r < t->repetitions; r++)
        if (!cell_todo_repetition_is_done(t, r))
            return false;
    return true;
}
