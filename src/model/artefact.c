#include "model/artefact.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/export.h"
#include "model/sources.h"
#include "model/synth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void digest_text(const char *text, struct arena *a, const char **ret)
{
    char hex[DIGEST_HEX];
    digest_of(text, strlen(text), hex);
    *ret = arena_strdup(a, hex);
}

static enum err_code of_folder(const char *path, struct arena *a, struct artefact *ret,
                               struct err *e)
{
    const char *text = nullptr;
    struct artefact found = {.path = path, .cached = true};
    if (sources_list(path, a, &text, &found.bytes, e))
        return e->code;
    digest_text(text, a, &found.sha256);
    *ret = found;
    return ERR_OK;
}

static enum err_code of_file(const char *path, struct arena *a, struct artefact *ret, struct err *e)
{
    char hex[DIGEST_HEX];
    struct artefact found = {.path = path, .cached = true};
    if (sources_file(path, a, hex, &found.bytes, e))
        return e->code;
    found.sha256 = arena_strdup(a, hex);
    *ret = found;
    return ERR_OK;
}

/* The model is already in the engine's format: it is what it is. What its own words say is
 * believed here; the engine looks at what it has loaded, and withdraws the label where they lied.
 */
static enum err_code as_it_is(const char *precision, const struct model_facts *m, struct arena *a,
                              struct artefact *ret, struct err *e)
{
    const bool unlabelled = m->kind == MODEL_ONNX && !m->claims;
    if (!unlabelled && !model_facts_holds(m, precision) && !model_facts_claims(m, precision))
        return err_set(e, ERR_UNSUPPORTED, "'%s' holds %s weights; %s was asked for", m->name,
                       m->dtype ? m->dtype : "unknown", precision);
    if (m->kind == MODEL_GGUF ? of_file(m->path, a, ret, e) : of_folder(m->path, a, ret, e))
        return e->code;
    ret->origin = origin_find(m->path, nullptr, a);
    return ERR_OK;
}

static int64_t bytes_in(const char *path, struct arena *a)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode))
        return st.st_size;
    DIR *const d = opendir(path);
    int64_t sum = d ? 0 : -1;
    for (const struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.' && stat(file_join(a, path, entry->d_name), &st) == 0)
            sum += st.st_size;
    if (d)
        (void)closedir(d);
    return sum;
}

/* What an earlier maker wrote down when it was done; false: there is nothing whole. */
static bool find_made(const char *folder, const char *path, struct arena *a, struct artefact *ret)
{
    const struct json *note = nullptr;
    const char *const name = file_join(a, folder, "artefact.json");
    struct err ignored = {};
    if (!file_exists(name) || json_read_file(name, a, &note, &ignored))
        return false;
    *ret = (struct artefact){.path = path, .cached = true};
    ret->bytes = json_i64(json_get(note, "bytes"), -1);
    ret->sha256 = json_str(json_get(note, "sha256"), nullptr);
    return ret->sha256 && ret->bytes >= 0 && bytes_in(path, a) == ret->bytes;
}

static enum err_code write_note(const char *folder, const char *kind, const char *precision,
                                const struct model_facts *m, const struct artefact *made,
                                const struct export_report *r, struct arena *a, struct err *e)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.artefact/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_ki64(&w, "exporter_version", EXPORT_VERSION);
    jsonw_kstr(&w, "model", m->name);
    jsonw_kstr(&w, "kind", kind);
    jsonw_kstr(&w, "precision", precision);
    jsonw_ki64(&w, "bytes", made->bytes);
    jsonw_kstr(&w, "sha256", made->sha256);
    jsonw_kf64(&w, "made_ms", made->made_ms);
    export_report_json(r, &w);
    jsonw_end_object(&w);
    return file_write(file_join(a, folder, "artefact.json"), out.text, out.n, e);
}

/* What a killed maker left: files and folders beside their place, recognised by the six random
 * letters. */
static void remove_left_over(const char *folder, struct arena *a)
{
    DIR *const d = opendir(folder);
    for (const struct dirent *entry; d && (entry = readdir(d));) {
        const char *const dot = strrchr(entry->d_name, '.');
        const char *const path = file_join(a, folder, entry->d_name);
        if (!dot || dot == entry->d_name || strlen(dot) != sizeof ".XXXXXX" - 1)
            continue;
        if (file_is_folder(path))
            export_remove(path, a);
        else
            (void)unlink(path);
    }
    if (d)
        (void)closedir(d);
}

static enum err_code make(const char *kind, const char *precision, const struct model_facts *m,
                          const char *folder, const char *path, struct arena *a,
                          struct artefact *ret, struct err *e)
{
    const nsec_t begin = clock_now();
    const bool onnx = strcmp(kind, "onnx") == 0;
    struct export_report r = {};
    remove_left_over(folder, a);
    if (export_make(m->path, onnx ? EXPORT_ONNX : EXPORT_GGUF, precision, path, a, &r, e))
        return e->code;
    struct artefact made = {};
    if (onnx ? of_folder(path, a, &made, e) : of_file(path, a, &made, e))
        return e->code;
    made.cached = false;
    made.bytes = bytes_in(path, a);
    made.made_ms = clock_ms(clock_now() - begin);
    if (write_note(folder, kind, precision, m, &made, &r, a, e))
        return e->code;
    *ret = made;
    return ERR_OK;
}

static enum err_code lock(const char *folder, struct arena *a, int *ret_fd, struct err *e)
{
    const char *const name = arena_printf(a, "%s.lock", folder);
    *ret_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*ret_fd < 0)
        return err_sys(e, "cannot lock '%s'", name);
    while (flock(*ret_fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return err_sys(e, "cannot lock '%s'", name);
    return ERR_OK;
}

/* Its address is the digest of its source: where it bears no record, that is the proof. */
static void find_origin(const char *source, const char *sources, struct arena *a,
                        struct artefact *ret)
{
    ret->origin = origin_find(ret->path, source, a);
    if (ret->origin.sha256)
        return;
    digest_text(sources, a, &ret->origin.sha256);
    ret->origin.sha256_now = ret->origin.sha256;
    ret->origin.reason = nullptr;
}

static enum err_code find_or_make(const char *kind, const char *precision,
                                  const struct model_facts *m, const char *sources, struct arena *a,
                                  struct artefact *ret, struct err *e)
{
    const char *key = nullptr;
    digest_text(arena_printf(a, "%d\n%s\n%s\n%s", EXPORT_VERSION, kind, precision, sources), a,
                &key);
    const char *const folder = file_join(a, file_join(a, file_cache_folder(a), "artefacts"), key);
    const char *const path =
        file_join(a, folder, strcmp(kind, "onnx") == 0 ? "onnx" : "model.gguf");
    if (find_made(folder, path, a, ret))
        return ERR_OK;
    CLEANUP(file_fd_closep) int fd = -1;
    if (file_make_folders(folder, e) || lock(folder, a, &fd, e))
        return e->code;
    if (find_made(folder, path, a, ret)) /* by the one that we waited for */
        return ERR_OK;
    if (make(kind, precision, m, folder, path, a, ret, e)) {
        (void)rmdir(folder);
        return e->code;
    }
    return ERR_OK;
}

static enum err_code derived(const char *kind, const char *precision, const struct model_facts *m,
                             struct arena *a, struct artefact *ret, struct err *e)
{
    const char *sources = nullptr;
    int64_t unused = 0;
    if (sources_list(m->path, a, &sources, &unused, e) ||
        find_or_make(kind, precision, m, sources, a, ret, e))
        return e->code;
    find_origin(m->path, sources, a, ret);
    return ERR_OK;
}

static enum err_code find_source(const struct model_facts *m, struct arena *a,
                                 struct model_facts *ret, struct err *e)
{
    *ret = *m;
    if (m->kind == MODEL_MISSING)
        return err_set(e, ERR_UNAVAILABLE, "'%s': %s", m->name,
                       m->why_missing ? m->why_missing : "not found");
    if (m->kind == MODEL_TAG)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is known to its server only", m->name);
    struct synth_spec spec;
    if (m->kind == MODEL_HF && synth_is_name(m->name) && !file_exists(m->path))
        return synth_spec_parse(m->name, &spec, e) ? e->code
                                                   : synth_cached(&spec, a, &ret->path, e);
    return ERR_OK;
}

enum err_code artefact_prepare(const char *kind, const char *precision, const struct model_facts *m,
                               struct arena *a, struct artefact *ret, struct err *e)
{
    if (strcmp(kind, "none") == 0) {
        *ret = (struct artefact){.bytes = -1, .cached = true};
        return ERR_OK;
    }
    struct model_facts source;
    if (find_source(m, a, &source, e))
        return e->code;
    const bool hf = strcmp(kind, "hf") == 0, onnx = strcmp(kind, "onnx") == 0;
    const bool gguf = strcmp(kind, "gguf") == 0;
    if ((source.kind == MODEL_GGUF && gguf) || (source.kind == MODEL_ONNX && onnx))
        return as_it_is(precision, &source, a, ret, e);
    if (source.kind != MODEL_HF)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is %s, which cannot be turned into %s", m->name,
                       source.kind == MODEL_GGUF ? "a GGUF file" : "an ONNX folder",
                       hf ? "a Hugging Face folder" : kind);
    if (hf && of_folder(source.path, a, ret, e) == ERR_OK)
        ret->origin = origin_of_itself(source.path, a);
    if (hf)
        return e->code;
    if (!onnx && !gguf)
        return err_set(e, ERR_USAGE, "'%s' is no kind of artefact; hf, onnx, gguf, none", kind);
    return derived(kind, precision, &source, a, ret, e);
}
