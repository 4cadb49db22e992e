/* Expected numbers: a stat and a statm line written by hand after proc_pid_stat(5), and for the
 * living process what the process itself knows (getpid, its own CPU clock, the memory that it
 * touched). */
#include "base/clock.h"
#include "probe/process.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t MIB = 1 << 20;

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const f = fopen(path, "we");
    if (f) {
        fputs(text, f);
        fclose(f);
    }
}

static void test_fixture(void)
{
    char root[] = "/tmp/chimera-test-XXXXXX", pid[64];
    struct err e = {};
    struct process p;
    struct process_usage u = {};
    if (!mkdtemp(root))
        return;
    snprintf(pid, sizeof pid, "%s/77", root);
    mkdir(pid, 0700);
    write_file(pid, "stat",
               "77 (a) R (b c) S 1 77 77 0 -1 4194304 100 0 0 0 250 50 7 3 20 0 5 0 9 1 2 3\n");
    write_file(pid, "statm", "1000 300 20 1 0 80 0\n");
    write_file(pid, "status", "Name:\tx\nVmPeak:\t  9 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1200 kB\n");

    CHECK("a copied /proc opens", process_open(&p, root, 77, &e) == ERR_OK, "%s", e.msg);
    CHECK("it reads", process_read(&p, &u), " ");
    CHECK_NEAR("ticks of the process and of its reaped children", (double)u.cpu_ns,
               310e9 / (double)sysconf(_SC_CLK_TCK), 0);
    CHECK("resident pages", u.rss_bytes == 300 * sysconf(_SC_PAGESIZE), "%ld", u.rss_bytes);
    CHECK("a name with ') R (' in it", u.state == 'S' && u.n_threads == 5, "%c %u", u.state,
          u.n_threads);
    CHECK("the peak", process_peak_rss(root, 77) == 2048 * 1024, "%ld", process_peak_rss(root, 77));
    process_done(&p);
    CHECK("no such process", process_open(&p, root, 78, &e) == ERR_UNAVAILABLE, "%s", e.msg);
    CHECK("its peak is unknown", process_peak_rss(root, 78) == -1, " ");

    static const char *const names[] = {"stat", "statm", "status"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", pid, names[i]);
        unlink(path);
    }
    rmdir(pid);
    rmdir(root);
}

static void test_self(void)
{
    struct err e = {};
    struct process p;
    struct process_usage before = {}, after = {};
    CHECK("this process opens", process_open(&p, "/proc", getpid(), &e) == ERR_OK, "%s", e.msg);
    CHECK("and reads", process_read(&p, &before), " ");

    char *const memory = malloc(64 * MIB);
    for (size_t i = 0; memory && i < 64 * MIB; i += 1024)
        ((volatile char *)memory)[i] = 1; /* volatile: memory that is freed unread is not written */
    const nsec_t begin = clock_cpu();
    while (clock_cpu() - begin < 20000000)
        ;
    CHECK("reads again", process_read(&p, &after), " ");
    const double grown = (double)(after.rss_bytes - before.rss_bytes) / MIB;
#ifdef __SANITIZE_THREAD__ /* keeps a shadow of what is touched, which is resident too */
    CHECK("touched memory is seen", grown > 60, "%.1f MiB", grown);
#else
    CHECK("touched memory is seen", grown > 60 && grown < 72, "%.1f MiB", grown);
#endif
    CHECK("CPU time is seen, finer than a tick",
          after.cpu_ns - before.cpu_ns >= 20000000 && after.cpu_ns - before.cpu_ns < 2000000000,
          "%ld ns", after.cpu_ns - before.cpu_ns);
    CHECK("the peak is at least what is resident",
          process_peak_rss("/proc", getpid()) >= after.rss_bytes - 2 * (int64_t)MIB, " ");
    free(memory);

    const nsec_t start = clock_now();
    for (int i = 0; i < 200; i++)
        (void)!process_read(&p, &after);
    const double cost_us = (double)(clock_now() - start) / 200e3;
    printf("# one read costs %.1f us\n", cost_us);
    process_done(&p);
}

static void test_gone(void)
{
    struct err e = {};
    struct process p;
    struct process_usage u = {};
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    struct process self;
    if (process_open(&self, "/proc", getpid(), &e) == ERR_OK && self.children_fd >= 0)
        CHECK("a child is counted", process_read(&self, &u) && u.n_children == 1, "%u",
              u.n_children);
    process_done(&self);
    CHECK("a child opens", process_open(&p, "/proc", child, &e) == ERR_OK, "%s", e.msg);
    CHECK("and reads", process_read(&p, &u), " ");
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    CHECK("gone is gone", !process_read(&p, &u), " ");
    process_done(&p);
}

int main(void)
{
    test_fixture();
    test_self();
    test_gone();
    return test_done();
}
