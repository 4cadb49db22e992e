#include "lab/worker_process.h"

#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"
#include "lab/worker_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t LONGEST_REPLY = (size_t)256 << 20;
constexpr nsec_t SECOND = 1'000'000'000;
constexpr nsec_t WAITS_PAUSE = SECOND / 4;

struct worker_process {
    pid_t pid;
    int pidfd, input, replies, chatter; /* -1: closed */
    struct process process; /* what it uses; not readable where the worker was gone at once */
    struct worker_options options; /* argv and environment are not kept */
    nsec_t next_sample, next_waits;
    struct process_usage last;
    nsec_t sampling_cost;
    uint64_t samples, oom_kills_before;
    struct str in; /* in.text[0..taken) was handed out, [taken..scanned) holds no newline */
    size_t taken, scanned;
    bool gone, babbles, over_memory;
    int wait_status;
    struct worker_tail tail;
};

/* Kills for want of memory by the kernel, of any group, since the machine started. */
static uint64_t oom_kills(void)
{
    FILE *const f = fopen("/proc/vmstat", "re");
    if (!f)
        return 0;
    char line[128];
    unsigned long long n = 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "oom_kill %llu", &n) == 1)
            break;
    (void)fclose(f);
    return n;
}

/* ---- start ---- */

struct child { /* what the new process needs between fork and exec */
    const struct worker_options *o;
    char **environment;
    int input, replies, chatter, trouble;
    pid_t parent;
};

static void child_write(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    (void)close(fd);
}

[[noreturn]] static void child_run(const struct child *c)
{
    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != c->parent)
        _exit(127);
    child_write("/proc/self/oom_score_adj", "1000");
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int s = 1; s < 32; s++)
        (void)signal(s, SIG_DFL);

    /* Above 3 first: one of the descriptors may stand where another has to go. */
    const int input = fcntl(c->input, F_DUPFD_CLOEXEC, 10),
              out = fcntl(c->chatter, F_DUPFD_CLOEXEC, 10);
    const int replies = fcntl(c->replies, F_DUPFD_CLOEXEC, 10);
    const int trouble = fcntl(c->trouble, F_DUPFD_CLOEXEC, 10);
    if (dup2(input, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2 && dup2(replies, 3) == 3)
        (void)execvpe(c->o->argv[0], (char *const *)(uintptr_t)c->o->argv, c->environment);
    const int sys = errno;
    (void)!write(trouble, &sys, sizeof sys);
    _exit(127);
}

/* Ours, with extra's over it; a pointer array to free(). */
static char **merged_environment(const char *const *extra)
{
    size_t n = 0, n_extra = 0;
    while (environ[n])
        n++;
    while (extra && extra[n_extra])
        n_extra++;
    char **const all = calloc(n + n_extra + 1, sizeof *all);
    if (!all)
        abort();
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        bool replaced = false;
        for (size_t j = 0; j < n_extra && !replaced; j++) {
            const size_t name = strcspn(extra[j], "=") + 1;
            replaced = strncmp(environ[i], extra[j], name) == 0;
        }
        if (!replaced)
            all[k++] = environ[i];
    }
    for (size_t j = 0; j < n_extra; j++)
        all[k++] = (char *)(uintptr_t)extra[j];
    return all;
}

struct pipes { /* [0] is the supervisor's end; -1: none */
    int input[2], replies[2], chatter[2], trouble[2];
};

static void pipes_done(struct pipes *p)
{
    int *const all[] = {p->input, p->replies, p->chatter, p->trouble};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        for (size_t k = 0; k < 2; k++)
            file_fd_closep(&all[i][k]);
}

/* The input is a socket, so that writing to a worker that has gone is an error and not a signal. */
static bool pipes_open(struct pipes *p)
{
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->input) == 0 &&
           shutdown(p->input[0], SHUT_RD) == 0 && pipe2(p->replies, O_CLOEXEC) == 0 &&
           pipe2(p->chatter, O_CLOEXEC) == 0 && pipe2(p->trouble, O_CLOEXEC) == 0 &&
           fcntl(p->replies[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(p->chatter[0], F_SETFL, O_NONBLOCK) == 0;
}

static int take(int *fd)
{
    const int taken = *fd;
    *fd = -1;
    return taken;
}

enum err_code worker_process_start(const struct worker_options *o, struct worker_process **ret,
                                   struct err *e)
{
    CLEANUP(pipes_done) struct pipes p = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    if (!pipes_open(&p))
        return err_sys(e, "cannot make the pipes of a worker");
    struct child c = {o,
                      merged_environment(o->environment),
                      p.input[1],
                      p.replies[1],
                      p.chatter[1],
                      p.trouble[1],
                      getpid()};
    const uint64_t kills = oom_kills();
    const pid_t pid = fork();
    if (pid == 0)
        child_run(&c);
    const int sys = errno;
    free(c.environment);
    errno = sys;
    if (pid < 0)
        return err_sys(e, "cannot start a worker");

    (void)close(take(&p.trouble[1]));
    int trouble = 0;
    if (read(p.trouble[0], &trouble, sizeof trouble) == sizeof trouble) { /* nothing: exec worked */
        (void)waitpid(pid, nullptr, 0);
        return err_set(e, ERR_UNAVAILABLE, "cannot start '%s': %s", o->argv[0],
                       strerrordesc_np(trouble));
    }
    struct worker_process *const w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->pid = pid;
    w->pidfd = pidfd_open(pid, 0);
    w->input = take(&p.input[0]);
    w->replies = take(&p.replies[0]);
    w->chatter = take(&p.chatter[0]);
    w->options = *o;
    w->options.argv = w->options.environment = nullptr;
    w->oom_kills_before = kills;
    w->process = (struct process){
        .stat_fd = -1, .statm_fd = -1, .children_fd = -1, .status_fd = -1, .schedstat_fd = -1};
    struct err no_process; /* gone already: nothing to sample, and the wait will say so */
    (void)!process_open(&w->process, "/proc", pid, &no_process);
    w->next_sample = clock_now() + o->sample_every;
    *ret = w;
    return ERR_OK;
}

/* ---- send, wait ---- */

static void drain_chatter(struct worker_process *w)
{
    char bytes[8192];
    while (w->chatter >= 0) {
        const ssize_t n = read(w->chatter, bytes, sizeof bytes);
        if (n > 0)
            worker_tail_add(&w->tail, bytes, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            (void)close(take(&w->chatter));
        else if (errno == EAGAIN)
            return;
    }
}

static void read_replies(struct worker_process *w)
{
    if (w->taken) {
        w->in.n -= w->taken;
        w->scanned -= w->taken;
        memmove(w->in.text, w->in.text + w->taken, w->in.n + 1);
        w->taken = 0;
    }
    while (w->replies >= 0) {
        str_reserve(&w->in, 1 << 16);
        const ssize_t n = read(w->replies, w->in.text + w->in.n, 1 << 16);
        if (n > 0) {
            w->in.n += (size_t)n;
            w->in.text[w->in.n] = '\0';
            w->babbles = w->in.n > LONGEST_REPLY;
            if (w->babbles || memchr(w->in.text + w->in.n - n, '\n', (size_t)n))
                return; /* a line is there: what follows it can wait */
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            (void)close(take(&w->replies));
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static bool next_line(struct worker_process *w, const char **ret_line, size_t *ret_n)
{
    if (!w->in.text || w->scanned >= w->in.n)
        return false;
    char *const end = memchr(w->in.text + w->scanned, '\n', w->in.n - w->scanned);
    if (!end) {
        w->scanned = w->in.n;
        return false;
    }
    *end = '\0';
    *ret_line = w->in.text + w->taken;
    *ret_n = (size_t)(end - *ret_line);
    w->taken = w->scanned = (size_t)(end + 1 - w->in.text);
    return true;
}

static void reap(struct worker_process *w)
{
    if (!w->gone && waitpid(w->pid, &w->wait_status, WNOHANG) == w->pid)
        w->gone = true;
}

static void sample(struct worker_process *w, bool all)
{
    if (w->options.sample_every <= 0 || w->gone)
        return;
    const nsec_t before = clock_now();
    if (process_read(&w->process, &w->last)) {
        if (w->options.on_usage && (all || before >= w->next_waits)) {
            process_read_waits(&w->process, &w->last);
            w->next_waits = before + WAITS_PAUSE;
        }
        w->over_memory =
            w->options.memory_limit_bytes > 0 && w->last.rss_bytes > w->options.memory_limit_bytes;
        if (w->options.on_usage)
            w->options.on_usage(w->options.context, &w->last, all);
        w->samples++;
    }
    const nsec_t after = clock_now();
    w->sampling_cost += after - before;
    w->next_sample = after + w->options.sample_every;
}

void worker_process_sample(struct worker_process *w)
{
    sample(w, true);
}

void worker_process_send(struct worker_process *w, const char *text, size_t n, nsec_t deadline)
{
    const char *const parts[] = {text, "\n"};
    const size_t lengths[] = {n, 1};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        for (size_t at = 0; at < lengths[i] && w->input >= 0;) {
            const ssize_t sent =
                send(w->input, parts[i] + at, lengths[i] - at, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) {
                at += (size_t)sent;
                continue;
            }
            if (errno != EAGAIN && errno != EINTR)
                return;
            const nsec_t left = deadline - clock_now();
            struct pollfd wait[] = {{w->input, POLLOUT, 0}, {w->chatter, POLLIN, 0}};
            if (left <= 0 || poll(wait, COUNT_OF(wait), (int)(left / 1'000'000) + 1) == 0)
                return;
            drain_chatter(w);
        }
}

/* What is there already, without waiting. false: nothing. */
static bool look(struct worker_process *w, enum worker_event *ret, const char **ret_line,
                 size_t *ret_n)
{
    if (next_line(w, ret_line, ret_n)) {
        *ret = WORKER_LINE;
        return true;
    }
    const bool was_gone = w->gone; /* what it wrote before it ended is read after it has ended */
    read_replies(w);
    if (next_line(w, ret_line, ret_n)) {
        *ret = WORKER_LINE;
        return true;
    }
    if (w->over_memory || w->babbles) {
        *ret = w->babbles ? WORKER_ENDED : WORKER_OVER_MEMORY;
        return true;
    }
    if (w->replies < 0 || was_gone) {
        *ret = WORKER_ENDED;
        return true;
    }
    return false;
}

static int poll_ms(struct worker_process *const *w, size_t n, nsec_t deadline)
{
    nsec_t until = deadline;
    for (size_t i = 0; i < n; i++)
        if (w[i] && w[i]->options.sample_every > 0 && w[i]->next_sample < until)
            until = w[i]->next_sample;
    const nsec_t left = until - clock_now();
    return left <= 0 ? 0 : left > 60 * SECOND ? 60'000 : (int)((left + 999'999) / 1'000'000);
}

enum worker_event worker_process_wait(struct worker_process *const *w, size_t n, nsec_t deadline,
                                      int stop_fd, size_t *ret_which, const char **ret_line,
                                      size_t *ret_n)
{
    enum worker_event event;
    for (;;) {
        struct pollfd wait[7] = {{stop_fd, POLLIN, 0}};
        nfds_t n_wait = 1;
        for (size_t i = 0; i < n && i < 2; i++) {
            if (!w[i])
                continue;
            if (look(w[i], &event, ret_line, ret_n)) {
                *ret_which = i;
                return event;
            }
            wait[n_wait++] = (struct pollfd){w[i]->replies, POLLIN, 0};
            wait[n_wait++] = (struct pollfd){w[i]->chatter, POLLIN, 0};
            wait[n_wait++] = (struct pollfd){w[i]->pidfd, POLLIN, 0};
        }
        *ret_which = 0;
        if (clock_now() >= deadline)
            return WORKER_LATE;
        if (poll(wait, n_wait, poll_ms(w, n, deadline)) > 0 && wait[0].revents)
            return WORKER_STOP;
        for (size_t i = 0; i < n && i < 2; i++) {
            if (!w[i])
                continue;
            drain_chatter(w[i]);
            reap(w[i]);
            if (clock_now() >= w[i]->next_sample)
                sample(w[i], false);
        }
    }
}

enum worker_event worker_process_receive(struct worker_process *w, nsec_t deadline, int stop_fd,
                                         const char **ret_line, size_t *ret_n)
{
    size_t which;
    return worker_process_wait(&w, 1, deadline, stop_fd, &which, ret_line, ret_n);
}

/* ---- end ---- */

static bool gone_within(struct worker_process *w, nsec_t how_long)
{
    const nsec_t deadline = clock_now() + how_long;
    for (;;) {
        reap(w);
        const nsec_t left = deadline - clock_now();
        if (w->gone || left <= 0)
            return w->gone;
        struct pollfd wait[] = {{w->pidfd, POLLIN, 0}, {w->chatter, POLLIN, 0}};
        (void)poll(wait, COUNT_OF(wait), (int)(left / 1'000'000) + 1);
        drain_chatter(w);
    }
}

static bool speaks_of_memory(const char *tail)
{
    static const char *const words[] = {"std::bad_alloc", "MemoryError", "out of memory",
                                        "Cannot allocate memory", "not enough memory"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(tail, words[i]))
            return true;
    return false;
}

static void classify(struct worker_process *w, bool by_us, struct worker_end *r)
{
    const double mb = (double)w->last.rss_bytes / 1e6;
    r->exit_code = WIFEXITED(w->wait_status) ? WEXITSTATUS(w->wait_status) : -1;
    r->signal = WIFSIGNALED(w->wait_status) ? WTERMSIG(w->wait_status) : 0;
    r->status = STATUS_CRASHED;
    if (w->babbles) {
        (void)snprintf(r->reason, sizeof r->reason, "the worker sent a line of more than %zu bytes",
                       LONGEST_REPLY);
    } else if (by_us) {
        r->status = STATUS_OK; /* it closed its replies or took too long to go: the caller knows */
        (void)snprintf(r->reason, sizeof r->reason, "the worker was ended");
    } else if (r->signal == SIGKILL && oom_kills() > w->oom_kills_before) {
        r->status = STATUS_OOM;
        (void)snprintf(r->reason, sizeof r->reason,
                       "the system killed the worker for want of memory; last seen at %.0f MB", mb);
    } else if (r->signal) {
        if (speaks_of_memory(worker_tail_text(&w->tail)))
            r->status = STATUS_OOM;
        (void)snprintf(r->reason, sizeof r->reason, "the worker was killed by signal %d (%s)%s",
                       r->signal, sigdescr_np(r->signal) ? sigdescr_np(r->signal) : "?",
                       r->status == STATUS_OOM ? ", its last words speak of memory" : "");
    } else if (r->exit_code != 0) {
        if (speaks_of_memory(worker_tail_text(&w->tail)))
            r->status = STATUS_OOM;
        (void)snprintf(r->reason, sizeof r->reason, "the worker ended with exit status %d%s",
                       r->exit_code,
                       r->status == STATUS_OOM ? ", its last words speak of memory" : "");
    } else {
        r->status = STATUS_OK;
        (void)snprintf(r->reason, sizeof r->reason, "the worker ended");
    }
}

void worker_process_end(struct worker_process *w, enum status why, nsec_t grace,
                        struct worker_end *ret)
{
    if (w->input >= 0)
        (void)close(take(&w->input));
    bool by_us = false;
    const bool at_once = why != STATUS_OK || w->babbles;
    if (!gone_within(w, at_once ? 0 : grace)) {
        by_us = true;
        (void)kill(-w->pid, SIGTERM);
        if (!gone_within(w, at_once && grace > 2 * SECOND ? 2 * SECOND : grace)) {
            (void)kill(-w->pid, SIGKILL);
            (void)waitpid(w->pid, &w->wait_status, 0);
            w->gone = true;
        }
    }
    (void)kill(-w->pid, SIGKILL); /* what it started: its group lives on until the last of them */
    drain_chatter(w);
    *ret = (struct worker_end){};
    classify(w, by_us, ret);
    if (why != STATUS_OK && !(why == STATUS_SKIPPED && !by_us)) {
        ret->status = why;
        (void)snprintf(ret->reason, sizeof ret->reason, "the worker was killed: %s",
                       status_name(why));
    }
}

struct worker_process *worker_process_free(struct worker_process *w)
{
    if (!w)
        return nullptr;
    struct worker_end end;
    if (!w->gone)
        worker_process_end(w, STATUS_SKIPPED, 0, &end);
    int *const fds[] = {&w->pidfd, &w->input, &w->replies, &w->chatter};
    for (size_t i = 0; i < COUNT_OF(fds); i++)
        file_fd_closep(fds[i]);
    process_done(&w->process);
    str_done(&w->in);
    free(w);
    return nullptr;
}

int worker_process_pid(const struct worker_process *w)
{
    return (int)w->pid;
}

const char *worker_process_tail(struct worker_process *w)
{
    drain_chatter(w);
    return worker_tail_text(&w->tail);
}

const struct process_usage *worker_process_last_usage(const struct worker_process *w)
{
    return &w->last;
}

nsec_t worker_process_sampling_cost(const struct worker_process *w, uint64_t *ret_samples)
{
    *ret_samples = w->samples;
    return w->sampling_cost;
}
