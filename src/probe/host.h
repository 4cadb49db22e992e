/* host.h - the system around the processor: kernel, distribution, container, disk, load, clock. */
#pragma once

struct facts;

void host_facts(const char *root, struct facts *f);       /* root: see cpu.h */
void host_clock_facts(const char *root, struct facts *f); /* measures for a few ms */
/* folder: whose disk counts. Steal and load are taken over ~100 ms. */
void host_load_facts(const char *root, const char *folder, struct facts *f);

/* The share of CPU time that the hypervisor kept to itself between two texts of /proc/stat, 0..1;
 * NaN where a text has no such count or no time passed. */
[[nodiscard]] double host_steal(const char *stat_before, const char *stat_after);
