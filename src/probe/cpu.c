#include "probe/cpu.h"

#include "base/arena.h"
#include "probe/facts.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint32_t cpu_usable(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint32_t)n : 1;
}

static const char *const CPU0 = "/sys/devices/system/cpu/cpu0";
static const char *const NO_CPUFREQ =
    "the kernel offers no cpufreq here, as in most virtual machines";

static void frequency(const char *root, const char *cpuinfo, struct facts *f)
{
    const char *const mhz = cpuinfo ? facts_line(f, cpuinfo, "cpu MHz") : nullptr;
    if (mhz)
        facts_number(f, "frequency_mhz", strtod(mhz, nullptr));
    else
        facts_unknown(f, "frequency_mhz", "/proc/cpuinfo gives none");

    const char *const governor =
        facts_file(f, root, arena_printf(f->arena, "%s/cpufreq/scaling_governor", CPU0));
    if (governor)
        facts_text(f, "governor", governor);
    else
        facts_unknown(f, "governor", "%s", NO_CPUFREQ);
    const char *const most =
        facts_file(f, root, arena_printf(f->arena, "%s/cpufreq/cpuinfo_max_freq", CPU0));
    if (most)
        facts_number(f, "max_frequency_mhz", strtod(most, nullptr) / 1e3);
    else
        facts_unknown(f, "max_frequency_mhz", "%s", NO_CPUFREQ);

    const char *const no_turbo =
        facts_file(f, root, "/sys/devices/system/cpu/intel_pstate/no_turbo");
    const char *const boost = facts_file(f, root, "/sys/devices/system/cpu/cpufreq/boost");
    if (no_turbo)
        facts_yes_no(f, "turbo", *no_turbo == '0');
    else if (boost)
        facts_yes_no(f, "turbo", *boost == '1');
    else
        facts_unknown(f, "turbo", "%s", NO_CPUFREQ);
}

static void caches(const char *root, struct facts *f)
{
    static const struct {
        const char *level, *type, *name;
    } known[] = {
        {"1", "Data", "cache_l1d"}, {"2", "Unified", "cache_l2"}, {"3", "Unified", "cache_l3"}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        const char *size = nullptr;
        for (int i = 0; i < 6 && !size; i++) {
            const char *const at = arena_printf(f->arena, "%s/cache/index%d", CPU0, i);
            const char *const level = facts_file(f, root, arena_printf(f->arena, "%s/level", at));
            const char *const type = facts_file(f, root, arena_printf(f->arena, "%s/type", at));
            if (level && type && strcmp(level, known[k].level) == 0 &&
                strcmp(type, known[k].type) == 0)
                size = facts_file(f, root, arena_printf(f->arena, "%s/size", at));
        }
        if (size)
            facts_text(f, known[k].name, size);
        else
            facts_unknown(f, known[k].name, "the kernel lists no such cache");
    }
}

static void features(const char *cpuinfo, struct facts *f)
{
    static const char *const wanted[] = {"avx2",        "fma",      "avx512f", "avx512_vnni",
                                         "avx512_bf16", "amx_tile", "asimd",   "sve"};
    const char *flags = cpuinfo ? facts_line(f, cpuinfo, "flags") : nullptr;
    flags = flags ? flags : cpuinfo ? facts_line(f, cpuinfo, "Features") : nullptr;
    if (!flags) {
        facts_unknown(f, "features", "/proc/cpuinfo lists none");
        return;
    }
    const char *const padded = arena_printf(f->arena, " %s ", flags);
    const char *found = "";
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (strstr(padded, arena_printf(f->arena, " %s ", wanted[i])))
            found = arena_printf(f->arena, "%s%s%s", found, *found ? " " : "", wanted[i]);
    facts_text(f, "features", found);
    facts_yes_no(f, "virtualised", strstr(padded, " hypervisor ") != nullptr);
}

void cpu_facts(const char *root, struct facts *f)
{
    f->group = "cpu";
    const char *const cpuinfo = facts_file(f, root, "/proc/cpuinfo");
    const char *const model = cpuinfo ? facts_line(f, cpuinfo, "model name") : nullptr;
    if (model)
        facts_text(f, "model", model);
    else
        facts_unknown(f, "model", "/proc/cpuinfo gives no name");
    if (*root == '\0')
        facts_number(f, "usable_cores", cpu_usable());
    const char *const online = facts_file(f, root, "/sys/devices/system/cpu/online");
    if (online)
        facts_text(f, "online", online);
    else
        facts_unknown(f, "online", "/sys is not there");
    const char *const smt = facts_file(f, root, "/sys/devices/system/cpu/smt/active");
    if (smt)
        facts_yes_no(f, "smt", *smt == '1');
    else
        facts_unknown(f, "smt", "the kernel does not say");
    frequency(root, cpuinfo, f);
    caches(root, f);
    features(cpuinfo, f);
}
