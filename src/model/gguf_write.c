#include "model/gguf_write.h"

#include "base/arena.h"
#include "base/str.h"
#include "io/sink.h"

#include <string.h>

constexpr uint32_t VERSION = 3;
constexpr uint64_t ALIGNMENT = 32; /* GGUF's default, which a file need not state */

/* The kinds of values of GGUF's specification. */
enum kind : uint32_t {
    KIND_U32 = 4,
    KIND_I32 = 5,
    KIND_F32 = 6,
    KIND_BOOL = 7,
    KIND_STR = 8,
    KIND_ARRAY = 9
};

struct gguf_write {
    struct arena *arena;
    struct str keys, tensors; /* the two parts of the header, in the file's form */
    uint64_t n_keys, n_tensors;
    uint64_t *sizes; /* bytes of each tensor */
    size_t room;
    uint64_t offset;  /* of the next tensor announced, from the beginning of the data */
    size_t current;   /* the tensor that is being written */
    uint64_t written; /* of it */
    struct sink sink;
};

struct gguf_write *gguf_write_new(struct arena *a)
{
    struct gguf_write *const w = arena_alloc(a, 1, sizeof *w);
    w->arena = a;
    w->sink.fd = -1;
    return w;
}

void gguf_write_freep(struct gguf_write **w)
{
    if (!*w)
        return;
    sink_done(&(*w)->sink);
    str_done(&(*w)->keys);
    str_done(&(*w)->tensors);
    *w = nullptr;
}

/* GGUF is little-endian, and so is every machine that chimera is built for. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

static void put_u32(struct str *s, uint32_t x)
{
    str_add(s, (const char *)&x, sizeof x);
}

static void put_u64(struct str *s, uint64_t x)
{
    str_add(s, (const char *)&x, sizeof x);
}

static void put_text(struct str *s, const char *text)
{
    const size_t n = strlen(text);
    put_u64(s, n);
    str_add(s, text, n);
}

static void key(struct gguf_write *w, const char *name, enum kind k)
{
    put_text(&w->keys, name);
    put_u32(&w->keys, k);
    w->n_keys++;
}

void gguf_write_str(struct gguf_write *w, const char *name, const char *text)
{
    key(w, name, KIND_STR);
    put_text(&w->keys, text);
}

void gguf_write_u32(struct gguf_write *w, const char *name, uint32_t x)
{
    key(w, name, KIND_U32);
    put_u32(&w->keys, x);
}

void gguf_write_f32(struct gguf_write *w, const char *name, float x)
{
    key(w, name, KIND_F32);
    str_add(&w->keys, (const char *)&x, sizeof x);
}

void gguf_write_bool(struct gguf_write *w, const char *name, bool x)
{
    key(w, name, KIND_BOOL);
    str_putc(&w->keys, x ? 1 : 0);
}

void gguf_write_strs(struct gguf_write *w, const char *name, const char *const *texts, size_t n)
{
    key(w, name, KIND_ARRAY);
    put_u32(&w->keys, KIND_STR);
    put_u64(&w->keys, n);
    for (size_t i = 0; i < n; i++)
        put_text(&w->keys, texts[i]);
}

void gguf_write_i32s(struct gguf_write *w, const char *name, const int32_t *x, size_t n)
{
    key(w, name, KIND_ARRAY);
    put_u32(&w->keys, KIND_I32);
    put_u64(&w->keys, n);
    if (n)
        str_add(&w->keys, (const char *)x, n * sizeof *x);
}

void gguf_write_f32s(struct gguf_write *w, const char *name, const float *x, size_t n)
{
    key(w, name, KIND_ARRAY);
    put_u32(&w->keys, KIND_F32);
    put_u64(&w->keys, n);
    if (n)
        str_add(&w->keys, (const char *)x, n * sizeof *x);
}

void gguf_write_tensor(struct gguf_write *w, const char *name, enum gguf_write_type t,
                       int64_t columns, int64_t rows)
{
    if (w->n_tensors == w->room) {
        const size_t room = w->room ? 2 * w->room : 256;
        uint64_t *const sizes = ARENA_ARRAY(w->arena, uint64_t, room);
        if (w->n_tensors)
            memcpy(sizes, w->sizes, w->n_tensors * sizeof *sizes);
        w->sizes = sizes;
        w->room = room;
    }
    const uint64_t elements = (uint64_t)columns * (uint64_t)(rows ? rows : 1);
    const uint64_t bytes = elements * (t == GGUF_WRITE_F32 ? 4 : 2);
    put_text(&w->tensors, name);
    put_u32(&w->tensors, rows ? 2 : 1);
    put_u64(&w->tensors, (uint64_t)columns);
    if (rows)
        put_u64(&w->tensors, (uint64_t)rows);
    put_u32(&w->tensors, t);
    put_u64(&w->tensors, w->offset);
    w->sizes[w->n_tensors++] = bytes;
    w->offset += (bytes + ALIGNMENT - 1) & -ALIGNMENT;
}

enum err_code gguf_write_begin(struct gguf_write *w, const char *path, struct err *e)
{
    if (sink_open(&w->sink, path, e) || sink_write(&w->sink, "GGUF", 4, e) ||
        sink_write(&w->sink, &VERSION, sizeof VERSION, e) ||
        sink_write(&w->sink, &w->n_tensors, sizeof w->n_tensors, e) ||
        sink_write(&w->sink, &w->n_keys, sizeof w->n_keys, e) ||
        sink_write(&w->sink, str_text(&w->keys), w->keys.n, e) ||
        sink_write(&w->sink, str_text(&w->tensors), w->tensors.n, e))
        return e->code;
    return sink_align(&w->sink, ALIGNMENT, e);
}

enum err_code gguf_write_data(struct gguf_write *w, const void *bytes, size_t n, struct err *e)
{
    if (w->current == w->n_tensors || n > w->sizes[w->current] - w->written)
        return err_set(e, ERR_USAGE, "'%s': more bytes than tensor %zu has", w->sink.path,
                       w->current);
    if (sink_write(&w->sink, bytes, n, e))
        return e->code;
    w->written += n;
    if (w->written < w->sizes[w->current])
        return ERR_OK;
    w->current++;
    w->written = 0;
    return sink_align(&w->sink, ALIGNMENT, e);
}

enum err_code gguf_write_end(struct gguf_write *w, int64_t *ret_bytes, struct err *e)
{
    if (w->current < w->n_tensors)
        return err_set(e, ERR_USAGE, "'%s': %zu of %llu tensors were written", w->sink.path,
                       w->current, (unsigned long long)w->n_tensors);
    const int64_t bytes = (int64_t)w->sink.at;
    if (sink_close(&w->sink, e))
        return e->code;
    *ret_bytes = bytes;
    return ERR_OK;
}
