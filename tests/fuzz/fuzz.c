#include "fuzz.h"

#include "base/defs.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[4096];
static bool refused;
static struct err refusal;

static struct slot {
    const char *name;
    int fd;
    char path[4200];
} slots[8];

void fuzz_broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

static int remove_one(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static void remove_folder(void)
{
    (void)nftw(folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

/* Below $TMPDIR: ./dev fuzz names a folder in memory and removes it, whatever became of us. */
const char *fuzz_folder(void)
{
    if (*folder)
        return folder;
    const char *const tmp = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/fuzz.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    FUZZ_CHECK(mkdtemp(folder));
    FUZZ_CHECK(atexit(remove_folder) == 0);
    return folder;
}

static struct slot *slot_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(slots); i++) {
        struct slot *const s = &slots[i];
        if (!s->name) {
            (void)snprintf(s->path, sizeof s->path, "%s/%s", fuzz_folder(), name);
            s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            FUZZ_CHECK(s->fd >= 0);
            s->name = name;
        }
        if (strcmp(s->name, name) == 0)
            return s;
    }
    fuzz_broken(__FILE__, __LINE__, "a slot is free");
}

/* The file stays open between inputs: that is half of the time that a small one takes. */
const char *fuzz_file(const char *name, const void *data, size_t n)
{
    struct slot *const s = slot_of(name);
    FUZZ_CHECK(pwrite(s->fd, data, n, 0) == (ssize_t)n && ftruncate(s->fd, (off_t)n) == 0);
    return s->path;
}

/* Bytes of the UTF-8 character at p, 0 if it is none (RFC 3629). */
static unsigned utf8_bytes(const unsigned char *p)
{
    const unsigned n = *p < 0x80                 ? 1
                       : *p >= 0xc2 && *p < 0xe0 ? 2
                       : *p >= 0xe0 && *p < 0xf0 ? 3
                       : *p >= 0xf0 && *p < 0xf5 ? 4
                                                 : 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) || (*p == 0xf0 && p[1] < 0x90) ||
        (*p == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

void fuzz_verdict(enum err_code code, const struct err *e)
{
    refused = code != ERR_OK;
    if (!refused)
        return;
    refusal = *e;
    FUZZ_CHECK(e->code == code);
    FUZZ_CHECK(*e->msg);
    for (const char *p = e->msg; *p;) {
        const unsigned n = utf8_bytes((const unsigned char *)p);
        if (n == 0 || (unsigned char)*p < ' ' || *p == 0x7f) {
            fprintf(stderr, "the message: %s\n", e->msg);
            fuzz_broken(__FILE__, __LINE__, "a message is one line of plain text");
        }
        p += n;
    }
}

const char *fuzz_refusal(void)
{
    return refused ? refusal.msg : nullptr;
}
