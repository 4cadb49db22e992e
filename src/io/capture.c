#include "io/capture.h"

#include "base/clock.h"
#include "base/str.h"
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr size_t MOST_BYTES = 1 << 20;

static enum err_code start(const char *const *argv, int out, pid_t *ret, struct err *e)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return err_sys(e, "%s", argv[0]);
    int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, out, 1);
    failed =
        failed ? failed : posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    char *words[32] = {}; /* posix_spawn takes char *const * and changes nothing */
    for (size_t i = 0; argv[i] && i + 1 < COUNT_OF(words); i++)
        memcpy(&words[i], &argv[i], sizeof words[i]);
    failed = failed ? failed : posix_spawnp(ret, argv[0], &actions, nullptr, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed ? err_set(e, ERR_UNAVAILABLE, "'%s' cannot be started: %s", argv[0],
                            strerrordesc_np(failed))
                  : ERR_OK;
}

/* false: the limit came first. */
static bool drain(int fd, nsec_t until, struct str *out)
{
    char part[4096];
    for (;;) {
        const nsec_t left = until - clock_now();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return false;
        const int ready = poll(&p, 1, (int)(left / 1000000) + 1);
        if (ready < 0 && errno != EINTR)
            return true;
        if (ready <= 0)
            continue;
        const ssize_t n = read(fd, part, sizeof part);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
        if (n > 0 && out->n < MOST_BYTES)
            str_add(out, part, (size_t)n);
    }
}

static int reap(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

enum err_code capture_output(const char *const *argv, nsec_t limit, struct str *out, struct err *e)
{
    CLEANUP(file_fd_closep) int reader = -1;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(e, "%s", argv[0]);
    reader = ends[0];
    const nsec_t until = clock_now() + limit;
    pid_t pid = 0;
    const enum err_code started = start(argv, ends[1], &pid, e);
    (void)close(ends[1]);
    if (started)
        return started;
    const bool ended = drain(reader, until, out);
    if (!ended)
        (void)kill(pid, SIGKILL);
    const int status = reap(pid);
    if (!ended)
        return err_set(e, ERR_LIMIT, "'%s' was still running after %.0f s", argv[0],
                       (double)limit / 1e9);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(e, ERR_BACKEND, "'%s' ended with status %d", argv[0],
                       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return ERR_OK;
}
