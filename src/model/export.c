#include "model/export.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/checkpoint.h"
#include "model/export_gguf.h"
#include "model/export_onnx.h"
#include "model/onnx_ranges.h"
#include "model/origin.h"
#include "model/quantize.h"
#include "model/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_folder(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

void export_remove(const char *path, struct arena *a)
{
    CLEANUP(close_folder) DIR *d = opendir(path);
    if (!d)
        return;
    for (const struct dirent *entry; (entry = readdir(d));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlink(file_join(a, path, entry->d_name));
    (void)rmdir(path);
}

/* Files that go along: an ONNX folder then needs its source no more. */
static enum err_code copy_small_files(const char *from, const char *to, struct arena *a,
                                      int64_t *bytes, struct err *e)
{
    static const char *const names[] = {"config.json",    "generation_config.json",
                                        "tokenizer.json", "tokenizer_config.json",
                                        "vocab.json",     "merges.txt"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *const path = file_join(a, from, names[i]);
        char *text = nullptr;
        size_t n = 0;
        if (!file_exists(path))
            continue;
        if (file_read(path, a, &text, &n, e) || file_write(file_join(a, to, names[i]), text, n, e))
            return e->code;
        *bytes += (int64_t)n;
    }
    return ERR_OK;
}

/* "int8-qdq" is int8. */
static enum err_code write_facts(const struct checkpoint *m, const char *form,
                                 const struct onnx_ranges *ranges, const char *sources,
                                 const char *folder, struct arena *a, struct export_report *r,
                                 struct err *e)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    const struct hf_config *const c = &m->config;
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.onnx/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_ki64(&w, "exporter_version", EXPORT_VERSION);
    origin_key_source(m->folder, sources, &w);
    jsonw_kstr(&w, "architecture", c->architecture);
    jsonw_kstr(&w, "precision", arena_strndup(a, form, strcspn(form, "-")));
    jsonw_kstr(&w, "form", strchr(form, '-') ? strchr(form, '-') + 1 : nullptr);
    jsonw_kstr(&w, "calibrated_on", ranges ? ranges->from : nullptr);
    jsonw_ki64(&w, "n_layers", c->n_layers);
    jsonw_ki64(&w, "d_model", c->d_model);
    jsonw_ki64(&w, "n_heads", c->n_heads);
    jsonw_ki64(&w, "vocab_size", c->vocab_size);
    jsonw_ki64(&w, "n_ctx", c->n_ctx);
    jsonw_ki64(&w, "params", m->params);
    int64_t bytes = 0;
    size_t most = 0;
    for (size_t i = 0; i < r->n_shares; i++) {
        bytes += r->shares[i].bytes;
        if (r->shares[i].elements > r->shares[most].elements)
            most = i;
    }
    jsonw_ki64(&w, "weight_bytes", bytes);
    struct stat st;
    if (stat(file_join(a, folder, "model.onnx.data"), &st) == 0)
        jsonw_ki64(&w, "data_bytes", st.st_size);   /* so that a cut file is found before loading */
    jsonw_kstr(&w, "dtype", r->shares[most].dtype); /* of most weights */
    export_report_json(r, &w);
    jsonw_kstr(&w, "matmul_note",
               "share of the multiplications by weights for one token; the products of attention "
               "(activations by activations) are F32 and not counted");
    jsonw_end_object(&w);
    str_putc(&out, '\n');
    r->bytes += (int64_t)out.n;
    return file_write(file_join(a, folder, "chimera.json"), out.text, out.n, e);
}

static enum err_code move_folder(const char *beside, const char *out, struct arena *a,
                                 struct err *e)
{
    if (rename(beside, out) == 0)
        return ERR_OK;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_sys(e, "cannot write '%s'", out);
    if (!file_exists(file_join(a, out, "chimera.json")))
        return err_set(e, ERR_USAGE, "'%s' is in the way: it is no export of chimera's", out);
    if (renameat2(AT_FDCWD, beside, AT_FDCWD, out, RENAME_EXCHANGE) != 0)
        return err_sys(e, "cannot replace '%s'", out);
    export_remove(beside, a);
    return ERR_OK;
}

static enum err_code fill_onnx(const struct checkpoint *m, const char *form,
                               const struct onnx_ranges *ranges, const char *folder,
                               struct arena *a, struct export_report *r, struct err *e)
{
    const char *sources = nullptr;
    int64_t unused = 0;
    if (sources_list(m->folder, a, &sources, &unused, e) ||
        export_onnx(m, form, ranges, folder, a, r, e) ||
        copy_small_files(m->folder, folder, a, &r->bytes, e))
        return e->code;
    return write_facts(m, form, ranges, sources, folder, a, r, e);
}

static enum err_code make_onnx(const struct checkpoint *m, const char *form,
                               const struct onnx_ranges *ranges, const char *out, struct arena *a,
                               struct export_report *r, struct err *e)
{
    struct stat st;
    if (lstat(out, &st) == 0 && !S_ISDIR(st.st_mode))
        return err_set(e, ERR_USAGE, "'%s' is in the way: it is not a folder", out);
    if (file_make_folders(file_folder_of(a, out), e))
        return e->code;
    char *const beside = arena_printf(a, "%s.XXXXXX", out);
    if (!mkdtemp(beside))
        return err_sys(e, "cannot write '%s'", out);
    const mode_t mask = umask(0);
    (void)umask(mask);
    (void)chmod(beside, 0777 & ~mask);
    if (fill_onnx(m, form, ranges, beside, a, r, e) || move_folder(beside, out, a, e)) {
        export_remove(beside, a);
        return e->code;
    }
    return ERR_OK;
}

/* By way of an F32 file beside it, which goes again. */
static enum err_code make_quantised(const struct checkpoint *m, const char *precision,
                                    const char *out, struct arena *a, struct export_report *r,
                                    struct err *e)
{
    char *const folder = arena_printf(a, "%s.XXXXXX", out);
    if (!mkdtemp(folder))
        return err_sys(e, "cannot write '%s'", out);
    const char *const whole = file_join(a, folder, "f32.gguf");
    struct export_report unused = {};
    if (!export_gguf(m, "fp32", whole, a, &unused, e))
        (void)!quantize_gguf(whole, out, precision, a, r, e);
    export_remove(folder, a);
    return e->code;
}

static enum err_code make_gguf(const struct checkpoint *m, const char *precision, const char *out,
                               struct arena *a, struct export_report *r, struct err *e)
{
    if (file_is_folder(out))
        return err_set(e, ERR_USAGE, "'%s' is in the way: it is a folder", out);
    if (file_make_folders(file_folder_of(a, out), e))
        return e->code;
    const bool own = export_gguf_knows(precision);
    if (own ? export_gguf(m, precision, out, a, r, e) : make_quantised(m, precision, out, a, r, e))
        return e->code;
    return origin_write(out, m->folder, a, e);
}

enum err_code export_make(const char *source, enum export_format f, const char *precision,
                          const char *out, struct arena *a, struct export_report *ret,
                          struct err *e)
{
    const nsec_t begin = clock_now();
    struct export_report r = {.path = arena_strdup(a, out)};
    CLEANUP(checkpoint_done) struct checkpoint m = {};
    if (checkpoint_open(source, a, &m, e) ||
        (f == EXPORT_ONNX ? make_onnx(&m, precision, nullptr, out, a, &r, e)
                          : make_gguf(&m, precision, out, a, &r, e)))
        return e->code;
    r.ms = clock_ms(clock_now() - begin);
    *ret = r;
    return ERR_OK;
}

enum err_code export_make_form(const char *source, const char *form,
                               const struct onnx_ranges *ranges, const char *out, struct arena *a,
                               struct export_report *ret, struct err *e)
{
    const nsec_t begin = clock_now();
    struct export_report r = {.path = arena_strdup(a, out)};
    CLEANUP(checkpoint_done) struct checkpoint m = {};
    if (checkpoint_open(source, a, &m, e) || make_onnx(&m, form, ranges, out, a, &r, e))
        return e->code;
    r.ms = clock_ms(clock_now() - begin);
    *ret = r;
    return ERR_OK;
}
