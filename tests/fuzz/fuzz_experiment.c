/* An experiment file in YAML. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "fuzz.h"
#include "io/jsonw.h"
#include "lab/experiment_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
    struct experiment x;
    struct err e = {};
    const enum err_code code = experiment_file_read(fuzz_file("x.yaml", data, n), a, &x, &e);
    /* several mistakes are several lines, on purpose */
    for (char *p = e.msg; code && (p = strchr(p, '\n'));)
        *p = ' ';
    fuzz_verdict(code, &e);
    if (code)
        return 0;
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out};
    experiment_file_json(&x, &w);
    FUZZ_CHECK(out.n > 0);
    return 0;
}
