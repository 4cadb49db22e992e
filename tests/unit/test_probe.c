/* tests/fixtures/machine holds a copy of /proc and /sys of a machine that this is not: a laptop
 * with a governor, turbo off, RAPL, two heat sensors and a cgroup limit. Written by hand after
 * proc(5), the kernel's Documentation/ABI for sysfs, and hwmon/sysfs-interface; the expected values
 * are those files'. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "probe/cpu.h"
#include "probe/facts.h"
#include "probe/host.h"
#include "probe/memory.h"
#include "probe/sensor.h"
#include "probe/watch.h"
#include "test.h"

#include <stdlib.h>

static void check_all(const struct facts *f)
{
    static const struct {
        const char *group, *name, *text;
        double number;
    } rows[] = {
        {"cpu", "model", "Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz", 0},
        {"cpu", "online", "0-11", 0},
        {"cpu", "smt", nullptr, 1},
        {"cpu", "frequency_mhz", nullptr, 2600.123},
        {"cpu", "governor", "powersave", 0},
        {"cpu", "max_frequency_mhz", nullptr, 4500},
        {"cpu", "turbo", nullptr, 0},
        {"cpu", "cache_l1d", "32K", 0},
        {"cpu", "cache_l2", "256K", 0},
        {"cpu", "cache_l3", "12288K", 0},
        {"cpu", "features", "avx2 fma", 0}, /* avx512foo is no avx512f */
        {"cpu", "virtualised", nullptr, 0},
        {"memory", "total_bytes", nullptr, 32756012.0 * 1024},
        {"memory", "available_bytes", nullptr, 20000000.0 * 1024},
        {"memory", "cgroup_limit_bytes", nullptr, 17179869184.0},
        {"host", "name", "box", 0},
        {"host", "kernel", "Linux 6.12.1-test", 0},
        {"host", "distribution", "Debian GNU/Linux 13 (trixie)", 0},
        {"load", "load_1min", nullptr, 0.52},
        {"load", "steal_since_boot_percent", nullptr, 2},
        {"sensors", "rapl", "package-0", 0},
        {"sensors", "temperature_celsius", nullptr, 61},
        {"sensors", "temperature_sensor", "coretemp", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct fact *const x = facts_find(f, rows[i].group, rows[i].name);
        if (rows[i].text)
            CHECK(rows[i].name, x && x->kind == FACT_TEXT && strcmp(x->text, rows[i].text) == 0,
                  "%s", x ? x->text : "is missing");
        else
            CHECK(rows[i].name,
                  x && x->kind != FACT_TEXT && x->kind != FACT_UNKNOWN &&
                      test_near(x->number, rows[i].number, 1e-12),
                  "%g", x ? x->number : -1);
    }
}

static void gather(const char *root, struct facts *f)
{
    cpu_facts(root, f);
    memory_facts(root, f);
    host_facts(root, f);
    host_load_facts(root, "/", f);
    sensor_facts(root, f);
    watch_facts(root, f);
}

static void check_nothing(struct arena *a)
{
    struct facts f = {.arena = a};
    gather("/nonexistent", &f);
    size_t known = 0;
    for (size_t i = 0; i < f.n; i++) {
        const struct fact *const x = &f.items[i];
        if (x->kind != FACT_UNKNOWN && strcmp(x->name, "disk_free_bytes") != 0)
            known++;
        else if (!x->text && x->kind == FACT_UNKNOWN)
            known += 100;
    }
    CHECK("where nothing can be read nothing is claimed, and each says why", known == 0 && f.n > 15,
          "%zu of %zu", known, f.n);

    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out};
    const struct json *v = nullptr;
    struct err e = {};
    jsonw_object(&w);
    facts_json(&f, &w);
    jsonw_end_object(&w);
    const bool good = json_parse(str_text(&out), out.n, "facts", a, &v, &e) == ERR_OK;
    const struct json *const cpu = json_get(v, "cpu");
    CHECK("unknown is null with the reason beside it",
          good && json_is_null(json_get(cpu, "governor")) &&
              json_is_str(json_get(cpu, "governor_why")),
          "%s", str_text(&out));
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64 << 20);
    struct facts f = {.arena = a};
    const char *const tests = getenv("CHIMERA_TESTS");
    const char *const root = arena_printf(a, "%s/fixtures/machine", tests ? tests : "tests");
    gather(root, &f);
    check_all(&f);
    check_nothing(a);

    CHECK_NEAR(
        "steal between two looks",
        host_steal("cpu  100 0 50 800 20 0 10 20 0 0\n", "cpu  150 0 60 820 20 0 10 40 9 0\n"), 0.2,
        1e-12);
    CHECK_NEAR("no time passed: unknown", host_steal("cpu 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7 8"),
               NAN, 0);
    CHECK_NEAR("no such count: unknown", host_steal("cpu 1 2 3", "cpu 2 3 4"), NOT_MEASURED, 0);
    CHECK("this machine has a core", cpu_usable() >= 1, " ");
    CHECK("and memory", memory_available() > 0, "%ld", memory_available());
    return test_done();
}
