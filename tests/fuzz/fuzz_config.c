/* config.json of a Hugging Face folder. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "model/hf_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
    struct hf_config c;
    struct err e = {};
    (void)fuzz_file("config.json", data, n);
    const enum err_code code = hf_config_read(fuzz_folder(), a, &c, &e);
    fuzz_verdict(code, &e);
    if (!code)
        FUZZ_CHECK(c.n_layers <= INT32_MAX && c.vocab_size <= INT32_MAX);
    return 0;
}
