#include "backend/stderr_filter.h"

#include "base/defs.h"
#include "io/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct stderr_filter stderr_filter_begin(void)
{
    struct stderr_filter f = {.kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3),
                              .collected = memfd_create("stderr", MFD_CLOEXEC)};
    if (f.kept < 0 || f.collected < 0) {
        file_fd_closep(&f.kept);
        file_fd_closep(&f.collected);
        return (struct stderr_filter){-1, -1};
    }
    (void)fflush(stderr);
    (void)dup2(f.collected, STDERR_FILENO);
    return f;
}

void stderr_filter_end(struct stderr_filter *f, const char *noise)
{
    if (f->kept < 0)
        return;
    (void)fflush(stderr);
    (void)dup2(f->kept, STDERR_FILENO);
    file_fd_closep(&f->kept);
    CLEANUP(file_closep) FILE *lines = fdopen(f->collected, "r+e");
    char line[1024];
    if (lines)
        rewind(lines);
    while (lines && fgets(line, sizeof line, lines))
        if (*line != '\n' && strncmp(line, noise, strlen(noise)) != 0)
            (void)fputs(line, stderr);
}
