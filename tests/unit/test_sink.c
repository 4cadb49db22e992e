/* What is written is what is read back, of any size and in pieces of any size. */
#include "base/arena.h"
#include "base/defs.h"
#include "folder.h"
#include "io/file.h"
#include "io/sink.h"
#include "test.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

constexpr size_t MOST = (size_t)30 << 20; /* several of the windows that leave the memory */

static struct arena *a;
static const char *folder;
static char *bytes;

static size_t count_files(void)
{
    DIR *const d = opendir(folder);
    size_t n = 0;
    for (const struct dirent *f; d && (f = readdir(d));)
        n += f->d_name[0] != '.';
    if (d)
        (void)closedir(d);
    return n;
}

static bool write_pieces(struct sink *s, size_t n, size_t piece, struct err *e)
{
    for (size_t at = 0; at < n; at += piece)
        if (sink_write(s, bytes + at, n - at < piece ? n - at : piece, e))
            return false;
    return true;
}

static void test_whole(size_t n, size_t piece, bool unread)
{
    const char *const path = file_join(a, folder, "file");
    CLEANUP(sink_done) struct sink s = {.fd = -1};
    struct err e = {};
    char *text = nullptr;
    size_t got = 0;
    bool ok = sink_open(&s, path, &e) == ERR_OK;
    s.derived = s.unread = unread;
    ok = ok && write_pieces(&s, n, piece, &e) && sink_close(&s, &e) == ERR_OK &&
         file_read(path, a, &text, &got, &e) == ERR_OK;
    CHECK("all of it", ok && got == n && memcmp(text, bytes, n) == 0,
          "%zu of %zu bytes in pieces of %zu: %s", got, n, piece, e.msg);
    CHECK("nothing beside it", count_files() == 1, "%zu files", count_files());
    (void)unlink(path);
}

static void test_given_up(void)
{
    struct sink s = {.fd = -1};
    struct err e;
    bool ok = sink_open(&s, file_join(a, folder, "file"), &e) == ERR_OK;
    s.derived = s.unread = true;
    ok = ok && write_pieces(&s, MOST, 1 << 20, &e);
    sink_done(&s);
    CHECK("given up: no file", ok && count_files() == 0, "%zu files", count_files());
}

int main(void)
{
    a = arena_new((size_t)1 << 30);
    char name[] = "/tmp/chimera-sink.XXXXXX";
    folder = mkdtemp(name);
    if (!folder)
        return 1;
    bytes = arena_alloc(a, MOST, 1);
    for (size_t i = 0; i < MOST; i++)
        bytes[i] = (char)(i * 2654435761U >> 13);
    test_whole(0, 1, false);
    test_whole(100'000, 7, false);
    test_whole(MOST, MOST, true);
    test_whole(MOST, 4'000'003, false);
    test_whole(MOST, 1'000'003, true);
    test_whole(MOST, 300'001, true);
    test_given_up();
    folder_remove(folder);
    arena_freep(&a);
    return test_done();
}
