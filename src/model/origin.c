#include "model/origin.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *instant(int64_t ns, struct arena *a)
{
    if (ns < 0)
        return nullptr;
    char text[32];
    clock_utc(ns, 6, text);
    return arena_strdup(a, text);
}

static const char *digest_text(const char *text, struct arena *a)
{
    char hex[DIGEST_HEX];
    digest_of(text, strlen(text), hex);
    return arena_strdup(a, hex);
}

/* The record that the exporter left; nullptr: there is none, or it is of another file. */
static const struct json *record_of(const char *path, struct arena *a)
{
    const struct json *v = nullptr;
    struct err ignored = {};
    struct stat st;
    const bool folder = file_is_folder(path);
    const char *const name =
        folder ? file_join(a, path, "chimera.json") : arena_printf(a, "%s.json", path);
    if (!file_exists(name) || json_read_file(name, a, &v, &ignored))
        return nullptr;
    const int64_t bytes = json_i64(json_get(v, "bytes"), -1);
    if (!folder && (stat(path, &st) != 0 || bytes != st.st_size))
        return nullptr;
    return json_get(v, "generated_from");
}

/* What other exporters leave in config.json: the folder that the weights came from. */
static const char *named_by_config(const char *path, struct arena *a)
{
    const struct json *v = nullptr;
    struct err ignored = {};
    const char *const name = file_join(a, path, "config.json");
    if (!file_is_folder(path) || !file_exists(name) || json_read_file(name, a, &v, &ignored))
        return nullptr;
    const char *const from = json_str(json_get(v, "_name_or_path"), "");
    return from[0] == '/' && file_is_folder(from) && strcmp(from, path) != 0 ? from : nullptr;
}

/* Names of the lines ("<hex>  <name>") that `among` lacks, behind what `out` has already. */
static void add_others(const char *lines, const char *among, struct arena *a, struct str *out)
{
    for (const char *end; (end = strchr(lines, '\n')); lines = end + 1) {
        const char *const line = arena_strndup(a, lines, (size_t)(end - lines) + 1);
        const char *const space = strstr(line, "  ");
        const char *const name = space ? arena_strndup(a, space + 2, strlen(space) - 3) : "";
        if (*name && !strstr(among, line) && !strstr(str_text(out), name))
            str_printf(out, "%s%s", out->n ? ", " : "", name);
    }
}

static void look_at_source(const char *files, struct arena *a, struct origin *o)
{
    const char *now = nullptr;
    int64_t bytes = 0;
    struct err e = {};
    if (!file_is_folder(o->source)) {
        o->reason = arena_printf(a, "its source '%s' is not there any more", o->source);
        return;
    }
    o->source_modified = instant(sources_modified(o->source, a), a);
    if (!o->sha256)
        o->reason = "no record says what its source's files were when it was made";
    else if (sources_list(o->source, a, &now, &bytes, &e))
        o->reason = arena_strdup(a, e.msg);
    else
        o->sha256_now = digest_text(now, a);
    if (!o->sha256_now || strcmp(o->sha256, o->sha256_now) == 0 || !files)
        return;
    CLEANUP(str_done) struct str names = {};
    add_others(files, now, a, &names);
    add_others(now, files, a, &names);
    o->differs = arena_strdup(a, str_text(&names));
}

struct origin origin_find(const char *path, const char *made_from, struct arena *a)
{
    struct origin o = {.modified = instant(sources_modified(path, a), a)};
    const struct json *const record = record_of(path, a);
    o.sha256 = json_str(json_get(record, "sha256"), nullptr);
    o.source = made_from ? made_from : json_str(json_get(record, "path"), nullptr);
    if (!o.source && !record)
        o.source = named_by_config(path, a);
    if (o.source)
        look_at_source(json_str(json_get(record, "files"), nullptr), a, &o);
    else
        o.reason = "nothing says what it was made from";
    return o;
}

struct origin origin_of_itself(const char *path, struct arena *a)
{
    return (struct origin){.modified = instant(sources_modified(path, a), a),
                           .reason = "the engine loads the model's own files"};
}

void origin_key_source(const char *source, const char *files, struct jsonw *w)
{
    char digest[DIGEST_HEX];
    char *const real = realpath(source, nullptr);
    digest_of(files, strlen(files), digest);
    jsonw_kobject(w, "generated_from");
    jsonw_kstr(w, "sha256", digest);
    jsonw_kstr(w, "path", real ? real : source);
    jsonw_kstr(w, "files", files);
    jsonw_end_object(w);
    free(real);
}

enum err_code origin_write(const char *gguf, const char *source, struct arena *a, struct err *e)
{
    const char *files = nullptr;
    int64_t unused = 0;
    struct stat st;
    if (stat(gguf, &st) != 0)
        return err_sys(e, "'%s'", gguf);
    if (sources_list(source, a, &files, &unused, e))
        return e->code;
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.gguf/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    origin_key_source(source, files, &w);
    jsonw_ki64(&w, "bytes", st.st_size);
    jsonw_end_object(&w);
    str_putc(&out, '\n');
    return file_write(arena_printf(a, "%s.json", gguf), out.text, out.n, e);
}

void origin_json(const struct origin *o, struct jsonw *w)
{
    jsonw_kstr(w, "modified", o->modified);
    if (!o->source && !o->sha256) {
        jsonw_key(w, "made_from");
        jsonw_null(w);
        jsonw_kstr(w, "made_from_reason", o->reason);
        return;
    }
    jsonw_kobject(w, "made_from");
    jsonw_kstr(w, "path", o->source);
    jsonw_kstr(w, "sha256", o->sha256);
    jsonw_kstr(w, "sha256_now", o->sha256_now);
    jsonw_kstr(w, "modified", o->source_modified);
    jsonw_kstr(w, "differs", o->differs);
    if (!o->sha256 || !o->sha256_now)
        jsonw_kstr(w, "reason", o->reason);
    jsonw_end_object(w);
}
