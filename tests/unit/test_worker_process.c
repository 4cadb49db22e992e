#include "base/clock.h"
#include "lab/worker_process.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

constexpr nsec_t SECOND = 1'000'000'000;

static struct worker_process *start(const char *script, int64_t limit)
{
    const char *const argv[] = {"sh", "-c", script, nullptr};
    const char *const environment[] = {"CHIMERA_TEST_WORD=tea", nullptr};
    struct worker_process *w = nullptr;
    struct err e = {};
    const struct worker_options o = {.argv = argv,
                                     .environment = environment,
                                     .sample_every = SECOND / 50,
                                     .memory_limit_bytes = limit};
    if (worker_process_start(&o, &w, &e))
        printf("# %s\n", e.msg);
    return w;
}

static const char *event_name(enum worker_event v)
{
    static const char *const names[] = {"line", "ended", "late", "over memory", "stop"};
    return names[v];
}

/* One row: a shell as the worker; what the first wait says, and how it ended. */
static const struct {
    const char *why, *script;
    int64_t limit;
    double wait_s;
    enum worker_event event;
    const char *line; /* for WORKER_LINE */
    enum status decided, end;
    const char *in_tail;
} rows[] = {
    {"a line is answered on descriptor 3", "read x; echo \"got $x $CHIMERA_TEST_WORD\" >&3", 0, 10,
     WORKER_LINE, "got hello tea", STATUS_OK, STATUS_OK, nullptr},
    {"what was written before the end is read first", "echo last >&3; exit 3", 0, 10, WORKER_LINE,
     "last", STATUS_OK, STATUS_CRASHED, nullptr},
    {"an exit status that is not 0 is a crash", "echo why >&2; exit 7", 0, 10, WORKER_ENDED,
     nullptr, STATUS_OK, STATUS_CRASHED, "why"},
    {"a signal is a crash", "kill -SEGV $$", 0, 10, WORKER_ENDED, nullptr, STATUS_OK,
     STATUS_CRASHED, nullptr},
    {"SIGKILL from outside is a crash, not oom", "kill -KILL $$", 0, 10, WORKER_ENDED, nullptr,
     STATUS_OK, STATUS_CRASHED, nullptr},
    {"bad_alloc is oom", "echo \"terminate: std::bad_alloc\" >&2; kill -ABRT $$", 0, 10,
     WORKER_ENDED, nullptr, STATUS_OK, STATUS_OOM, "bad_alloc"},
    {"nothing until the deadline", "trap '' TERM; sleep 100", 0, 0.2, WORKER_LATE, nullptr,
     STATUS_TIMEOUT, STATUS_TIMEOUT, nullptr},
    {"a megabyte of chatter does not block the worker",
     "i=0; while [ $i -lt 20000 ]; do echo 'a line of fifty bytes, more or less, like this'; "
     "i=$((i+1)); "
     "done; echo end; echo done >&3; read x",
     0, 30, WORKER_LINE, "done", STATUS_OK, STATUS_OK, "end\n"},
    {"memory over the limit is seen", "x=$(head -c 60000000 /dev/zero | tr '\\0' x); sleep 20",
     30'000'000, 20, WORKER_OVER_MEMORY, nullptr, STATUS_OOM, STATUS_OOM, nullptr},
};

static void try_row(size_t i)
{
    struct worker_process *w = start(rows[i].script, rows[i].limit);
    const nsec_t begin = clock_now();
    worker_process_send(w, "hello", 5, begin + SECOND);
    const char *line = "";
    size_t n = 0;
    const enum worker_event event =
        worker_process_receive(w, begin + (nsec_t)(rows[i].wait_s * 1e9), -1, &line, &n);
    CHECK(rows[i].why, event == rows[i].event, "event %s, line '%s'", event_name(event), line);
    if (rows[i].line)
        CHECK(rows[i].why, strcmp(line, rows[i].line) == 0 && n == strlen(line), "line '%s'", line);
    struct worker_end end;
    worker_process_end(w, rows[i].decided, rows[i].decided ? SECOND / 5 : 5 * SECOND, &end);
    CHECK(rows[i].why, end.status == rows[i].end, "%s: %s", status_name(end.status), end.reason);
    if (rows[i].in_tail)
        CHECK(rows[i].why, strstr(worker_process_tail(w), rows[i].in_tail), "tail '%s'",
              worker_process_tail(w));
    CHECK(rows[i].why, kill(worker_process_pid(w), 0) != 0, "it lives");
    w = worker_process_free(w);
}

static void try_tree(void)
{
    struct worker_process *w = start("sleep 300 & echo $! >&3; sleep 300", 0);
    const char *line = "0";
    size_t n;
    (void)worker_process_receive(w, clock_now() + 5 * SECOND, -1, &line, &n);
    const int grandchild = (int)strtol(line, nullptr, 10);
    struct worker_end end;
    worker_process_end(w, STATUS_TIMEOUT, SECOND / 2, &end);
    w = worker_process_free(w);
    bool lives = true;
    for (int i = 0; i < 100 && lives;
         i++) { /* whoever inherits it has to reap it: look at its state */
        char path[64], state = 'X';
        (void)snprintf(path, sizeof path, "/proc/%d/stat", grandchild);
        FILE *f = fopen(path, "re");
        if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        if (f)
            (void)fclose(f);
        lives = f && state != 'Z' && state != 'X';
        if (lives)
            clock_sleep(SECOND / 100);
    }
    CHECK("what the worker started ends with it", grandchild > 0 && !lives, "pid %d", grandchild);
}

static void try_two(void)
{
    struct worker_process *w[2] = {start("read x; sleep 0.2; echo slow >&3; read x", 0),
                                   start("read x; echo fast >&3; read x", 0)};
    for (size_t i = 0; i < 2; i++)
        worker_process_send(w[i], "go", 2, clock_now() + SECOND);
    size_t first = 9, second = 9, n;
    const char *line;
    (void)worker_process_wait(w, 2, clock_now() + 5 * SECOND, -1, &first, &line, &n);
    (void)worker_process_wait(w, 2, clock_now() + 5 * SECOND, -1, &second, &line, &n);
    CHECK("of two workers the faster is heard first", first == 1 && second == 0, "%zu then %zu",
          first, second);
    int stop[2];
    CHECK("a pipe for stopping", pipe(stop) == 0 && write(stop[1], "x", 1) == 1, "pipe");
    CHECK("a wait is left when stopping",
          worker_process_wait(w, 2, clock_now() + 5 * SECOND, stop[0], &first, &line, &n) ==
              WORKER_STOP,
          "no");
    w[0] = worker_process_free(w[0]);
    w[1] = worker_process_free(w[1]);
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        try_row(i);
    try_tree();
    try_two();
    const char *const argv[] = {"/nowhere/engine", nullptr};
    struct worker_process *w = nullptr;
    struct err e = {};
    const enum err_code code = worker_process_start(&(struct worker_options){.argv = argv}, &w, &e);
    CHECK("a program that is not there", code == ERR_UNAVAILABLE && !w, "%s", e.msg);
    return test_done();
}
