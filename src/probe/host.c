#include "probe/host.h"

#include "base/clock.h"
#include "base/defs.h"
#include "probe/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

constexpr nsec_t LOOK = 100'000'000;

static void name_system(const char *root, struct facts *f)
{
    const char *const release = facts_file(f, root, "/etc/os-release");
    char *name = release ? facts_line(f, release, "PRETTY_NAME") : nullptr;
    const size_t n = name ? strlen(name) : 0;
    if (n >= 2 && name[0] == '"' && name[n - 1] == '"') {
        name[n - 1] = '\0';
        name++;
    }
    if (name)
        facts_text(f, "distribution", name);
    else
        facts_unknown(f, "distribution", "there is no /etc/os-release");
}

static void surroundings(const char *root, struct facts *f)
{
    static const struct {
        const char *path, *name;
    } marks[] = {{"/.dockerenv", "docker"}, {"/run/.containerenv", "podman"}};
    const char *container = nullptr;
    for (size_t i = 0; i < COUNT_OF(marks) && !container; i++)
        container = facts_file(f, root, marks[i].path) ? marks[i].name : nullptr;
    const char *const manager = facts_file(f, root, "/run/systemd/container");
    container = container ? container : manager;
    if (container)
        facts_text(f, "container", container);
    else
        facts_unknown(f, "container", "no mark of one is seen");
    const char *const product = facts_file(f, root, "/sys/class/dmi/id/product_name");
    if (product && *product)
        facts_text(f, "product", product);
    else
        facts_unknown(f, "product", "the firmware gives no product name");
}

void host_facts(const char *root, struct facts *f)
{
    f->group = "host";
    const char *const name = facts_file(f, root, "/proc/sys/kernel/hostname");
    const char *const type = facts_file(f, root, "/proc/sys/kernel/ostype");
    const char *const kernel = facts_file(f, root, "/proc/sys/kernel/osrelease");
    if (name)
        facts_text(f, "name", name);
    else
        facts_unknown(f, "name", "/proc is not there");
    if (kernel)
        facts_printf(f, "kernel", "%s %s", type ? type : "Linux", kernel);
    else
        facts_unknown(f, "kernel", "/proc is not there");
    name_system(root, f);
    surroundings(root, f);
}

void host_clock_facts(const char *root, struct facts *f)
{
    f->group = "clock";
    facts_text(f, "name", "CLOCK_MONOTONIC");
    facts_number(f, "resolution_ns", (double)clock_resolution());
    facts_number(f, "read_cost_ns", (double)clock_read_cost());
    const char *const source =
        facts_file(f, root, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (source)
        facts_text(f, "source", source);
    else
        facts_unknown(f, "source", "the kernel does not say");
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice,
 * where guest time is in user time already. */
static bool cpu_line(const char *stat, double *ret_all, double *ret_steal)
{
    unsigned long long t[8];
    if (!stat || sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2],
                        &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
        return false;
    *ret_all = 0;
    for (size_t i = 0; i < COUNT_OF(t); i++)
        *ret_all += (double)t[i];
    *ret_steal = (double)t[7];
    return true;
}

double host_steal(const char *stat_before, const char *stat_after)
{
    double all[2], steal[2];
    if (!cpu_line(stat_before, &all[0], &steal[0]) || !cpu_line(stat_after, &all[1], &steal[1]) ||
        all[1] <= all[0])
        return NOT_MEASURED;
    return (steal[1] - steal[0]) / (all[1] - all[0]);
}

void host_load_facts(const char *root, const char *folder, struct facts *f)
{
    f->group = "load";
    const char *const before = facts_file(f, root, "/proc/stat");
    clock_sleep(*root ? 0 : LOOK);
    const char *const after = facts_file(f, root, "/proc/stat");
    const double steal = host_steal(before, after);
    if (isnan(steal))
        facts_unknown(f, "steal_percent", "/proc/stat counts none, or no time passed");
    else
        facts_number(f, "steal_percent", 100 * steal);
    double all, stolen;
    if (cpu_line(after, &all, &stolen) && all > 0)
        facts_number(f, "steal_since_boot_percent", 100 * stolen / all);
    else
        facts_unknown(f, "steal_since_boot_percent", "/proc/stat counts none");

    const char *const average = facts_file(f, root, "/proc/loadavg");
    if (average)
        facts_number(f, "load_1min", strtod(average, nullptr));
    else
        facts_unknown(f, "load_1min", "/proc/loadavg is not there");
    struct statvfs disk;
    if (statvfs(folder, &disk) == 0)
        facts_number(f, "disk_free_bytes", (double)disk.f_bavail * (double)disk.f_frsize);
    else
        facts_unknown(f, "disk_free_bytes", "'%s' has no file system that answers", folder);
}
