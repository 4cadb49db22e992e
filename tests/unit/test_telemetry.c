/* From the machine's files to the audit's finding: a copy of /proc and /sys whose files change
 * while telemetry reads them (the file system's root is all that is not real), the journal,
 * run_<n>.json, the evidence read back, the checks. Expected figures: by hand from the numbers that
 * are written, 2 CPUs and ticks of 1/100 s. */
#include "audit_fixture.h"
#include "folder.h"
#include "io/file.h"
#include "io/json.h"
#include "lab/telemetry_machine.h"
#include "store/run_record.h"
#include "test.h"

#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const S_NAME = "chat";
constexpr int READINGS = 13;
constexpr int MEASURED = 3; /* a second apart; the first three are warm-up */

struct second { /* what happens in each of them, in ticks of all CPUs and parts of a second */
    int user, steal;
    double worker_s;
    double milli_celsius, khz;
    int throttles;
};

static void put(const char *root, const char *name, const char *fmt, ...)
{
    char path[512], text[256];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *const f = fopen(path, "we"); /* in place: open descriptors read the new text */
    if (f) {
        (void)fputs(text, f);
        (void)fclose(f);
    }
}

static void write_machine(const char *root, int t, const struct second *s)
{
    const int user = t * s->user, steal = t * s->steal, idle = 200 * t - user - steal;
    put(root, "proc/stat", "cpu  %d 0 0 %d 0 0 0 %d 0 0\n", 1000 + user, 5000 + idle, 70 + steal);
    put(root, "proc/pressure/cpu", "some avg10=0 avg60=0 avg300=0 total=%d\n", 1000 + t * 250'000);
    put(root, "sys/class/hwmon/hwmon0/temp1_input", "%.0f\n", s->milli_celsius + 500.0 * t);
    put(root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "%.0f\n",
        s->khz * (1 - 0.01 * t));
    put(root, "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "%d\n",
        9 + t * s->throttles);
}

static void make_machine(const char *root)
{
    static const char *const folders[] = {"proc/pressure", "sys/class/hwmon/hwmon0",
                                          "sys/devices/system/cpu/cpu0/cpufreq",
                                          "sys/devices/system/cpu/cpu0/thermal_throttle"};
    struct err e = {};
    char path[512];
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        CHECK("a folder of the machine", file_make_folders(path, &e) == ERR_OK, "%s", e.msg);
    }
    put(root, "sys/class/hwmon/hwmon0/name", "k10temp\n");
    put(root, "sys/class/hwmon/hwmon0/temp1_crit", "95000\n");
}

static size_t lines_of(const char *path, const char *with, struct arena *a)
{
    struct err e;
    char *text;
    size_t n, found = 0;
    if (file_read(path, a, &text, &n, &e))
        return 0;
    for (const char *at = text; (at = strstr(at, with)); at++)
        found++;
    return found;
}

/* One invocation: telemetry, the journal, the record; and the evidence that is read of it. */
static struct evidence *invocation(const char *root, int32_t number, const struct second *s,
                                   struct arena *a)
{
    struct err e = {};
    const char *const journal = arena_printf(a, "%s/%d.jsonl", root, number);
    const char *const record = arena_printf(a, "%s/run_%d.json", root, number);
    CLEANUP(watch_done) struct watch w;
    write_machine(root, 0, s);
    watch_open(&w, root);
    CLEANUP(telemetry_done) struct telemetry t = {.watch = &w};
    telemetry_begin(&t);
    for (int i = 0; i < READINGS; i++) {
        const nsec_t at = (nsec_t)1'000'000'000 * i;
        const struct process_usage u = {
            .at = at,
            .cpu_ns = (nsec_t)(1e9 * s->worker_s * i),
            .rss_bytes = 1 << 20,
            .n_threads = 1,
            .waited_ns = 20'000'000 * (nsec_t)i,
            .preempted = 3 * i,
        };
        write_machine(root, i, s);
        telemetry_add(&t, &u, true);
        t.items[i].machine.at = at; /* as if a second had passed: the test does not wait */
        t.items[i].own_cpu = 0;
        if (i == MEASURED)
            telemetry_measure(&t);
    }
    struct run_record r = {.scenario = S_NAME,
                           .backend = "b",
                           .precision = "fp32",
                           .model = "m",
                           .mode = "single",
                           .prompt_set = "p",
                           .invocation = (uint32_t)number,
                           .began = 0,
                           .ended = 1};
    const struct telemetry *const all[] = {&t, nullptr};
    r.machine = telemetry_machine_summarise(all, COUNT_OF(all));
    const struct json *v = nullptr;
    CHECK("the journal and the record are written",
          telemetry_write_sources(&w, journal, &e) == ERR_OK &&
              telemetry_write(&t, journal, S_NAME, 0, &e) == ERR_OK &&
              run_record_write(record, &r, &e) == ERR_OK &&
              json_read_file(record, a, &v, &e) == ERR_OK,
          "%s", e.msg);
    CHECK("sources once, a line for each reading, those of the measured window marked",
          lines_of(journal, "\"event\":\"machine\"", a) == 1 &&
              lines_of(journal, "\"event\":\"usage\"", a) == (size_t)READINGS &&
              lines_of(journal, "\"measured\":true", a) == (size_t)(READINGS - MEASURED),
          "-");
    return evidence_of(v, 0, a);
}

static void check_figures(const struct evidence_machine *m)
{
    CHECK_NEAR("the measured window", m->window_s, 9, 1e-9);
    CHECK_NEAR("steal: 20 of 200 ticks", m->steal_percent, 10, 1e-9);
    CHECK_NEAR("the most in a second", m->steal_percent_most, 10, 1e-9);
    CHECK_NEAR("busy: 150 of 200 ticks", m->busy_percent, 75, 1e-9);
    CHECK_NEAR("others: 1.5 s of work less the worker's 0.6, of 2 s", m->others_percent, 45, 1e-9);
    CHECK_NEAR("pressure: 0.25 s of each second", m->pressure_percent, 25, 1e-9);
    CHECK_NEAR("the worker waited 20 ms of each second", m->waited_percent, 2, 1e-9);
    CHECK_NEAR("and was preempted 3 times", m->preempted, 27, 1e-9);
    CHECK_NEAR("the hottest: the last second", m->celsius_most, 96, 1e-9);
    CHECK_NEAR("its sensor's limit", m->celsius_limit, 95, 1e-9);
    CHECK_NEAR("throttling: 2 in each of 9 seconds", m->throttle_events, 18, 1e-9);
    CHECK_NEAR("the slowest clock: 88 % of 3 GHz", m->mhz_least, 2640, 1e-9);
    CHECK_NEAR("the fastest: 97 %", m->mhz_most, 2910, 1e-9);
    CHECK_NEAR("the first quarter: 97 and 96 %", m->mhz_first, 2895, 1e-9);
    CHECK_NEAR("the last: 89 and 88 %", m->mhz_last, 2655, 1e-9);
}

static const struct audit_finding *finding(const struct audit *x, const char *check,
                                           const char *word)
{
    for (size_t i = 0; i < audit_count(x); i++)
        if (strcmp(audit_at(x, i)->check, check) == 0 && strstr(audit_at(x, i)->message, word))
            return audit_at(x, i);
    return nullptr;
}

static bool about(const struct audit_finding *f, const char *check, const char *backend)
{
    return f && strcmp(f->check, check) == 0 && strcmp(f->subject.backend, backend) == 0;
}

static void check_findings(struct evidence *const *bad, struct evidence *const *good)
{
    static const char *const checks[] = {"steal", "thermal"};
    struct fixture f;
    fixture_begin(&f, 5);
    for (size_t b = 0; b < 2; b++) {
        const size_t c = fixture_cell(&f, S_NAME, "m", b ? "quiet" : "noisy", "fp32");
        fixture_fill(&f, c, 3, 10, 20, 0.03);
        for (size_t u = 0; u < 3; u++)
            f.cells[c].records[f.cells[c].n_records++] = b ? good[u] : bad[u];
    }
    const struct audit *x = fixture_audit(&f, checks[0]);
    const struct audit_finding *const guests = finding(x, "steal", "other guests"),
                                      *const others = finding(x, "steal", "other processes");
    CHECK("guests: fail, of the invocation, and what it touches",
          guests && guests->severity == AUDIT_FAIL && guests->subject.invocation == 1 &&
              about(guests, "steal", "noisy") && strstr(guests->message, "quiet"),
          "%s", guests ? guests->message : "nothing");
    CHECK("other processes: warn, of the same",
          others && others->severity == AUDIT_WARN && others->subject.invocation == 1 &&
              strstr(others->message, "45.0 %"),
          "%s", others ? others->message : "nothing");
    CHECK("nothing else", audit_count(x) == 2, "%zu", audit_count(x));
    x = fixture_audit(&f, checks[1]);
    const struct audit_finding *const hot = finding(x, "thermal", "throttled 18 times");
    CHECK("throttling: warn, of the invocation",
          hot && hot->severity == AUDIT_WARN && hot->subject.invocation == 1 && audit_count(x) == 1,
          "%s", audit_count(x) ? audit_at(x, 0)->message : "nothing");
    fixture_end(&f);
}

static void check_unwatched(void)
{
    struct telemetry t = {};
    const struct telemetry *const all[] = {&t};
    const struct run_record_machine m = telemetry_machine_summarise(all, 1);
    CHECK("nobody watched: unknown, with a reason", isnan(m.steal_percent) && m.why, "-");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    char root[] = "/tmp/chimera-test-XXXXXX";
    if (!mkdtemp(root))
        return 2;
    make_machine(root);
    const double hundred = (double)sysconf(_SC_CLK_TCK) / 100;
    CHECK("ticks of 1/100 s", hundred > 0.99 && hundred < 1.01, "%g", hundred);
    static const struct second quiet = {70, 0, 0.6, 50e3, 3.1e6, 0},
                               noisy = {150, 20, 0.6, 90e3, 3e6, 2};
    struct evidence *bad[3], *good[3];
    for (int32_t u = 0; u < 3; u++) {
        bad[u] = invocation(root, u, u == 1 ? &noisy : &quiet, a);
        good[u] = invocation(root, 3 + u, &quiet, a);
        good[u]->invocation = u;
    }
    check_figures(&bad[1]->machine);
    check_findings(bad, good);
    check_unwatched();
    folder_remove(root);
    return test_done();
}
