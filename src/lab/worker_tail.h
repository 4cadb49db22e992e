/* worker_tail.h - the last bytes that a worker printed: bounded, whatever it prints. Embedded;
 * starts as {}. */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t WORKER_TAIL_BYTES = 16384;

struct worker_tail {
    char ring[WORKER_TAIL_BYTES];
    uint64_t total; /* bytes seen */
    char text[WORKER_TAIL_BYTES + 1];
};

void worker_tail_add(struct worker_tail *t, const char *bytes, size_t n);
/* In order and NUL-terminated; begins at a line where the beginning was lost. Valid until the next
 * call. */
const char *worker_tail_text(struct worker_tail *t);
