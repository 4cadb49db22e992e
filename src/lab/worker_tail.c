#include "lab/worker_tail.h"

#include <string.h>

void worker_tail_add(struct worker_tail *t, const char *bytes, size_t n)
{
    if (n > WORKER_TAIL_BYTES) {
        t->total += n - WORKER_TAIL_BYTES;
        bytes += n - WORKER_TAIL_BYTES;
        n = WORKER_TAIL_BYTES;
    }
    const size_t at = t->total % WORKER_TAIL_BYTES, room = WORKER_TAIL_BYTES - at;
    const size_t first = n < room ? n : room;
    memcpy(t->ring + at, bytes, first);
    memcpy(t->ring, bytes + first, n - first);
    t->total += n;
}

const char *worker_tail_text(struct worker_tail *t)
{
    const size_t at = t->total % WORKER_TAIL_BYTES;
    if (t->total <= WORKER_TAIL_BYTES) {
        memcpy(t->text, t->ring, t->total);
        t->text[t->total] = '\0';
        return t->text;
    }
    memcpy(t->text, t->ring + at, WORKER_TAIL_BYTES - at);
    memcpy(t->text + WORKER_TAIL_BYTES - at, t->ring, at);
    t->text[WORKER_TAIL_BYTES] = '\0';
    const char *const line = strchr(t->text, '\n');
    return line && line[1] ? line + 1 : t->text;
}
