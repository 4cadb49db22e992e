/* samples.jsonl, as a file by itself and in a results folder. Every line is read again by the plain
 * JSON reader, which must find the same. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "io/file.h"
#include "io/json.h"
#include "store/outputs.h"
#include "store/results.h"
#include "store/sample_scan.h"

#include <string.h>

constexpr size_t MEMORY = (size_t)256 << 20;

static enum sample_line_fault good(void *context, const struct sample_line *l)
{
    size_t *const n = context;
    ++*n;
    FUZZ_CHECK(l->scenario && l->backend && l->precision && l->model);
    FUZZ_CHECK(l->status >= 0 && l->status < STATUS_COUNT);
    FUZZ_CHECK(l->phase >= 0 && l->phase < PHASE_COUNT && l->invocation >= 0);
    FUZZ_CHECK(l->status != STATUS_OK || l->latency_ms >= 0);
    FUZZ_CHECK(!l->stop || (l->n_early >= 0 && l->n_early <= l->n_stops));
    return SAMPLE_LINE_GOOD;
}

/* The number of lines that are not blank, and of JSON objects among them. */
static void count_plainly(const uint8_t *data, size_t n, size_t *ret_lines, size_t *ret_objects)
{
    const char *const text = (const char *)data;
    for (size_t at = 0; at < n;) {
        const char *const end = memchr(text + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - text) - at : n - at;
        const size_t skip = at == 0 && length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
        const struct json *v = nullptr;
        struct err e = {};
        bool blank = true;
        for (size_t i = at + skip; i < at + length; i++)
            blank = blank && strchr(" \t\r", text[i]) && text[i];
        *ret_lines += !blank;
        *ret_objects += !blank && !json_parse(text + at + skip, length - skip, "line", a, &v, &e) &&
                        json_is_object(v);
        at += length + 1;
    }
}

static void whole_file(const char *path, const uint8_t *data, size_t n)
{
    size_t taken = 0, lines = 0, objects = 0;
    const struct sample_scan scan = {.line = good, .context = &taken};
    struct sample_scan_tally t;
    struct err e = {};
    char hex[DIGEST_HEX];
    const enum err_code code = sample_scan(path, &scan, &t, &e);
    fuzz_verdict(code, &e);
    FUZZ_CHECK(code == ERR_OK && t.bytes == (int64_t)n);
    digest_of(data, n, hex);
    FUZZ_CHECK(strcmp(hex, t.sha256) == 0);
    count_plainly(data, n, &lines, &objects);
    size_t left_out = 0;
    for (size_t i = 0; i < SAMPLE_LINE_FAULTS; i++)
        left_out += t.left_out[i];
    FUZZ_CHECK(taken + left_out == lines);
    FUZZ_CHECK(objects == lines - t.left_out[SAMPLE_LINE_NO_JSON] - t.left_out[SAMPLE_LINE_TORN]);
}

static bool same(const struct results_samples *x, const struct results_samples *y)
{
    if (x->n != y->n)
        return false;
    if (x->n == 0)
        return true;
    return memcmp(x->latency_ms, y->latency_ms, x->n * sizeof *x->latency_ms) == 0 &&
           memcmp(x->submitted_ns, y->submitted_ns, x->n * sizeof *x->submitted_ns) == 0;
}

static void in_a_folder(const char *folder)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(results_done) struct results r = {};
    struct err e = {};
    struct output *outputs = nullptr;
    size_t n_outputs = 0;
    const enum err_code code = results_read(&folder, 1, a, &r, &e);
    fuzz_verdict(code, &e);
    if (code)
        return;
    FUZZ_CHECK(r.n_cells <= 1);
    r.keep_outputs = true;
    for (size_t i = 0; i < r.n_cells; i++) {
        struct results_samples once, again;
        FUZZ_CHECK(!results_load(&r, i, a, &once, &e) && !results_load(&r, i, a, &again, &e));
        FUZZ_CHECK(once.n > 0 && same(&once, &again));
        for (size_t k = 1; k < once.n; k++)
            FUZZ_CHECK(once.invocation[k - 1] <= once.invocation[k]);
    }
    FUZZ_CHECK(!results_finish(&r, a, &e) && !outputs_read(&r, a, &outputs, &n_outputs, &e));
    for (size_t i = 0; i < n_outputs; i++)
        FUZZ_CHECK(outputs[i].text && outputs[i].n_different <= outputs[i].n_samples);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static bool made;
    CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
    const char *const folder = file_join(a, fuzz_folder(), "r");
    struct err e = {};
    if (!made && file_make_folders(file_join(a, folder, "runs/s/b/p/m"), &e))
        fuzz_broken(__FILE__, __LINE__, e.msg);
    made = true;
    whole_file(fuzz_file("r/runs/s/b/p/m/samples.jsonl", data, n), data, n);
    in_a_folder(folder);
    return 0;
}
