/* process.h - CPU time and memory of a running worker, cheap enough to be asked every few ms.
 *
 * The files in /proc are opened once and read again in place: one process_read() costs a few
 * microseconds. A process that has ended cannot be read, and that is not an error of the reader.
 */
#pragma once

#include "base/defs.h"
#include "base/err.h"

#include <sys/types.h>

struct process {
    pid_t pid;
    const char *proc; /* borrowed */
    clockid_t cpu_clock;
    bool has_cpu_clock;
    int stat_fd, statm_fd,
        children_fd;             /* children_fd is -1 where the kernel does not list children */
    int status_fd, schedstat_fd; /* -1: not there */
};

struct process_usage {
    nsec_t at;         /* when it was read */
    nsec_t cpu_ns;     /* user and system time since the process began, all threads, children too */
    int64_t rss_bytes; /* resident now, children included */
    uint32_t n_threads;  /* of the process itself */
    uint32_t n_children; /* alive now, of its main thread; their own children are not counted */
    char state;          /* R, S, D, Z, ... */
    /* Of its main thread, since it began; -1: not asked, or the kernel does not say. */
    nsec_t waited_ns;  /* ready to run, without a CPU */
    int64_t preempted; /* involuntary context switches */
};

/* proc: "/proc", or a copy of one for a test (must outlive p). ERR_UNAVAILABLE: no such process. */
[[nodiscard]] enum err_code process_open(struct process *p, const char *proc, pid_t pid,
                                         struct err *e);
void process_done(
    struct process *p); /* for CLEANUP() too, after process_open() or {} with fds -1 */

/* false: the process is gone; *ret is untouched. Allocates nothing. */
[[nodiscard]] bool process_read(const struct process *p, struct process_usage *ret);
/* waited_ns and preempted, which process_read() leaves at -1: they cost more than all the rest. */
void process_read_waits(const struct process *p, struct process_usage *ret);

/* The most that pid itself ever had resident (VmHWM), in bytes; -1 where it cannot be read. Slower
 * than process_read(): ask at the end, before the process is reaped. */
[[nodiscard]] int64_t process_peak_rss(const char *proc, pid_t pid);
