#include "store/results_folder.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)64 << 20;

char *results_folder_part(struct arena *a, const char *name)
{
    char *const part = arena_strdup(a, name);
    for (char *p = part; *p; p++)
        if (*p == '/' || *p == ':' || (*p == '.' && p == part))
            *p = '_';
    return *part ? part : arena_strdup(a, "_");
}

char *results_folder_cell(struct arena *a, const char *dir, const char *scenario,
                          const char *backend, const char *precision, const char *model)
{
    return arena_printf(a, "%s/runs/%s/%s/%s/%s", dir, results_folder_part(a, scenario),
                        results_folder_part(a, backend), results_folder_part(a, precision),
                        results_folder_part(a, model));
}

char *results_folder_run_file(struct arena *a, const char *cell, uint32_t invocation)
{
    return arena_printf(a, "%s/run_%u.json", cell, invocation);
}

char *results_folder_telemetry(struct arena *a, const char *dir, const char *backend,
                               const char *precision, const char *model, uint32_t invocation,
                               uint32_t segment)
{
    return arena_printf(a, "%s/telemetry/%s_%s_%s_%u_%u.jsonl", dir,
                        results_folder_part(a, backend), results_folder_part(a, precision),
                        results_folder_part(a, model), invocation, segment);
}

static void close_dir(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

enum err_code results_folder_is_empty(const char *dir, bool *ret, struct err *e)
{
    CLEANUP(close_dir) DIR *d = opendir(dir);
    if (!d && errno != ENOENT)
        return err_sys(e, "results folder '%s'", dir);
    bool empty = true;
    for (const struct dirent *f; d && (f = readdir(d));)
        empty &= strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0 ||
                 strncmp(f->d_name, "manifest.json.", 14) == 0;
    *ret = empty;
    return ERR_OK;
}

enum err_code results_folder_write_error(const char *cell, const struct results_folder_error *f,
                                         struct err *e)
{
    if (file_make_folders(cell, e))
        return e->code;
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    CLEANUP(str_done) struct str text = {};
    const char *const path = file_join(a, cell, "error.txt");
    if (file_exists(path)) {
        char *before;
        size_t n;
        if (file_read(path, a, &before, &n, e))
            return e->code;
        str_add(&text, before, n);
        str_puts(&text, "===\n");
    }
    str_printf(&text, "status: %s\nreason: %s\nstage: %s\n", status_name(f->status), f->reason,
               f->stage);
    if (f->invocation >= 0)
        str_printf(&text, "invocation: %" PRId64 "\nsegment: %u\n", f->invocation, f->segment);
    if (f->tail && *f->tail)
        str_printf(&text, "--- last output\n%s%s", f->tail,
                   f->tail[strlen(f->tail) - 1] == '\n' ? "" : "\n");
    return file_write(path, text.text, text.n, e);
}
