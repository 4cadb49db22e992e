/* What a .gguf file says of itself. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "model/gguf_read.h"

#include <string.h>

/* Small enough that a file's texts can be larger. */
constexpr size_t MEMORY = 8192;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct gguf_read g;
    struct err e = {};
    const enum err_code code = gguf_read(fuzz_file("model.gguf", data, n), a, &g, &e);
    fuzz_verdict(code, &e);
    if (code)
        return 0;
    int64_t elements = 0, bytes = 0;
    for (uint32_t i = 0; i < g.n_types; i++) {
        FUZZ_CHECK(g.types[i].name && *g.types[i].name && g.types[i].elements > 0);
        elements += g.types[i].elements;
        bytes += g.types[i].bytes;
    }
    FUZZ_CHECK(elements == g.params && bytes == g.weight_bytes);
    FUZZ_CHECK(!g.architecture || strlen(g.architecture) < n);
    return 0;
}
