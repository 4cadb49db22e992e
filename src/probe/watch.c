#include "probe/watch.h"

#include "base/clock.h"
#include "probe/facts.h"

#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t TEXT_ROOM = 512;
constexpr size_t CPUINFO_ROOM = 32768;
constexpr unsigned MOST_CHIPS = 32;

const char *watch_quantity_name(enum watch_quantity q)
{
    static const char *const names[WATCH_QUANTITIES] = {
        [WATCH_CPU_TIME] = "cpu_time", [WATCH_PRESSURE] = "pressure", [WATCH_HEAT] = "temperature",
        [WATCH_CLOCK] = "clock",       [WATCH_THROTTLE] = "throttle",
    };
    return names[q];
}

static bool read_text(int fd, char *text, size_t room)
{
    const ssize_t n = fd < 0 ? -1 : pread(fd, text, room - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

static double read_number(int fd)
{
    char text[64], *end;
    if (!read_text(fd, text, sizeof text))
        return NOT_MEASURED;
    const double x = strtod(text, &end);
    return end == text ? NOT_MEASURED : x;
}

[[gnu::format(printf, 2, 3)]] static int open_at(const char *root, const char *fmt, ...)
{
    char path[TEXT_ROOM];
    const int n = snprintf(path, sizeof path, "%s", root);
    if (n < 0 || (size_t)n >= sizeof path)
        return -1;
    va_list args;
    va_start(args, fmt);
    const int more = vsnprintf(path + n, sizeof path - (size_t)n, fmt, args);
    va_end(args);
    return more > 0 && (size_t)more < sizeof path - (size_t)n ? open(path, O_RDONLY | O_CLOEXEC)
                                                              : -1;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* A file that opens may still refuse to be read. */
static int readable(int fd)
{
    char text[TEXT_ROOM];
    if (fd >= 0 && !read_text(fd, text, sizeof text))
        close_fd(&fd);
    return fd;
}

/* ---- what there is ---- */

[[gnu::format(printf, 3, 4)]] static void say(struct watch *w, enum watch_quantity q,
                                              const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(w->source[q], sizeof w->source[q], fmt, args);
    va_end(args);
    w->why[q] = nullptr;
}

static void open_counters(struct watch *w, const char *root)
{
    w->stat_fd = readable(open_at(root, "/proc/stat"));
    w->pressure_fd = readable(open_at(root, "/proc/pressure/cpu"));
    w->why[WATCH_CPU_TIME] = "/proc/stat cannot be read";
    w->why[WATCH_PRESSURE] = "/proc/pressure/cpu cannot be read: the kernel keeps no such account";
    if (w->stat_fd >= 0)
        say(w, WATCH_CPU_TIME, "/proc/stat");
    if (w->pressure_fd >= 0)
        say(w, WATCH_PRESSURE, "/proc/pressure/cpu");
}

/* The sensor of a processor, by its driver's name; its first input is the package's. */
static bool is_processor(const char *name)
{
    static const char *const names[] = {
        "coretemp",        "k10temp",    "k8temp",       "zenpower",  "cpu",
        "scpi_sensors",    "soc",        "x86_pkg_temp", "apm_xgene", "cpu_thermal",
        "package_thermal", "soc_thermal"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void add_heat(struct watch *w, int fd, const char *name, double limit_milli)
{
    if (w->n_heats == 0)
        say(w, WATCH_HEAT, "%s", name);
    w->heat_fds[w->n_heats++] = fd;
    if (limit_milli > 0 && !(limit_milli / 1e3 >= w->limit_celsius))
        w->limit_celsius = limit_milli / 1e3;
}

static double number_at(const char *root, const char *folder, unsigned i, const char *name)
{
    int fd = open_at(root, "%s%u/%s", folder, i, name);
    const double x = read_number(fd);
    close_fd(&fd);
    return x;
}

static void open_heat_of(struct watch *w, const char *root, const char *folder, const char *kind,
                         const char *input, const char *limit)
{
    for (unsigned i = 0; i < MOST_CHIPS && w->n_heats < WATCH_MOST_CHIPS; i++) {
        char name[TEXT_ROOM];
        int name_fd = open_at(root, "%s%u/%s", folder, i, kind);
        const bool named = read_text(name_fd, name, sizeof name);
        close_fd(&name_fd);
        if (!named)
            continue;
        name[strcspn(name, "\n")] = '\0';
        int fd = is_processor(name) ? readable(open_at(root, "%s%u/%s", folder, i, input)) : -1;
        if (fd >= 0)
            add_heat(w, fd, name, limit ? number_at(root, folder, i, limit) : NOT_MEASURED);
    }
}

static void open_heat(struct watch *w, const char *root)
{
    w->limit_celsius = NOT_MEASURED;
    w->why[WATCH_HEAT] = "no sensor of a processor in /sys/class/hwmon or /sys/class/thermal: a "
                         "virtual machine, or a driver that is not loaded";
    open_heat_of(w, root, "/sys/class/hwmon/hwmon", "name", "temp1_input", "temp1_crit");
    if (w->n_heats == 0)
        open_heat_of(w, root, "/sys/class/thermal/thermal_zone", "type", "temp", nullptr);
}

/* The CPUs that we may run on, evenly thinned to `most`; of a copy those that it has. */
static size_t choose_cpus(const char *root, unsigned *ret, size_t most)
{
    static_assert(CPU_SETSIZE >= 1024);
    cpu_set_t set;
    CPU_ZERO(&set);
    if (*root || sched_getaffinity(0, sizeof set, &set) != 0)
        for (size_t i = 0; i < most; i++)
            CPU_SET(i, &set);
    const size_t n = (size_t)CPU_COUNT(&set);
    size_t k = 0, seen = 0;
    for (unsigned i = 0; i < CPU_SETSIZE && k < most; i++)
        if (CPU_ISSET(i, &set) && seen++ * most >= k * n)
            ret[k++] = i;
    return k;
}

/* A guest without the counters that the clock is measured by is told its nominal clock, always. */
static bool tells_clock(int cpuinfo_fd)
{
    char text[CPUINFO_ROOM];
    return read_text(cpuinfo_fd, text, sizeof text) && strstr(text, " aperfmperf") &&
           strstr(text, "\ncpu MHz");
}

static void open_cpus(struct watch *w, const char *root)
{
    static const char *const folder = "/sys/devices/system/cpu/cpu";
    unsigned cpus[WATCH_MOST_CPUS];
    const size_t n = choose_cpus(root, cpus, WATCH_MOST_CPUS);
    for (size_t i = 0; i < n; i++) {
        const int mhz = readable(open_at(root, "%s%u/cpufreq/scaling_cur_freq", folder, cpus[i]));
        if (mhz >= 0)
            w->clock_fds[w->n_clocks++] = mhz;
        const int events =
            readable(open_at(root, "%s%u/thermal_throttle/core_throttle_count", folder, cpus[i]));
        if (events >= 0)
            w->throttle_fds[w->n_throttles++] = events;
    }
    const int package =
        n ? readable(open_at(root, "%s%u/thermal_throttle/package_throttle_count", folder, cpus[0]))
          : -1;
    if (package >= 0)
        w->throttle_fds[w->n_throttles++] = package;
    w->why[WATCH_CLOCK] = "no cpufreq, and /proc/cpuinfo tells the nominal clock alone: a virtual "
                          "machine";
    w->why[WATCH_THROTTLE] = "no thermal_throttle in /sys/devices/system/cpu: a virtual machine, "
                             "or a processor that counts none";
    if (w->n_throttles)
        say(w, WATCH_THROTTLE, "thermal_throttle of %zu CPUs", n);
    w->cpuinfo_fd = -1;
    if (w->n_clocks) {
        say(w, WATCH_CLOCK, "cpufreq of %zu CPUs", w->n_clocks);
        return;
    }
    w->cpuinfo_fd = open_at(root, "/proc/cpuinfo");
    if (tells_clock(w->cpuinfo_fd))
        say(w, WATCH_CLOCK, "/proc/cpuinfo");
    else
        close_fd(&w->cpuinfo_fd);
}

void watch_open(struct watch *w, const char *root)
{
    *w = (struct watch){};
    open_counters(w, root);
    open_heat(w, root);
    open_cpus(w, root);
}

void watch_done(struct watch *w)
{
    close_fd(&w->stat_fd);
    close_fd(&w->pressure_fd);
    close_fd(&w->cpuinfo_fd);
    for (size_t i = 0; i < w->n_clocks; i++)
        close_fd(&w->clock_fds[i]);
    for (size_t i = 0; i < w->n_heats; i++)
        close_fd(&w->heat_fds[i]);
    for (size_t i = 0; i < w->n_throttles; i++)
        close_fd(&w->throttle_fds[i]);
    w->n_clocks = w->n_heats = w->n_throttles = 0;
}

/* ---- reading ---- */

/* user nice system idle iowait irq softirq steal; guest time is in user time already. */
static void read_cpu_time(const struct watch *w, struct watch_reading *r)
{
    char text[TEXT_ROOM], *at = text + 3, *end;
    double t[8], all = 0;
    if (!read_text(w->stat_fd, text, sizeof text) || strncmp(text, "cpu ", 4) != 0)
        return;
    for (size_t i = 0; i < COUNT_OF(t); i++, at = end) {
        t[i] = strtod(at, &end);
        if (end == at)
            return;
        all += t[i];
    }
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    r->cpu_s = all / ticks;
    r->busy_s = (t[0] + t[1] + t[2] + t[5] + t[6]) / ticks;
    r->steal_s = t[7] / ticks;
}

static void read_pressure(const struct watch *w, struct watch_reading *r)
{
    char text[TEXT_ROOM];
    const bool got = read_text(w->pressure_fd, text, sizeof text);
    const char *const total =
        got && strncmp(text, "some ", 5) == 0 ? strstr(text, "total=") : nullptr;
    if (total)
        r->pressure_s = strtod(total + 6, nullptr) / 1e6;
}

struct spread {
    size_t n;
    double sum, least, most;
};

static void spread_add(struct spread *s, double x)
{
    if (!(x > 0))
        return;
    s->least = s->n == 0 || x < s->least ? x : s->least;
    s->most = s->n == 0 || x > s->most ? x : s->most;
    s->sum += x;
    s->n++;
}

static void read_cpuinfo(const struct watch *w, struct spread *s)
{
    char text[CPUINFO_ROOM];
    if (!read_text(w->cpuinfo_fd, text, sizeof text))
        return;
    for (const char *at = text; (at = strstr(at, "\ncpu MHz"));) {
        at += strcspn(at, ":");
        spread_add(s, *at == ':' ? strtod(at + 1, nullptr) : 0);
    }
}

static void read_slow(const struct watch *w, struct watch_reading *r)
{
    struct spread mhz = {}, heat = {};
    for (size_t i = 0; i < w->n_clocks; i++)
        spread_add(&mhz, read_number(w->clock_fds[i]) / 1e3);
    if (w->cpuinfo_fd >= 0)
        read_cpuinfo(w, &mhz);
    for (size_t i = 0; i < w->n_heats; i++)
        spread_add(&heat, read_number(w->heat_fds[i]) / 1e3);
    double events = w->n_throttles ? 0 : NOT_MEASURED;
    for (size_t i = 0; i < w->n_throttles; i++)
        events += read_number(w->throttle_fds[i]);
    r->felt = true;
    r->throttles = events;
    if (heat.n)
        r->celsius = heat.most;
    if (mhz.n) {
        r->mhz_least = mhz.least;
        r->mhz_mean = mhz.sum / (double)mhz.n;
        r->mhz_most = mhz.most;
    }
}

void watch_read(struct watch *w, bool all, struct watch_reading *ret)
{
    struct watch_reading r = {
        .at = clock_now(),
        .cpu_s = NOT_MEASURED,
        .busy_s = NOT_MEASURED,
        .steal_s = NOT_MEASURED,
        .pressure_s = NOT_MEASURED,
        .celsius = NOT_MEASURED,
        .mhz_least = NOT_MEASURED,
        .mhz_mean = NOT_MEASURED,
        .mhz_most = NOT_MEASURED,
        .throttles = NOT_MEASURED,
    };
    if (all || r.at >= w->next) {
        read_cpu_time(w, &r);
        read_pressure(w, &r);
        r.counted = true;
        w->next = r.at + WATCH_PAUSE;
    }
    if (all || r.at >= w->next_slow) {
        read_slow(w, &r);
        w->next_slow = r.at + WATCH_LONG_PAUSE;
    }
    *ret = r;
}

void watch_facts(const char *root, struct facts *f)
{
    CLEANUP(watch_done) struct watch w;
    watch_open(&w, root);
    f->group = "watch";
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++) {
        const char *const name = watch_quantity_name((enum watch_quantity)q);
        if (w.why[q])
            facts_unknown(f, name, "%s", w.why[q]);
        else
            facts_printf(f, name, "%s", w.source[q]);
    }
}
