/* Lines of samples.jsonl, read the quick way and by the JSON reader, which must find the same. */
#include "base/defs.h"
#include "fuzz.h"
#include "store/sample_line.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Each reader has seen the lines before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *quick = sample_line_reader_new(SAMPLE_LINE_FIGURES);
    CLEANUP(sample_line_reader_freep)
    struct sample_line_reader *plain = sample_line_reader_new(SAMPLE_LINE_PLAIN);
    const char *const text = (const char *)data;
    for (size_t at = 0; at < n;) {
        const char *const end = memchr(text + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - text) - at : n - at;
        struct sample_line x, y;
        const enum sample_line_fault f = sample_line_parse(quick, text + at, length, &x);
        FUZZ_CHECK(f == sample_line_parse(plain, text + at, length, &y));
        at += length + 1;
        if (f)
            continue;
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
    return 0;
}
