/* memory.h - memory, swap, and the limits that this process stands under. */
#pragma once

#include <stdint.h>

struct facts;

void memory_facts(const char *root, struct facts *f); /* root: see cpu.h */
/* What can still be had without swapping, in bytes, a cgroup's limit included; -1 unknown. */
[[nodiscard]] int64_t memory_available(void);
