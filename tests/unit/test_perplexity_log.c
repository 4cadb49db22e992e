#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "store/perplexity_log.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static const struct perplexity_log_header header = {
    .backend = "onnxruntime-cpu",
    .precision = "int8",
    .model = "synth:gpt2/L=2",
    .baseline = "onnxruntime-cpu:fp32",
    .text = "held-out.txt",
    .text_sha256 = "aa",
    .tokens_sha256 = "bb",
    .engine = "onnxruntime",
    .engine_version = "1.23",
    .text_bytes = 100,
    .text_tokens = 30,
    .tokens = 25,
    .window = 10,
    .stride = 5,
    .windows = 4,
    .clusters = 4,
    .vocab = 300,
    .started_at = "now",
};
static const double each[] = {0.125, 0.000012345678, 3};

static struct perplexity_log_window window(uint32_t i)
{
    return (struct perplexity_log_window){i, i, 1 + 3 * i, 3, 12, 7.1, 7.05, 0.1 + 0.2, 2, each};
}

static enum err_code put(struct arena *a, const struct str *text, const char **ret, struct err *e)
{
    *ret = arena_printf(a, "/tmp/test_perplexity_log_%d", (int)getpid());
    return file_write(*ret, str_text(text), text->n, e);
}

static void test_there_and_back(struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    struct perplexity_log log;
    struct perplexity_log_window w = window(0), again = w, alone = window(2);
    struct err e = {};
    const char *path;
    again.nll = 99;
    alone.baseline_nll = alone.kl = NOT_MEASURED;
    alone.same_top = alone.bytes = -1;
    alone.kl_each = nullptr;
    perplexity_log_format_header(&header, &out);
    perplexity_log_format_window(&w, &out);
    perplexity_log_format_header(&header, &out); /* a pass that went on */
    perplexity_log_format_window(&again, &out);
    perplexity_log_format_window(&alone, &out);
    const struct perplexity_log_end end = {STATUS_ERROR, "a reason", "another", "later"};
    perplexity_log_format_end(&end, &out);
    str_puts(&out, "{\"kind\":\"window\",\"win"); /* torn by a kill */
    const enum err_code code =
        put(a, &out, &path, &e) ? e.code : perplexity_log_read(path, a, &log, &e);
    CHECK("reads", code == ERR_OK, "%s", e.msg);
    if (code)
        return;
    CHECK("header", !perplexity_log_differs(&log.header, &header) && log.header.vocab == 300, "%s",
          perplexity_log_differs(&log.header, &header));
    CHECK("windows", log.n_windows == 2 && log.windows[1].tokens == 0, "%u", log.n_windows);
    CHECK("the first line of a window counts, to the last bit",
          log.windows[0].nll == 7.1 && log.windows[0].kl == 0.1 + 0.2, "%.17g", log.windows[0].nll);
    CHECK_NEAR("each divergence to four digits", log.windows[0].kl_each[1] * 1e5, 1.235, 1e-12);
    CHECK("unknown comes back as unknown",
          isnan(log.windows[2].kl) && log.windows[2].bytes == -1 && log.windows[2].same_top == -1 &&
              !log.windows[2].kl_each,
          "%g", log.windows[2].kl);
    CHECK("end",
          log.ended && log.end.status == STATUS_ERROR && strcmp(log.end.reason, "a reason") == 0,
          "%d", log.end.status);
    (void)unlink(path);
    CHECK("no file is no log",
          perplexity_log_read(path, a, &log, &e) == ERR_OK && !log.begun && !log.ended, "%s",
          e.msg);
}

static void test_refused(struct arena *a)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"no JSON", "{\"kind\":\n"},
        {"no kind", "{\"window\":1}\n"},
        {"a window that there is not",
         "{\"kind\":\"window\",\"window\":4,\"cluster\":0,\"first\":1,\"tokens\":3,\"nll\":1}\n"},
        {"a block that there is not",
         "{\"kind\":\"window\",\"window\":1,\"cluster\":4,\"first\":1,\"tokens\":3,\"nll\":1}\n"},
        {"more tokens than a window",
         "{\"kind\":\"window\",\"window\":1,\"cluster\":1,\"first\":1,\"tokens\":11,\"nll\":1}\n"},
        {"a header of more blocks than windows",
         "{\"kind\":\"header\",\"schema\":\"chimera.perplexity/1\",\"tokens\":25,\"window\":10,"
         "\"stride\":5,\"windows\":4,\"clusters\":4000000000,\"vocab\":1}\n"},
        {"a negative number",
         "{\"kind\":\"window\",\"window\":-1,\"cluster\":1,\"first\":1,\"tokens\":2,\"nll\":1}\n"},
        {"an unknown status", "{\"kind\":\"end\",\"status\":\"fine\"}\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(str_done) struct str out = {};
        struct perplexity_log log;
        struct err e = {};
        const char *path = "";
        perplexity_log_format_header(&header, &out);
        str_puts(&out, rows[i].line);
        const enum err_code code =
            put(a, &out, &path, &e) ? ERR_OK : perplexity_log_read(path, a, &log, &e);
        CHECK(rows[i].name, code == ERR_PARSE && (strstr(e.msg, ":2") || strstr(e.msg, "line 2")),
              "%d: %s", code, e.msg);
        (void)unlink(path);
    }
    struct perplexity_log_header other = header;
    other.stride = 4;
    const char *const key = perplexity_log_differs(&header, &other);
    CHECK("another stride is another log", key && strcmp(key, "stride") == 0, "%s", key);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    test_there_and_back(a);
    test_refused(a);
    return test_done();
}
