/* config.json of a Hugging Face folder whose weights are a tiny GPT-2's, or a tiny Llama's where
 * the text does not say gpt2. */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "io/file.h"
#include "model/checkpoint.h"
#include "model/facts_hf.h"
#include "model/hf_config.h"
#include "model/synth.h"
#include "model/synth_spec.h"

#include <string.h>

/* Of config.json alone 64 thousand layers may be asked for, each a table's row. */
constexpr size_t MEMORY = (size_t)64 << 20;

static const char *const models[] = {
    "synth:gpt2/L=1,d=8,h=2,vocab=257,ctx=16",
    "synth:llama/L=2,d=32,h=4,kv=2,ff=64,vocab=300,ctx=16",
};
static const char *const configs[] = {"gpt2/config.json", "llama/config.json"};

static void write_models(void)
{
    static bool written;
    if (written)
        return;
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    for (size_t i = 0; i < COUNT_OF(models); i++) {
        struct synth_spec s;
        struct err e = {};
        char *const folder = file_folder_of(a, file_join(a, fuzz_folder(), configs[i]));
        if (synth_spec_parse(models[i], &s, &e) || synth_write(&s, folder, a, &e))
            fuzz_broken(__FILE__, __LINE__, e.msg);
    }
    written = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct hf_config c;
    struct facts_hf facts;
    struct checkpoint m;
    struct err e = {};
    write_models();
    const bool gpt2 = memmem(data, n, "gpt2", 4);
    const char *const folder = file_folder_of(a, fuzz_file(configs[!gpt2], data, n));
    const enum err_code code = hf_config_read(folder, a, &c, &e);
    fuzz_verdict(code, &e);
    if (code)
        return 0;
    FUZZ_CHECK(c.n_layers <= INT32_MAX && c.vocab_size <= INT32_MAX);
    if (!facts_hf_read(folder, a, &facts, &e))
        safetensors_closep(&facts.weights);
    if (checkpoint_open(folder, a, &m, &e))
        return 0;
    FUZZ_CHECK(m.params > 0 && checkpoint_weight(&m, CHECKPOINT_FINAL_NORM, 0));
    checkpoint_done(&m);
    return 0;
}
