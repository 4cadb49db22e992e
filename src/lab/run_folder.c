#include "lab/run_folder.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "lab/experiment_file.h"
#include "store/results_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t SCRATCH = (size_t)4 << 30;

static const char *digest_text(struct arena *a, const char *text)
{
    if (!text)
        return nullptr;
    char hex[DIGEST_HEX];
    digest_of(text, strlen(text), hex);
    return arena_strdup(a, hex);
}

/* ---- the same experiment? ---- */

/* Keys that say nothing about what is measured: a person may raise a limit and go on. */
static bool matters(const char *key)
{
    static const char *const free_keys[] = {"name",
                                            "params_millions",
                                            "timeout_s",
                                            "load_timeout_s",
                                            "memory_limit_mb",
                                            "baseline_backend",
                                            "accuracy_threshold",
                                            "gates"};
    for (size_t i = 0; i < COUNT_OF(free_keys); i++)
        if (strcmp(key, free_keys[i]) == 0)
            return false;
    return true;
}

static void show(const struct json *v, struct str *out)
{
    if (json_is_str(v))
        str_printf(out, "'%.60s'", json_str(v, ""));
    else if (json_is_num(v))
        str_printf(out, "%.15g", json_f64(v, 0));
    else if (json_is_array(v) || json_is_object(v))
        str_printf(out, "%zu entries", json_len(v));
    else
        str_puts(out, !v || json_is_null(v) ? "nothing" : json_bool(v, false) ? "true" : "false");
}

/* Put "path: there X, here Y" of the first difference into out. name: a scenario's or a model's
 * matters. */
static bool differs(const struct json *there, const struct json *here, const char *path,
                    struct str *out)
{
    const bool containers = (json_is_array(there) && json_is_array(here)) ||
                            (json_is_object(there) && json_is_object(here));
    CLEANUP(str_done) struct str a = {}, b = {};
    if (!containers) {
        show(there, &a);
        show(here, &b);
        if (strcmp(str_text(&a), str_text(&b)) == 0)
            return false;
    } else {
        struct json_iter it = json_iter(there), other = json_iter(here);
        const char *key;
        size_t i = 0;
        for (const struct json *x; (x = json_next(&it, &key)); i++) {
            CLEANUP(str_done) struct str below = {};
            const struct json *const y = key ? json_get(here, key) : json_next(&other, nullptr);
            if (key && !matters(key) && !(*path && strcmp(key, "name") == 0))
                continue;
            key ? str_printf(&below, "%s%s%s", path, *path ? "." : "", key)
                : str_printf(&below, "%s[%zu]", path, i);
            if (differs(x, y, below.text, out))
                return true;
        }
        if (json_len(there) == json_len(here))
            return false;
        show(there, &a);
        show(here, &b);
    }
    str_printf(out, "%s: %s there, %s here", path, str_text(&a), str_text(&b));
    return true;
}

static enum err_code check_same(struct run_folder *f, struct arena *a, struct err *e)
{
    const struct json *manifest, *here;
    const char *const path = file_join(a, f->dir, "manifest.json");
    if (!file_exists(path))
        return err_set(e, ERR_USAGE,
                       "'%s' is no results folder: it holds files, but no manifest.json", f->dir);
    if (json_read_file(path, a, &manifest, e) ||
        json_parse(f->experiment_json, strlen(f->experiment_json), "experiment", a, &here, e))
        return e->code;
    CLEANUP(str_done) struct str why = {};
    if (differs(json_get(manifest, "experiment"), here, "", &why))
        return err_set(e, ERR_USAGE, "'%s' holds another experiment: %s; nothing was run", f->dir,
                       why.text);
    f->started_at = json_str(json_get(manifest, "started_at"), f->started_at);
    return ERR_OK;
}

/* ---- manifest ---- */

struct listing {
    struct arena *a;
    size_t root;
    const char **items;
    size_t n, room;
};

static void close_dir(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

/* A file that was being written beside its place when chimera was killed: name.json.XXXXXX. */
static bool is_leftover(const char *path)
{
    static const char *const kinds[] = {".json.", ".txt.", ".yaml."};
    const size_t n = strlen(path);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const size_t k = strlen(kinds[i]);
        if (n > k + 6 && strncmp(path + n - 6 - k, kinds[i], k) == 0)
            return true;
    }
    return false;
}

static enum err_code list_files(struct listing *l, const char *path, struct err *e)
{
    if (!file_is_folder(path)) {
        if (is_leftover(path)) {
            (void)unlink(path);
            return ERR_OK;
        }
        if (l->n == l->room) {
            const char **const more = ARENA_ARRAY(l->a, const char *, 2 * l->room + 64);
            if (l->n)
                memcpy(more, l->items, l->n * sizeof *more);
            l->items = more;
            l->room = 2 * l->room + 64;
        }
        l->items[l->n++] = path + l->root;
        return ERR_OK;
    }
    CLEANUP(close_dir) DIR *d = opendir(path);
    if (!d)
        return err_sys(e, "'%s'", path);
    for (const struct dirent *x; (x = readdir(d));)
        if (x->d_name[0] != '.' && list_files(l, file_join(l->a, path, x->d_name), e))
            return e->code;
    return ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of the folder itself; the recorded ones below it are swept when they are listed. */
static void sweep(const struct run_folder *f)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    CLEANUP(close_dir) DIR *d = opendir(f->dir);
    for (const struct dirent *x; d && (x = readdir(d));)
        if (is_leftover(x->d_name))
            (void)unlink(file_join(a, f->dir, x->d_name));
}

static enum err_code files_json(const struct run_folder *f, struct jsonw *w, struct err *e)
{
    static const char *const recorded[] = {"experiment.yaml", "plan.json", "env.json",
                                           "stopping.json",   "runs",      "telemetry",
                                           "quality"};
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    struct listing l = {.a = a, .root = strlen(f->dir) + 1};
    for (uint32_t i = 1;; i++) {
        const char *const path = arena_printf(a, "%s/env_%u.json", f->dir, i);
        if (!file_exists(path))
            break;
        if (list_files(&l, path, e))
            return e->code;
    }
    for (size_t i = 0; i < COUNT_OF(recorded); i++) {
        const char *const path = arena_printf(a, "%s/%s", f->dir, recorded[i]);
        if (file_exists(path) && list_files(&l, path, e))
            return e->code;
    }
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, by_text);
    jsonw_karray(w, "files");
    for (size_t i = 0; i < l.n; i++) {
        struct stat st;
        char hex[DIGEST_HEX];
        const char *const path = arena_printf(a, "%s/%s", f->dir, l.items[i]);
        if (stat(path, &st) != 0)
            return err_sys(e, "'%s'", path);
        if (digest_file(path, hex, e))
            return e->code;
        jsonw_object(w);
        jsonw_kstr(w, "path", l.items[i]);
        jsonw_ki64(w, "bytes", st.st_size);
        jsonw_kstr(w, "sha256", hex);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    return ERR_OK;
}

static enum err_code write_manifest(const struct run_folder *f, const char *state, nsec_t own_cpu,
                                    nsec_t wall, struct err *e)
{
    const bool running = strcmp(state, "running") == 0;
    CLEANUP(str_done) struct str text = {};
    char now[32];
    clock_wall(now);
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.manifest/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "experiment_sha256", f->experiment_sha256);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "state", state);
    jsonw_kstr(&w, "started_at", f->started_at);
    jsonw_kstr(&w, "finished_at", running ? nullptr : now);
    jsonw_kbool(&w, "resumed", f->resumed);
    jsonw_kstr(&w, "experiment_sha256", f->experiment_sha256);
    jsonw_kstr(&w, "plan_sha256", f->plan_sha256);
    jsonw_kstr(&w, "environment_sha256", f->environment_sha256);
    jsonw_key(&w, "experiment");
    jsonw_raw(&w, f->experiment_json);
    jsonw_kstr(&w, "experiment_null_because", "the experiment file does not say it");
    if (!running) {
        jsonw_kobject(&w, "overhead"); /* of the last run in the folder */
        jsonw_kf64(&w, "supervisor_cpu_ms", clock_ms(own_cpu));
        jsonw_kf64(&w, "wall_ms", clock_ms(wall));
        jsonw_kf64(&w, "supervisor_cpu_percent",
                   wall > 0 ? 100 * (double)own_cpu / (double)wall : NOT_MEASURED);
        jsonw_end_object(&w);
        if (files_json(f, &w, e))
            return e->code;
    }
    jsonw_end_object(&w);
    str_putc(&text, '\n');
    return file_write(arena_printf(f->arena, "%s/manifest.json", f->dir), text.text, text.n, e);
}

enum err_code run_folder_finish(const struct run_folder *f, const char *state, nsec_t own_cpu,
                                nsec_t wall, struct err *e)
{
    return write_manifest(f, state, own_cpu, wall, e);
}

/* ---- open ---- */

static enum err_code lock(struct run_folder *f, struct err *e)
{
    f->lock_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock_fd < 0)
        return err_sys(e, "results folder '%s'", f->dir);
    if (flock(f->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? err_set(e, ERR_USAGE, "another chimera is running in '%s'", f->dir)
                   : err_sys(e, "results folder '%s'", f->dir);
    return ERR_OK;
}

static enum err_code write_copies(const struct run_folder *f, const struct experiment *x,
                                  const struct run_folder_texts *texts, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    char *yaml;
    size_t n;
    if (file_read(x->path, a, &yaml, &n, e) ||
        file_write(file_join(a, f->dir, "experiment.yaml"), yaml, n, e) ||
        file_write(file_join(a, f->dir, "plan.json"), texts->plan_json, strlen(texts->plan_json),
                   e))
        return e->code;
    /* A resumed run has an environment of its own; the records say by hash which one was theirs. */
    const char *path = file_join(a, f->dir, "env.json");
    for (uint32_t i = 1; file_exists(path); i++)
        path = arena_printf(a, "%s/env_%u.json", f->dir, i);
    if (texts->environment && file_write(path, texts->environment, strlen(texts->environment), e))
        return e->code;
    if (file_make_folders(file_join(a, f->dir, "telemetry"), e) ||
        file_make_folders(file_join(a, f->dir, "runs"), e))
        return e->code;
    return ERR_OK;
}

enum err_code run_folder_open(struct run_folder *f, const char *dir, bool resume,
                              const struct experiment *x, const struct run_folder_texts *texts,
                              struct arena *a, struct err *e)
{
    char now[32];
    bool empty;
    clock_wall(now);
    *f = (struct run_folder){
        .dir = arena_strdup(a, dir), .arena = a, .lock_fd = -1, .started_at = arena_strdup(a, now)};
    CLEANUP(str_done) struct str json = {};
    experiment_file_json(x, &(struct jsonw){.out = &json});
    f->experiment_json = arena_strdup(a, json.text);
    f->experiment_sha256 = digest_text(a, f->experiment_json);
    f->plan_sha256 = digest_text(a, texts->plan_json);
    f->environment_sha256 = digest_text(a, texts->environment);

    if (file_make_folders(dir, e) || lock(f, e) || results_folder_is_empty(dir, &empty, e))
        return e->code;
    if (!empty && !resume)
        return err_set(e, ERR_USAGE,
                       "'%s' is not empty; --resume goes on with what is in it, or give another -o",
                       dir);
    if (!empty && check_same(f, a, e))
        return e->code;
    f->resumed = !empty;
    sweep(f);
    /* The manifest first: from here on the folder says what it is, so that it can be resumed. */
    if (write_manifest(f, "running", 0, 0, e))
        return e->code;
    return write_copies(f, x, texts, e);
}

void run_folder_done(struct run_folder *f)
{
    file_fd_closep(&f->lock_fd);
    f->lock_fd = -1;
}
