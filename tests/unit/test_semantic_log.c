/* want: SHA-256 of "abc" and of "" as FIPS 180-4's examples have them. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "store/semantic_log.h"
#include "test.h"

#include <math.h>
#include <unistd.h>

#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct semantic_log_header header = {.model = "m.gguf",
                                                  .sha256 = "aa",
                                                  .about = "all of it",
                                                  .engine = "llama.cpp",
                                                  .pooling = "mean",
                                                  .dimension = 384,
                                                  .longest_tokens = 256,
                                                  .started_at = "now"};
static const struct semantic_log_pair pair = {ABC, EMPTY, 0.1 + 0.2};

static enum err_code put(struct arena *a, const struct str *text, const char **ret, struct err *e)
{
    *ret = arena_printf(a, "/tmp/test_semantic_log_%d", (int)getpid());
    return file_write(*ret, str_text(text), text->n, e);
}

static void there_and_back(struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    struct semantic_log log;
    struct semantic_log_pair other = {EMPTY, EMPTY, -1};
    struct err e = {};
    const char *path;
    semantic_log_format_header(&header, &out);
    semantic_log_format_pair(&pair, &out);
    semantic_log_format_end(&(struct semantic_log_end){STATUS_OK, nullptr, 2, 1, "later"}, &out);
    semantic_log_format_header(&header, &out); /* a pass that went on */
    semantic_log_format_pair(&other, &out);
    semantic_log_format_end(&(struct semantic_log_end){STATUS_OK, nullptr, 3, 0, "later"}, &out);
    str_puts(&out, "{\"kind\":\"pa"); /* torn */
    const bool good =
        put(a, &out, &path, &e) == ERR_OK && semantic_log_read(path, a, &log, &e) == ERR_OK;
    CHECK("read", good && log.begun && log.ended && log.n == 2, "%s", e.msg);
    CHECK("texts of all passes", good && log.end.texts == 5 && log.end.cut == 1, "%lld",
          (long long)log.end.texts);
    CHECK("a pair is found by its texts", good && semantic_log_find(&log, "abc", "") == 0.1 + 0.2,
          " ");
    CHECK("not the other way round", good && isnan(semantic_log_find(&log, "", "abc")), " ");
    CHECK("nor another text", good && isnan(semantic_log_find(&log, "abd", "")), " ");
    (void)unlink(path);
    CHECK("no file is no log",
          semantic_log_read("/tmp/test_semantic_log_none", a, &log, &e) == ERR_OK && !log.begun,
          "%s", e.msg);
}

static void refused(struct arena *a)
{
    struct semantic_log_header other = header;
    other.sha256 = "bb";
    CLEANUP(str_done) struct str another = {};
    semantic_log_format_pair(&pair, &another);
    semantic_log_format_header(&other, &another);
    const struct {
        const char *name, *lines;
    } rows[] = {
        {"no JSON", "{\"kind\n"},
        {"another kind", "{\"kind\":\"window\"}\n"},
        {"a cosine of 2", "{\"kind\":\"pair\",\"text_sha256\":\"" ABC
                          "\",\"baseline_sha256\":\"" EMPTY "\",\"cosine\":2}\n"},
        {"a short digest", "{\"kind\":\"pair\",\"text_sha256\":\"aa\",\"baseline_sha256\":\"" EMPTY
                           "\",\"cosine\":1}\n"},
        {"an unknown status", "{\"kind\":\"end\",\"status\":\"fine\"}\n"},
        {"pairs of two models", str_text(&another)},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(str_done) struct str out = {};
        struct semantic_log log;
        struct err e = {};
        const char *path = "";
        semantic_log_format_header(&header, &out);
        str_puts(&out, rows[i].lines);
        const enum err_code code =
            put(a, &out, &path, &e) ? ERR_OK : semantic_log_read(path, a, &log, &e);
        CHECK(rows[i].name, code == ERR_PARSE, "%d: %s", code, e.msg);
        (void)unlink(path);
    }
    struct semantic_log_header moved = header;
    moved.model = "elsewhere/m.gguf";
    CHECK("a file is known by its digest", semantic_log_same(&header, &moved), " ");
    moved.sha256 = nullptr;
    CHECK("a folder or server by its name", !semantic_log_same(&header, &moved), " ");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    there_and_back(a);
    refused(a);
    return test_done();
}
