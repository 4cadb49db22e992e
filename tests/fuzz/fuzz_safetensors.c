/* One .safetensors file; input that begins with '{' is the index of two shards that lie beside it.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "fuzz.h"
#include "model/safetensors.h"

#include <stdio.h>

/* Two shards of a float32 [2] each, "a" and "b". */
static void write_shards(void)
{
    static const char *const names[] = {"s1.safetensors", "s2.safetensors"};
    static bool written;
    if (written)
        return;
    for (int i = 0; i < 2; i++) {
        char file[256] = {};
        const char *const fmt = "{\"%c\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        const int n = snprintf(file + 8, sizeof file - 8, fmt, 'a' + i);
        file[0] = (char)n;
        (void)fuzz_file(names[i], file, 8 + (size_t)n + 8);
    }
    written = true;
}

/* What was believed must be readable, and nothing beyond it. */
static void read_all(const struct safetensors *f)
{
    static float values[4096];
    static unsigned char bytes[4096];
    for (size_t i = 0; i < f->n_tensors && i < 64; i++) {
        const struct safetensors_tensor *const t = &f->tensors[i];
        struct err e = {};
        FUZZ_CHECK(safetensors_find(f, t->name) == t);
        FUZZ_CHECK(t->n_elements >= 0 && t->n_bytes >= 0);
        FUZZ_CHECK(t->n_elements * (int64_t)safetensors_dtype_bytes(t->dtype) == t->n_bytes);
        const size_t n = t->n_elements < 4096 ? (size_t)t->n_elements : 4096;
        const size_t m = t->n_bytes < 4096 ? (size_t)t->n_bytes : 4096;
        FUZZ_CHECK(!safetensors_read(f, t, t->n_elements - (int64_t)n, n, values, &e));
        FUZZ_CHECK(!safetensors_read_bytes(f, t, t->n_bytes - (int64_t)m, m, bytes, &e));
        FUZZ_CHECK(safetensors_read(f, t, t->n_elements, 1, values, &e) == ERR_USAGE);
        FUZZ_CHECK(safetensors_read_bytes(f, t, t->n_bytes, 1, bytes, &e) == ERR_USAGE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(FUZZ_MEMORY);
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    const bool index = n > 0 && data[0] == '{';
    if (index)
        write_shards();
    const char *const path = fuzz_file(index ? "i.index.json" : "model.safetensors", data, n);
    struct err e = {};
    const enum err_code code = safetensors_open(path, a, &f, &e);
    fuzz_verdict(code, &e);
    if (!code)
        read_all(f);
    return 0;
}
