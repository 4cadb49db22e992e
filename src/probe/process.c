#include "probe/process.h"

#include "base/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

constexpr size_t LINE_ROOM = 1024; /* a stat line is 52 numbers and a name of 15 bytes: below 800 */
constexpr size_t STATUS_ROOM = 4096;
constexpr unsigned MOST_CHILDREN = 64;

struct stat_line {
    char state;
    int64_t utime, stime, cutime, cstime; /* clock ticks */
    uint32_t n_threads;
};

static int open_in(const char *proc, pid_t pid, const char *name)
{
    char path[512];
    const int n = snprintf(path, sizeof path, "%s/%d/%s", proc, (int)pid, name);
    return n > 0 && (size_t)n < sizeof path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static bool read_fd(int fd, char text[static LINE_ROOM])
{
    const ssize_t n = fd < 0 ? -1 : pread(fd, text, LINE_ROOM - 1, 0);
    if (n < 0)
        return false;
    text[n] = '\0';
    return true;
}

/* The name may hold blanks and parentheses, so the fields are counted from its last ')'. */
static bool parse_stat(const char *text, struct stat_line *ret)
{
    const char *at = strrchr(text, ')');
    if (!at)
        return false;
    struct stat_line s = {};
    const int got =
        sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld %*d %*d %u",
               &s.state, &s.utime, &s.stime, &s.cutime, &s.cstime, &s.n_threads);
    if (got != 6)
        return false;
    *ret = s;
    return true;
}

static bool parse_rss(const char *statm, int64_t *ret)
{
    char *end;
    (void)strtoll(statm, &end, 10);
    const char *const second = end;
    const long long pages = strtoll(second, &end, 10);
    if (end == second)
        return false;
    *ret = pages * sysconf(_SC_PAGESIZE);
    return true;
}

static nsec_t from_ticks(int64_t ticks)
{
    return ticks * (1000000000 / sysconf(_SC_CLK_TCK));
}

enum err_code process_open(struct process *p, const char *proc, pid_t pid, struct err *e)
{
    struct process fresh = {.pid = pid, .proc = proc};
    char name[64];
    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    fresh.stat_fd = open_in(proc, pid, "stat");
    fresh.statm_fd = open_in(proc, pid, "statm");
    fresh.children_fd = open_in(proc, pid, name);
    fresh.status_fd = open_in(proc, pid, "status");
    fresh.schedstat_fd = open_in(proc, pid, "schedstat");
    if (fresh.stat_fd < 0 || fresh.statm_fd < 0) {
        process_done(&fresh);
        return err_set(e, ERR_UNAVAILABLE, "no process %d in %s", (int)pid, proc);
    }
    /* The kernel's CPU clock of the process counts nanoseconds; stat counts ticks of 10 ms. */
    fresh.has_cpu_clock =
        strcmp(proc, "/proc") == 0 && clock_getcpuclockid(pid, &fresh.cpu_clock) == 0;
    *p = fresh;
    return ERR_OK;
}

void process_done(struct process *p)
{
    int *const fds[] = {&p->stat_fd, &p->statm_fd, &p->children_fd, &p->status_fd,
                        &p->schedstat_fd};
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        if (*fds[i] >= 0)
            (void)close(*fds[i]);
        *fds[i] = -1;
    }
}

static nsec_t own_cpu(const struct process *p, const struct stat_line *s)
{
    struct timespec t;
    if (p->has_cpu_clock && clock_gettime(p->cpu_clock, &t) == 0)
        return (nsec_t)t.tv_sec * 1000000000 + t.tv_nsec;
    return from_ticks(s->utime + s->stime);
}

static bool read_one(const char *proc, pid_t pid, nsec_t *ret_cpu, int64_t *ret_rss)
{
    char stat[LINE_ROOM], statm[LINE_ROOM];
    const int stat_fd = open_in(proc, pid, "stat"), statm_fd = open_in(proc, pid, "statm");
    const bool got = read_fd(stat_fd, stat) && read_fd(statm_fd, statm);
    if (stat_fd >= 0)
        (void)close(stat_fd);
    if (statm_fd >= 0)
        (void)close(statm_fd);

    struct stat_line s;
    if (!got || !parse_stat(stat, &s) || !parse_rss(statm, ret_rss))
        return false;
    *ret_cpu = from_ticks(s.utime + s.stime + s.cutime + s.cstime);
    return true;
}

static void add_children(const struct process *p, struct process_usage *u)
{
    char list[LINE_ROOM];
    if (!read_fd(p->children_fd, list))
        return;
    const char *at = list;
    for (unsigned i = 0; i < MOST_CHILDREN; i++) {
        char *end;
        const long pid = strtol(at, &end, 10);
        if (end == at)
            return;
        at = end;
        nsec_t cpu;
        int64_t rss;
        if (read_one(p->proc, (pid_t)pid, &cpu, &rss)) { /* it may have ended in between */
            u->cpu_ns += cpu;
            u->rss_bytes += rss;
            u->n_children++;
        }
    }
}

/* schedstat: time on a CPU, time ready without one, times that it got one. */
static nsec_t read_waited(const struct process *p)
{
    char text[LINE_ROOM];
    long long ran, waited;
    return read_fd(p->schedstat_fd, text) && sscanf(text, "%lld %lld", &ran, &waited) == 2 ? waited
                                                                                           : -1;
}

static int64_t read_preempted(const struct process *p)
{
    char text[STATUS_ROOM];
    const ssize_t n = p->status_fd < 0 ? -1 : pread(p->status_fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    const char *const at = strstr(text, "\nnonvoluntary_ctxt_switches:");
    long long switches;
    return at && sscanf(at + 28, "%lld", &switches) == 1 ? switches : -1;
}

bool process_read(const struct process *p, struct process_usage *ret)
{
    char stat[LINE_ROOM], statm[LINE_ROOM];
    struct stat_line s;
    struct process_usage u = {.at = clock_now()};
    if (!read_fd(p->stat_fd, stat) || !parse_stat(stat, &s) || !read_fd(p->statm_fd, statm) ||
        !parse_rss(statm, &u.rss_bytes))
        return false;
    u.cpu_ns = own_cpu(p, &s) + from_ticks(s.cutime + s.cstime);
    u.n_threads = s.n_threads;
    u.state = s.state;
    u.waited_ns = u.preempted = -1;
    add_children(p, &u);
    *ret = u;
    return true;
}

void process_read_waits(const struct process *p, struct process_usage *ret)
{
    ret->waited_ns = read_waited(p);
    ret->preempted = read_preempted(p);
}

int64_t process_peak_rss(const char *proc, pid_t pid)
{
    char text[STATUS_ROOM];
    const int fd = open_in(proc, pid, "status");
    if (fd < 0)
        return -1;
    const ssize_t n = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    long kb;
    const char *const at = strstr(text, "\nVmHWM:");
    return at && sscanf(at + 7, "%ld", &kb) == 1 ? (int64_t)kb * 1024 : -1; /* a zombie has none */
}
