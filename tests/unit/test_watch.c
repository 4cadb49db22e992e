/* tests/fixtures/machine, written by hand after proc(5), the kernel's accounting/psi and ABI
 * documents, and hwmon/sysfs-interface; the expected values are those files'. */
#include "probe/watch.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static void look_at_the_copy(const char *root)
{
    CLEANUP(watch_done) struct watch w;
    struct watch_reading r;
    const double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    watch_open(&w, root);
    watch_read(&w, false, &r);
    CHECK("the first reading looks at everything", r.counted && r.felt, "-");
    CHECK_NEAR("all CPU time", r.cpu_s, 1000 * tick, 1e-12);
    CHECK_NEAR("of it worked: user, nice, system, irq, softirq", r.busy_s, 160 * tick, 1e-12);
    CHECK_NEAR("of it taken by other guests", r.steal_s, 20 * tick, 1e-12);
    CHECK_NEAR("pressure", r.pressure_s, 12.5, 1e-12);
    CHECK_NEAR("the processor's heat, not the board's", r.celsius, 61, 1e-12);
    CHECK_NEAR("what its sensor calls critical", w.limit_celsius, 100, 1e-12);
    CHECK_NEAR("the slowest CPU", r.mhz_least, 900, 1e-12);
    CHECK_NEAR("the mean clock", r.mhz_mean, 2000, 1e-12);
    CHECK_NEAR("the fastest CPU", r.mhz_most, 3100, 1e-12);
    CHECK_NEAR("throttling, of both cores and the package", r.throttles, 15, 1e-12);
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++)
        CHECK(watch_quantity_name((enum watch_quantity)q), !w.why[q] && *w.source[q], "%s",
              w.why[q] ? w.why[q] : "no source");
    watch_read(&w, false, &r);
    CHECK("asked again at once it looks at nothing", !r.counted && !r.felt && isnan(r.celsius),
          "-");
    watch_read(&w, true, &r);
    CHECK("unless it is asked for everything", r.counted && r.felt && r.celsius > 60, "-");
}

static void look_at_nothing(void)
{
    CLEANUP(watch_done) struct watch w;
    struct watch_reading r;
    watch_open(&w, "/nonexistent");
    watch_read(&w, true, &r);
    CHECK("where nothing can be read nothing is claimed",
          isnan(r.cpu_s) && isnan(r.busy_s) && isnan(r.steal_s) && isnan(r.pressure_s) &&
              isnan(r.celsius) && isnan(r.mhz_mean) && isnan(r.throttles),
          "-");
    size_t reasons = 0;
    for (unsigned q = 0; q < WATCH_QUANTITIES; q++)
        reasons += w.why[q] && !*w.source[q];
    CHECK("and each says why", reasons == WATCH_QUANTITIES, "%zu", reasons);
}

/* What every Linux has: the counters go on. */
static void look_here(void)
{
    CLEANUP(watch_done) struct watch w;
    struct watch_reading a, b;
    watch_open(&w, "");
    watch_read(&w, true, &a);
    if (isnan(a.cpu_s)) {
        printf("ok %d - the counters of this machine # SKIP %s\n", ++test_count,
               w.why[WATCH_CPU_TIME]);
        return;
    }
    do /* until a tick has passed: they come a hundred times a second */
        watch_read(&w, true, &b);
    while (!(b.cpu_s > a.cpu_s));
    CHECK("the counters of this machine go on",
          b.busy_s >= a.busy_s && b.steal_s >= a.steal_s && b.at > a.at, "-");
    const bool said = w.n_heats > 0 || w.why[WATCH_HEAT];
    CHECK("its heat is read, or it is said why not", said, "-");
}

int main(void)
{
    char machine[4096];
    const char *const tests = getenv("CHIMERA_TESTS");
    (void)snprintf(machine, sizeof machine, "%s/fixtures/machine", tests ? tests : "tests");
    look_at_the_copy(machine);
    look_at_nothing();
    look_here();
    return test_done();
}
