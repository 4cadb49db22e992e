/* watch.h - what the whole machine does while something is measured: the time that its processors
 * worked and that other guests took, waiting for a processor, heat, clocks, throttling. Cheap
 * enough to be asked at every reading of telemetry.
 *
 * The files in /proc and /sys are opened once and read again in place. However often it is asked,
 * counters are read WATCH_PAUSE apart at least, and what may be slow, or wakes processors (heat,
 * clocks, throttling), WATCH_LONG_PAUSE. A quantity that cannot be read here is NOT_MEASURED, and
 * `why` says why.
 */
#pragma once

#include "base/defs.h"

constexpr nsec_t WATCH_PAUSE = 45'000'000;
constexpr nsec_t WATCH_LONG_PAUSE = 250'000'000;
constexpr size_t WATCH_MOST_CPUS = 16; /* whose clocks are read: of more, evenly spread ones */
constexpr size_t WATCH_MOST_CHIPS = 8;

enum watch_quantity : uint8_t {
    WATCH_CPU_TIME,
    WATCH_PRESSURE,
    WATCH_HEAT,
    WATCH_CLOCK,
    WATCH_THROTTLE,
    WATCH_QUANTITIES
};

struct watch {
    int stat_fd, pressure_fd, cpuinfo_fd; /* -1: not there */
    int clock_fds[WATCH_MOST_CPUS], heat_fds[WATCH_MOST_CHIPS], throttle_fds[WATCH_MOST_CPUS + 1];
    size_t n_clocks, n_heats, n_throttles;
    double limit_celsius;              /* the least that a chip calls critical */
    char source[WATCH_QUANTITIES][96]; /* where it is read; "" where it is not */
    const char *why[WATCH_QUANTITIES]; /* it is not read; nullptr: it is */
    nsec_t next, next_slow;
};

/* Counters count from the machine's start, over all its CPUs: differences are what they say. */
struct watch_reading {
    nsec_t at;
    bool counted;                  /* the counters were looked at */
    double cpu_s, busy_s, steal_s; /* all CPU time, of it working for us or other processes, and
                                      taken by other guests; iowait counts as idle */
    double pressure_s;             /* time in which some task was ready and had no CPU (PSI) */
    bool felt;                     /* what follows was looked at */
    double celsius;                /* the hottest of the processors' sensors */
    double mhz_least, mhz_mean, mhz_most; /* over the CPUs that are read */
    double throttles;                     /* events */
};

/* root: "", or a folder with a copy of /proc and /sys. */
void watch_open(struct watch *w, const char *root);
void watch_done(struct watch *w); /* for CLEANUP() too, after watch_open() */

/* all: everything, whenever it was read last. Allocates nothing. */
void watch_read(struct watch *w, bool all, struct watch_reading *ret);

/* Where each quantity is read here during a run, or why it is not, as facts of group "watch". */
struct facts;
void watch_facts(const char *root, struct facts *f);

[[nodiscard]] const char *watch_quantity_name(enum watch_quantity q); /* "cpu_time", ... */
