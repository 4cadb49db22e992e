#include "model/synth_weights.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/half.h"
#include "model/safetensors_writer.h"
#include "model/synth_tensors.h"

#include <math.h>
#include <string.h>

static uint64_t hash_of(const char *name) /* FNV-1a */
{
    uint64_t h = 0xcbf29ce484222325U;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3U;
    return h;
}

static void draw(const struct synth_tensor *t, struct rng *r, float *x, size_t n)
{
    /* A sum of four uniform words has variance 4 (65536^2 - 1) / 12. */
    const double scale = t->std / sqrt((65536.0 * 65536.0 - 1) / 3);
    for (size_t i = 0; i < n; i++) {
        const uint64_t w = rng_u64(r);
        const int32_t sum =
            (int32_t)((w & 0xffff) + (w >> 16 & 0xffff) + (w >> 32 & 0xffff) + (w >> 48));
        const double offset = scale * (sum - 131'070);
        x[i] = (float)(t->centre + offset);
    }
}

/* The upper half of a float32, to nearest, ties to even; x is finite. */
static uint16_t to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static enum err_code put(const struct synth_tensor *t, const float *x, size_t n,
                         struct safetensors_writer *w, struct err *e)
{
    if (t->shape.dtype == SAFETENSORS_F32)
        return safetensors_writer_add(w, x, n * sizeof *x, e);
    uint16_t part[4096];
    for (size_t i = 0; i < n; i += COUNT_OF(part)) {
        const size_t m = n - i < COUNT_OF(part) ? n - i : COUNT_OF(part);
        for (size_t k = 0; k < m; k++)
            part[k] = t->shape.dtype == SAFETENSORS_F16 ? half_from(x[i + k]) : to_bf16(x[i + k]);
        if (safetensors_writer_add(w, part, m * sizeof *part, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code write_tensor(const struct synth_tensor *t, uint64_t seed,
                                  struct safetensors_writer *w, struct err *e)
{
    static_assert(SYNTH_SPEC_MOST_WIDTH * sizeof(float) <= 1U << 18, "a row must fit the stack");
    float part[SYNTH_SPEC_MOST_WIDTH];
    struct rng r;
    rng_init(&r, rng_derive(seed, hash_of(t->shape.name)));
    const size_t most = t->paired ? (size_t)t->shape.shape[1] : COUNT_OF(part);
    for (int64_t done = 0; done < t->shape.n_elements;) {
        const int64_t left = t->shape.n_elements - done;
        const size_t n = left < (int64_t)most ? (size_t)left : most;
        draw(t, &r, part, n);
        if (put(t, part, n, w, e))
            return e->code;
        done += (int64_t)n;
        if (!t->paired)
            continue;
        for (size_t i = 0; i < n; i++)
            part[i] = -part[i];
        if (put(t, part, n, w, e))
            return e->code;
        done += (int64_t)n;
    }
    return ERR_OK;
}

static enum err_code write_file(const char *path, const struct synth_tensor *t, size_t n,
                                uint64_t seed, struct arena *a, struct err *e)
{
    struct safetensors_tensor *const shapes = ARENA_ARRAY(a, struct safetensors_tensor, n);
    for (size_t i = 0; i < n; i++)
        shapes[i] = t[i].shape;
    CLEANUP(safetensors_writer_freep) struct safetensors_writer *w = nullptr;
    if (safetensors_writer_open(path, shapes, n, a, &w, e))
        return e->code;
    for (size_t i = 0; i < n; i++)
        if (write_tensor(&t[i], seed, w, e))
            return e->code;
    return safetensors_writer_commit(w, e);
}

char *synth_weights_file(const struct synth_spec *s, uint32_t shard, struct arena *a)
{
    return s->n_shards == 1
               ? arena_strdup(a, "model.safetensors")
               : arena_printf(a, "model-%05u-of-%05u.safetensors", shard + 1, s->n_shards);
}

/* Tensors [from, end) go into this shard: about as many bytes in each, and at least one tensor. */
static size_t end_of_shard(const struct synth_spec *s, uint32_t shard, const struct synth_tensor *t,
                           size_t n, size_t from)
{
    const size_t shards_left = s->n_shards - shard - 1;
    int64_t left = 0, have = 0;
    for (size_t i = from; i < n; i++)
        left += t[i].shape.n_elements;
    const int64_t want = left / (int64_t)(shards_left + 1);
    size_t end = from;
    while (end < n - shards_left && (have < want || end == from || shards_left == 0))
        have += t[end++].shape.n_elements;
    return end;
}

static enum err_code write_index(const struct synth_spec *s, const char *const *files,
                                 const struct synth_tensor *t, size_t n, const char *folder,
                                 struct arena *a, struct err *e)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    int64_t elements = 0;
    for (size_t i = 0; i < n; i++)
        elements += t[i].shape.n_elements;
    jsonw_object(&w);
    jsonw_kobject(&w, "metadata");
    jsonw_ki64(&w, "total_parameters", elements);
    jsonw_ki64(&w, "total_size", elements * (int64_t)synth_spec_dtype_bytes(s));
    jsonw_end_object(&w);
    jsonw_kobject(&w, "weight_map");
    for (size_t i = 0; i < n; i++)
        jsonw_kstr(&w, t[i].shape.name, files[i]);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    str_putc(&out, '\n');
    return file_write(file_join(a, folder, "model.safetensors.index.json"), out.text, out.n, e);
}

enum err_code synth_weights_write(const struct synth_spec *s, const char *folder, struct arena *a,
                                  struct err *e)
{
    struct synth_tensor *t;
    const size_t n = synth_tensors_list(s, a, &t);
    const char **const files = ARENA_ARRAY(a, const char *, n);
    if (s->n_shards > n)
        return err_set(e, ERR_USAGE, "shards=%u: the model has %zu tensors only", s->n_shards, n);
    size_t from = 0;
    for (uint32_t shard = 0; shard < s->n_shards; shard++) {
        const size_t end = end_of_shard(s, shard, t, n, from);
        const char *const name = synth_weights_file(s, shard, a);
        if (write_file(file_join(a, folder, name), t + from, end - from, s->seed, a, e))
            return e->code;
        while (from < end)
            files[from++] = name;
    }
    return s->n_shards == 1 ? ERR_OK : write_index(s, files, t, n, folder, a, e);
}
