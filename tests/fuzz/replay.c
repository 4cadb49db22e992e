/* replay.c - runs a harness over the files of a folder, without a fuzzer. A file's name says what
 * the parser must do: pass_... is accepted, fail_... is refused, any other name may be either. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "io/file.h"
#include "test.h"

#include <dirent.h>
#include <stdlib.h>

static void replay(const char *folder, const char *name, struct arena *a)
{
    struct err e = {};
    char *text;
    size_t n;
    if (file_read(file_join(a, folder, name), a, &text, &n, &e)) {
        CHECK(name, false, "%s", e.msg);
        return;
    }
    /* a copy of just that size: a sanitizer sees a read beyond it */
    uint8_t *const data = malloc(n ? n : 1);
    if (!data)
        abort();
    memcpy(data, text, n);
    (void)LLVMFuzzerTestOneInput(data, n);
    free(data);
    const char *const refusal = fuzz_refusal();
    const bool pass = strncmp(name, "pass_", 5) == 0, fail = strncmp(name, "fail_", 5) == 0;
    CHECK(name, (!pass || !refusal) && (!fail || refusal), "%s", refusal ? refusal : "accepted");
}

int main(int argc, char **argv)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    struct dirent **names;
    const int n = argc == 2 ? scandir(argv[1], &names, nullptr, alphasort) : -1;
    CHECK("the corpus is there", n > 2, "usage: %s FOLDER", argv[0]);
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.')
            replay(argv[1], names[i]->d_name, a);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return test_done();
}
