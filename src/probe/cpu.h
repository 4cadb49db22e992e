/* cpu.h - the processor: what it is, how many cores may be used, and what may change its speed. */
#pragma once

#include <stdint.h>

struct facts;

/* root: "" for this machine, or a folder that holds a copy of /proc and /sys. */
void cpu_facts(const char *root, struct facts *f);
[[nodiscard]] uint32_t cpu_usable(void); /* cores that this process may run on; at least 1 */
