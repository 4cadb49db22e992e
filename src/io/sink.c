#include "io/sink.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t ROOM = (size_t)1 << 20;
constexpr uint64_t WINDOW = (uint64_t)8 << 20; /* of an unread file, in memory */
constexpr nsec_t PATIENCE = 1'000'000'000;

static enum err_code failed(struct sink *s, struct err *e)
{
    errno = s->sys;
    return err_sys(e, "cannot write '%s'", s->path);
}

enum err_code sink_open(struct sink *s, const char *path, struct err *e)
{
    *s = (struct sink){.fd = -1};
    const size_t room = strlen(path) + sizeof ".XXXXXX";
    s->path = strdup(path);
    s->beside = malloc(room);
    s->buffer = malloc(ROOM);
    if (!s->path || !s->beside || !s->buffer)
        return err_set(e, ERR_LIMIT, "'%s': no memory for its buffer", path);
    (void)snprintf(s->beside, room, "%s", path);
    char *const slash = strrchr(s->beside, '/');
    if (slash)
        slash[slash == s->beside] = '\0';
    if (access("/proc/self/fd", X_OK) == 0) /* it is named by way of this */
        s->fd = open(slash ? s->beside : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    s->nameless = s->fd >= 0;
    (void)snprintf(s->beside, room, "%s.XXXXXX", path);
    if (s->nameless)
        return ERR_OK;
    s->fd = mkostemp(s->beside, O_CLOEXEC);
    if (s->fd < 0)
        return err_sys(e, "cannot write '%s'", path);
    const mode_t mask = umask(0);
    (void)umask(mask);
    if (fchmod(s->fd, 0666 & ~mask) != 0)
        return err_sys(e, "cannot write '%s'", path);
    return ERR_OK;
}

/* A file without a name gets the one beside its place. */
static bool give_name(struct sink *s)
{
    char self[40];
    (void)snprintf(self, sizeof self, "/proc/self/fd/%d", s->fd);
    char *const end = s->beside + strlen(s->beside) - 6;
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(end, 7, "%06x", ((unsigned)getpid() * 1000 + i) & 0xffffffU);
        if (linkat(AT_FDCWD, self, AT_FDCWD, s->beside, AT_SYMLINK_FOLLOW) == 0)
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

/* A large file drives others out of the page cache, and where that is full already a page costs
 * more than its bytes. So what nobody reads next is sent to the disk at once and its place used
 * again. No promise: on a disk that makes us wait the rest stays in the cache. */
static void let_go(struct sink *s)
{
    if (!s->unread || s->put - s->let_go < WINDOW || s->waited > PATIENCE + (nsec_t)(s->put / 2))
        return;
    const nsec_t begun = clock_now();
    (void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
    s->waited += clock_now() - begun;
    s->let_go = s->put;
}

static bool put(struct sink *s, const unsigned char *bytes, size_t n)
{
    s->put += n;
    while (n > 0) {
        const ssize_t done = write(s->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            s->sys = done < 0 ? errno : ENOSPC;
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    let_go(s);
    return true;
}

static bool flush(struct sink *s)
{
    const size_t n = s->n;
    s->n = 0;
    return put(s, s->buffer, n);
}

enum err_code sink_write(struct sink *s, const void *bytes, size_t n, struct err *e)
{
    if (s->sys)
        return failed(s, e);
    s->at += n;
    if (n > ROOM - s->n && !flush(s))
        return failed(s, e);
    if (n >= ROOM)
        return put(s, bytes, n) ? ERR_OK : failed(s, e);
    if (n > 0)
        memcpy(s->buffer + s->n, bytes, n);
    s->n += n;
    return ERR_OK;
}

enum err_code sink_align(struct sink *s, size_t step, struct err *e)
{
    static const unsigned char zeros[4096];
    size_t n = (size_t)(-s->at & (step - 1));
    while (n > 0) {
        const size_t part = n < sizeof zeros ? n : sizeof zeros;
        if (sink_write(s, zeros, part, e))
            return e->code;
        n -= part;
    }
    return ERR_OK;
}

enum err_code sink_flush(struct sink *s, struct err *e)
{
    return !s->sys && flush(s) ? ERR_OK : failed(s, e);
}

enum err_code sink_close(struct sink *s, struct err *e)
{
    if (!s->sys && (!flush(s) || (!s->derived && fsync(s->fd) != 0)) && !s->sys)
        s->sys = errno;
    const bool unnamed = s->nameless && (s->sys || !give_name(s));
    if (unnamed && !s->sys)
        s->sys = errno;
    if (close(s->fd) != 0 && !s->sys)
        s->sys = errno;
    s->fd = -1;
    if (!s->sys && rename(s->beside, s->path) != 0)
        s->sys = errno;
    const enum err_code code = s->sys ? failed(s, e) : ERR_OK;
    if (code && !unnamed)
        (void)unlink(s->beside);
    sink_done(s);
    return code;
}

void sink_done(struct sink *s)
{
    if (s->fd >= 0) {
        (void)close(s->fd);
        if (!s->nameless)
            (void)unlink(s->beside);
    }
    free(s->buffer);
    free(s->path);
    free(s->beside);
    *s = (struct sink){.fd = -1};
}
