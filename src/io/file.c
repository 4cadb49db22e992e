#include "io/file.h"

#include "base/arena.h"
#include "base/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void file_closep(FILE **f)
{
    if (*f)
        (void)fclose(*f);
}

void file_fd_closep(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

enum err_code file_read(const char *path, struct arena *a, char **ret_text, size_t *ret_bytes,
                        struct err *e)
{
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, "'%s'", path);

    struct stat st;
    if (fstat(fileno(f), &st) != 0)
        return err_sys(e, "'%s'", path);
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return err_sys(e, "'%s'", path);
    }
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_IO, "'%s' is not a regular file", path);

    const size_t want = (size_t)st.st_size;
    char *const text = arena_try_alloc(a, want + 1, 1); /* the size is the file's word, not ours */
    if (!text)
        return err_set(e, ERR_LIMIT, "'%s': %zu bytes is too large", path, want);
    if (fread(text, 1, want, f) != want)
        return err_set(e, ERR_IO, "'%s' became shorter while being read", path);

    *ret_text = text; /* last: on failure the caller's variables are untouched */
    *ret_bytes = want;
    return ERR_OK;
}

static bool write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        const ssize_t done = write(fd, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text += done;
        n -= (size_t)done;
    }
    return true;
}

/* What is no file cannot be replaced: /dev/stdout, a pipe. */
static enum err_code write_through(const char *path, const char *text, size_t n, struct err *e)
{
    CLEANUP(file_fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write_all(fd, text, n) ? ERR_OK : err_sys(e, "cannot write '%s'", path);
}

enum err_code file_write(const char *path, const char *text, size_t n, struct err *e)
{
    struct stat st;
    char real[PATH_MAX]; /* what a link points to is replaced, never the link: /dev/stdout is one */
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        if (!realpath(path, real))
            return write_through(path, text, n, e);
        path = real;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, "cannot write '%s': it is a folder, and a file is wanted",
                       path);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_through(path, text, n, e);
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.XXXXXX", path) >= (int)sizeof beside)
        return err_set(e, ERR_LIMIT, "'%s': the path is too long", path);
    const int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "cannot write '%s'", path);

    const mode_t mask = umask(0);
    (void)umask(mask);
    const bool written = fchmod(fd, 0666 & ~mask) == 0 && write_all(fd, text, n) && fsync(fd) == 0;
    const int sys = errno;
    const bool closed = close(fd) == 0;
    if (written && closed && rename(beside, path) == 0)
        return ERR_OK;
    if (!written)
        errno = sys;
    const enum err_code code = err_sys(e, "cannot write '%s'", path);
    (void)unlink(beside);
    return code;
}

enum err_code file_make_folders(const char *path, struct err *e)
{
    char part[4096];
    const size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return err_set(e, ERR_USAGE, "'%s' is no name for a folder", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        const char keep = part[i];
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return err_sys(e, "cannot make the folder '%s'", part);
        part[i] = keep;
    }
    if (!file_is_folder(path))
        return err_set(e, ERR_IO, "'%s' is in the way: it is not a folder", path);
    return ERR_OK;
}

bool file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *file_join(struct arena *a, const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == '\0')
        return arena_strdup(a, name);
    const size_t n = strlen(folder);
    return arena_printf(a, "%s%s%s", folder, folder[n - 1] == '/' ? "" : "/", name);
}

char *file_folder_of(struct arena *a, const char *path)
{
    const char *const slash = strrchr(path, '/');
    if (!slash)
        return arena_strdup(a, ".");
    return arena_strndup(a, path, slash == path ? 1 : (size_t)(slash - path));
}

const char *file_name_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *file_cache_folder(struct arena *a)
{
    const char *const own = getenv("CHIMERA_CACHE");
    if (own && *own)
        return arena_strdup(a, own);
    const char *const xdg = getenv("XDG_CACHE_HOME");
    if (xdg && *xdg)
        return file_join(a, xdg, "chimera");
    const char *const home = getenv("HOME");
    if (home && *home)
        return file_join(a, home, ".cache/chimera");
    /* Programs are run from the cache, so it is never a place that everybody can write to. */
    struct passwd entry, *found = nullptr;
    char text[4096];
    if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) == 0 && found && *found->pw_dir)
        return file_join(a, found->pw_dir, ".cache/chimera");
    return arena_strdup(a, ".chimera-cache");
}
