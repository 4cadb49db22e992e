#include "model/sources.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

constexpr size_t MOST_FILES = 4096;

static const char *memory_of(const char *path, const struct stat *st, struct arena *a)
{
    char *const real = realpath(path, nullptr);
    char *const id =
        arena_printf(a, "%s\n%llu %llu %lld %lld.%09ld %lld.%09ld", real ? real : path,
                     (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
                     (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                     (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
    free(real);
    char hex[DIGEST_HEX];
    digest_of(id, strlen(id), hex);
    return file_join(a, file_join(a, file_cache_folder(a), "digests"), hex);
}

static bool is_hex(const char *text, size_t n)
{
    return n == DIGEST_HEX - 1 && strspn(text, "0123456789abcdef") == n;
}

enum err_code sources_file(const char *path, struct arena *a, char hex[static DIGEST_HEX],
                           int64_t *ret_bytes, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(e, "'%s'", path);
    const char *const memory = memory_of(path, &st, a);
    char *text = nullptr;
    size_t n = 0;
    struct err ignored = {};
    if (file_exists(memory) && file_read(memory, a, &text, &n, &ignored) == ERR_OK &&
        is_hex(text, n)) {
        memcpy(hex, text, DIGEST_HEX);
    } else {
        if (digest_file(path, hex, e))
            return e->code;
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec - st.st_ctim.tv_sec > 2 &&
            file_make_folders(file_folder_of(a, memory), &ignored) == ERR_OK)
            (void)file_write(memory, hex, DIGEST_HEX - 1,
                             &ignored); /* a full disk costs time only */
    }
    *ret_bytes = st.st_size;
    return ERR_OK;
}

static bool ends(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static bool counts(const char *name)
{
    static const char *const names[] = {"config.json", "tokenizer.json", "vocab.json",
                                        "merges.txt",  "model.onnx",     "model.onnx.data"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return ends(name, ".safetensors") || ends(name, ".safetensors.index.json");
}

static void close_folder(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

enum err_code sources_list(const char *folder, struct arena *a, const char **ret_text,
                           int64_t *ret_bytes, struct err *e)
{
    CLEANUP(close_folder) DIR *d = opendir(folder);
    if (!d)
        return err_sys(e, "'%s'", folder);
    const char **const names = arena_alloc(a, MOST_FILES, sizeof *names);
    size_t n = 0;
    for (const struct dirent *entry; (entry = readdir(d));) {
        if (!counts(entry->d_name))
            continue;
        if (n == MOST_FILES)
            return err_set(e, ERR_LIMIT, "'%s' has more than %zu files of weights", folder, n);
        names[n++] = arena_strdup(a, entry->d_name);
    }
    qsort(names, n, sizeof *names, by_name);
    CLEANUP(str_done) struct str text = {};
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        char hex[DIGEST_HEX];
        int64_t bytes = 0;
        if (sources_file(file_join(a, folder, names[i]), a, hex, &bytes, e))
            return e->code;
        str_printf(&text, "%s  %s\n", hex, names[i]);
        sum += bytes;
    }
    *ret_text = arena_strdup(a, str_text(&text));
    *ret_bytes = sum;
    return ERR_OK;
}

int64_t sources_modified(const char *path, struct arena *a)
{
    struct stat st;
    int64_t newest = -1;
    if (stat(path, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        return (int64_t)st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
    CLEANUP(close_folder) DIR *d = opendir(path);
    for (const struct dirent *entry; d && (entry = readdir(d));) {
        const int64_t of = counts(entry->d_name) && strcmp(entry->d_name, ".") != 0
                               ? sources_modified(file_join(a, path, entry->d_name), a)
                               : -1;
        newest = of > newest ? of : newest;
    }
    return newest;
}
