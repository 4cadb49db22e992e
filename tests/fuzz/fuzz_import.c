/* Result files of other tools. What the text begins with says whose it is; the rest of the harness
 * is fuzz_csv.c's: a folder or nothing. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "import/import.h"
#include "io/file.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

constexpr size_t MEMORY = (size_t)64 << 20;

static int remove_one(const char *path, const struct stat *, int, struct FTW *)
{
    return remove(path);
}

static enum import_format format_of(const uint8_t *data, size_t n)
{
    static const struct {
        const char *word;
        enum import_format format;
    } words[] = {{"samples_ns", IMPORT_LLAMA_BENCH}, {"avg_ns", IMPORT_LLAMA_BENCH},
                 {"benchmarks", IMPORT_GUIDELLM},    {"itls", IMPORT_VLLM_BENCH},
                 {"completed", IMPORT_VLLM_BENCH},   {"metrics", IMPORT_AIPERF},
                 {"request_latency", IMPORT_AIPERF}};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (memmem(data, n, words[i].word, strlen(words[i].word)))
            return words[i].format;
    return IMPORT_JSONL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct err e = {};
    struct import_report report;
    const char *const path = fuzz_file("result", data, n);
    const char *const out = file_join(a, fuzz_folder(), "out");
    const struct import_request q = {
        .source = path, .out = out, .format = format_of(data, n), .skip_bad = n % 2};
    const enum err_code code = import_run(&q, a, &report, &e);
    for (char *p = e.msg; code && (p = strchr(p, '\n'));)
        *p = ' '; /* several bad rows are several lines, on purpose */
    fuzz_verdict(code, &e);
    FUZZ_CHECK(file_exists(out) == (code == ERR_OK));
    (void)nftw(out, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
