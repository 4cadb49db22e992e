/* Lines of samples.jsonl, read the quick way and by the JSON reader, which must find the same. */
#include "base/defs.h"
#include "fuzz.h"
#include "store/sample_line.h"

#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

struct readers {
    struct sample_line_reader *quick, *plain;
};

static void compare(const struct readers *r, const char *text, size_t n)
{
    struct sample_line x, y;
    const enum sample_line_fault f = sample_line_parse(r->quick, text, n, &x);
    FUZZ_CHECK(f == sample_line_parse(r->plain, text, n, &y));
    if (f)
        return;
    const char *const texts[][2] = {{x.scenario, y.scenario},    {x.backend, y.backend},
                                    {x.precision, y.precision},  {x.model, y.model},
                                    {x.reason, y.reason},        {x.stop, y.stop},
                                    {x.started_at, y.started_at}};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        FUZZ_CHECK(same_text(texts[i][0], texts[i][1]));
    x.scenario = y.scenario;
    x.backend = y.backend;
    x.precision = y.precision;
    x.model = y.model;
    x.reason = y.reason;
    x.stop = y.stop;
    x.started_at = y.started_at;
    FUZZ_CHECK(memcmp(&x, &y, sizeof x) == 0);
}

/* The line again with a byte that is another, is gone or is new; which, by its own bytes. */
static void compare_near(const struct readers *r, const char *text, size_t n)
{
    static const char bytes[] = "\",:{}[]0123456789.-enult\\ \x80";
    constexpr unsigned times = 8;
    char *const near = malloc(n + 1);
    uint64_t state = n;
    for (size_t i = 0; i < n; i++)
        state = (state ^ (unsigned char)text[i]) * 0x100000001b3U; /* FNV-1a */
    for (unsigned i = 0; near && i < times; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        const size_t at = (state >> 33) % n, gone = (state >> 20) % 4 > 0,
                     new = (state >> 22) % 4 > 0;
        memcpy(near, text, at);
        near[at] = bytes[(state >> 24) % (sizeof bytes - 1)];
        memcpy(near + at + new, text + at + gone, n - at - gone);
        compare(r, near, n - gone + new);
        if (i % 2)
            compare(r, text, n);
    }
    free(near);
}

/* Each reader has seen the lines before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *quick = sample_line_reader_new(SAMPLE_LINE_FIGURES);
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *plain = sample_line_reader_new(SAMPLE_LINE_PLAIN);
    const struct readers both = {quick, plain};
    const char *const text = (const char *)data;
    for (size_t at = 0; at < n;) {
        const char *const end = memchr(text + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - text) - at : n - at;
        compare(&both, text + at, length);
        if (length > 0)
            compare_near(&both, text + at, length);
        at += length + 1;
    }
    return 0;
}
