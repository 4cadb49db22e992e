#include "lab/logits_folder.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char PREFIX[] = "chimera-logits-";

static void close_dir(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

static void remove_folder(const char *path, struct arena *a)
{
    CLEANUP(close_dir) DIR *d = opendir(path);
    for (const struct dirent *x; d && (x = readdir(d));)
        if (strcmp(x->d_name, ".") != 0 && strcmp(x->d_name, "..") != 0)
            (void)unlink(file_join(a, path, x->d_name));
    (void)rmdir(path);
}

/* Of processes that are no more: chimera-logits-<pid>-XXXXXX. */
static void sweep(const char *place, struct arena *a)
{
    CLEANUP(close_dir) DIR *d = opendir(place);
    for (const struct dirent *x; d && (x = readdir(d));) {
        if (strncmp(x->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        char *end;
        const long pid = strtol(x->d_name + strlen(PREFIX), &end, 10);
        if (pid > 0 && *end == '-' && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            remove_folder(file_join(a, place, x->d_name), a);
    }
}

static const char *choose(size_t bytes)
{
    const char *const given = getenv("TMPDIR");
    struct statvfs fs;
    if (given && *given)
        return given;
    const bool room = statvfs("/dev/shm", &fs) == 0 && access("/dev/shm", W_OK) == 0 &&
                      (double)fs.f_bavail * (double)fs.f_frsize > 2 * (double)bytes;
    return room ? "/dev/shm" : "/tmp";
}

enum err_code logits_folder_make(struct logits_folder *f, size_t bytes, struct arena *a,
                                 struct err *e)
{
    const char *const place = choose(bytes);
    sweep(place, a);
    char *const path = arena_printf(a, "%s/%s%d-XXXXXX", place, PREFIX, (int)getpid());
    if (!mkdtemp(path))
        return err_sys(e, "cannot make a folder for the logits, '%s'", path);
    *f = (struct logits_folder){path, a};
    return ERR_OK;
}

void logits_folder_done(struct logits_folder *f)
{
    if (f->path)
        remove_folder(f->path, f->arena);
    f->path = nullptr;
}
