/* want: the bit patterns of IEEE 754 binary16/32/64 and bfloat16, by hand; the layout rules from
 * the format's own description (tile the data: no overlap, no gap).
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/file.h"
#include "model/gguf_read.h"
#include "model/safetensors.h"
#include "model/safetensors_writer.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static const char path[] = "test_safetensors.tmp";

static enum err_code open_bytes(const char *header, size_t header_bytes, const char *data, size_t n,
                                struct arena *a, struct safetensors **ret, struct err *e)
{
    CLEANUP(str_done) struct str file = {};
    const uint64_t length = header_bytes;
    str_add(&file, (const char *)&length, sizeof length);
    str_add(&file, header, header_bytes);
    str_add(&file, data, n);
    if (file_write(path, file.text, file.n, e))
        return e->code;
    return safetensors_open(path, a, ret, e);
}

static void check_refused(void)
{
    static const struct {
        const char *why, *header;
        size_t data;
        const char *named;
    } rows[] = {
        {"a gap", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "gap"},
        {"an overlap",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
         8, "overlaps"},
        {"bytes missing", "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 5,
         "7 bytes"},
        {"bytes left over", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 9,
         "5 bytes"},
        {"a shape that does not fit",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,4]}}", 4, "do not fit"},
        {"a shape that overflows",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         "shape"},
        {"a negative dimension",
         "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "shape"},
        {"an unknown data type", "{\"a\":{\"dtype\":\"F7\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         4, "F7"},
        {"a tensor twice",
         "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         2, "twice"},
        {"no offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "needs"},
        {"a list", "[1]", 0, "object"},
        {"not JSON", "{\"a\":", 0, "not JSON"},
    };
    static const char data[16] = {};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(1U << 22);
        CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
        struct err e = {};
        const enum err_code code =
            open_bytes(rows[i].header, strlen(rows[i].header), data, rows[i].data, a, &f, &e);
        CHECK(rows[i].why, code != ERR_OK && !f && strstr(e.msg, rows[i].named), "%d: %s", code,
              e.msg);
    }
}

static void check_values(void)
{
    static const struct {
        const char *dtype;
        unsigned char bytes[8];
        size_t n;
        double want;
    } rows[] = {
        {"F32", {0, 0, 0x20, 0xc0}, 4, -2.5},
        {"F64", {0, 0, 0, 0, 0, 0, 4, 0x40}, 8, 2.5},
        {"F16", {0, 0x3c}, 2, 1},
        {"F16", {1, 0}, 2, 0x1p-24}, /* the smallest subnormal */
        {"F16", {0xff, 0x83}, 2, -1023 * 0x1p-24},
        {"F16", {0xff, 0x7b}, 2, 65504},
        {"F16", {0, 0xfc}, 2, -INFINITY},
        {"F16", {1, 0x7e}, 2, NAN},
        {"BF16", {0x80, 0x3f}, 2, 1},
        {"BF16", {0x20, 0xc0}, 2, -2.5},
        {"I64", {0xfe, 255, 255, 255, 255, 255, 255, 255}, 8, -2},
        {"I32", {0, 0, 1, 0}, 4, 65536},
        {"I8", {0x80}, 1, -128},
        {"U8", {0x80}, 1, 128},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_freep) struct arena *a = arena_new(1U << 22);
        CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
        struct err e = {};
        float x = 7;
        char *const header =
            arena_printf(a, "{\"a\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%zu]}}",
                         rows[i].dtype, rows[i].n);
        const bool read = !open_bytes(header, strlen(header), (const char *)rows[i].bytes,
                                      rows[i].n, a, &f, &e) &&
                          !safetensors_read(f, safetensors_find(f, "a"), 0, 1, &x, &e);
        const double got = (double)x;
        CHECK(rows[i].dtype,
              read && (isnan(rows[i].want) ? isnan(got)
                                           : !(got < rows[i].want) && !(got > rows[i].want)),
              "%g, want %g; %s", got, rows[i].want, e.msg);
    }
}

/* Opens whatever it is and reads all that it claims to hold; only a crash is wrong. */
static bool survive(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 22);
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    struct err e = {};
    float x[64];
    if (safetensors_open(path, a, &f, &e))
        return e.msg[0] != 0;
    for (size_t i = 0; i < f->n_tensors; i++)
        if (f->tensors[i].n_elements <= 64 &&
            safetensors_read(f, &f->tensors[i], 0, (size_t)f->tensors[i].n_elements, x, &e))
            return false; /* what was validated must be there */
    return true;
}

static bool survive_gguf(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 24);
    struct gguf_read g;
    struct err e = {};
    return !gguf_read(path, a, &g, &e) || e.msg[0];
}

static void check_damage(const char *what, const char *whole, size_t n, bool (*alive)(void))
{
    struct rng r;
    rng_init(&r, 1);
    struct err e = {};
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = !file_write(path, whole, i, &e) && alive();
    CHECK(what, ok, "cut short; %s", e.msg);
    CLEANUP(str_done) struct str file = {};
    for (int i = 0; i < 2000 && ok; i++) {
        str_clear(&file);
        str_add(&file, whole, n);
        for (uint64_t k = 0; k <= rng_below(&r, 3); k++)
            file.text[rng_below(&r, n)] = (char)rng_u64(&r);
        FILE *const f = fopen(path, "we"); /* file_write would sync each of them */
        ok = f && fwrite(file.text, 1, file.n, f) == file.n && fclose(f) == 0 && alive();
    }
    CHECK(what, ok, "bytes changed");
}

static void check_shrink(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 22);
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    static const char header[] =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
                      data[16] = {};
    struct err e = {};
    float x[4];
    const bool opened = !open_bytes(header, sizeof header - 1, data, sizeof data, a, &f, &e);
    const bool cut = opened && truncate(path, (off_t)sizeof header + 12) == 0;
    const enum err_code code =
        cut ? safetensors_read(f, safetensors_find(f, "a"), 0, 4, x, &e) : ERR_OK;
    CHECK("a file that is cut while it is open is an error",
          code == ERR_PARSE && strstr(e.msg, "shorter"), "%s", e.msg);
    CHECK("reading beyond the end is refused",
          safetensors_read(f, safetensors_find(f, "a"), 1, 4, x, &e) == ERR_USAGE, "%s", e.msg);
}

static void check_writer(struct arena *a)
{
    const struct safetensors_tensor t[] = {
        {.name = "x.weight", .dtype = SAFETENSORS_F32, .n_dims = 2, .shape = {2, 3}},
        {.name = "scalar", .dtype = SAFETENSORS_I8},
    };
    const float x[6] = {1, 2, 3, 4, 5, 6};
    struct err e = {};
    CLEANUP(safetensors_writer_freep) struct safetensors_writer *w = nullptr;
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    bool ok = !safetensors_writer_open(path, t, 2, a, &w, &e) &&
              !safetensors_writer_add(w, x, sizeof x, &e);
    CHECK("too few bytes cannot be committed", ok && safetensors_writer_commit(w, &e) == ERR_USAGE,
          "%s", e.msg);
    ok = !safetensors_writer_add(w, "\xfb", 1, &e) &&
         safetensors_writer_add(w, x, 1, &e) == ERR_USAGE;
    CHECK("nor can one byte more be added", ok, "%s", e.msg);
    float y[3] = {}, z = 0;
    ok = !safetensors_writer_commit(w, &e) && !safetensors_open(path, a, &f, &e) &&
         f->n_tensors == 2 && !safetensors_read(f, safetensors_find(f, "x.weight"), 2, 3, y, &e) &&
         !safetensors_read(f, safetensors_find(f, "scalar"), 0, 1, &z, &e);
    CHECK("what was written is read",
          ok && y[0] > 2 && y[0] < 4 && y[2] > 4 && y[2] < 6 && z < -4 && z > -6, "%g %g %g; %s",
          (double)y[0], (double)y[2], (double)z, e.msg);
}

static void put(struct str *s, uint64_t x, size_t bytes)
{
    str_add(s, (const char *)&x, bytes);
}

static void put_text(struct str *s, const char *text)
{
    put(s, strlen(text), 8);
    str_puts(s, text);
}

/* By hand from the format's description: version 3, metadata, one Q8_0 and one F32 tensor. */
static void make_gguf(struct str *s)
{
    str_puts(s, "GGUF");
    put(s, 3, 4);
    put(s, 2, 8);
    put(s, 4, 8);
    put_text(s, "general.architecture");
    put(s, 8, 4);
    put_text(s, "gpt2");
    put_text(s, "gpt2.block_count");
    put(s, 4, 4);
    put(s, 5, 4);
    put_text(s, "gpt2.embedding_length");
    put(s, 10, 4);
    put(s, 32, 8);
    put_text(s, "tokenizer.ggml.tokens");
    put(s, 9, 4);
    put(s, 8, 4);
    put(s, 2, 8);
    put_text(s, "a");
    put_text(s, "b");
    put_text(s, "token_embd.weight");
    put(s, 2, 4);
    put(s, 32, 8);
    put(s, 2, 8);
    put(s, 8, 4);
    put(s, 0, 8);
    put_text(s, "output_norm.weight");
    put(s, 1, 4);
    put(s, 3, 8);
    put(s, 0, 4);
    put(s, 96, 8); /* after 2 blocks of 34 bytes, aligned to 32 */
    while (s->n % 32)
        str_putc(s, 0);
    for (size_t i = 0; i < 96 + 12; i++)
        str_putc(s, 1);
}

static void check_gguf(struct arena *a)
{
    CLEANUP(str_done) struct str s = {};
    struct err e = {};
    struct gguf_read g = {};
    make_gguf(&s);
    const enum err_code code =
        file_write(path, s.text, s.n, &e) ? e.code : gguf_read(path, a, &g, &e);
    CHECK("a GGUF's facts",
          code == ERR_OK && strcmp(g.architecture, "gpt2") == 0 && g.n_layers == 5 &&
              g.d_model == 32 && g.vocab_size == 2 && g.params == 67 && g.embedding_params == 64 &&
              g.weight_bytes == 80 && g.n_types == 2 && strcmp(g.types[0].name, "Q8_0") == 0 &&
              g.types[0].bytes == 68,
          "%s", e.msg);
    const bool cut = !file_write(path, s.text, s.n - 5, &e);
    CHECK("a truncated one says how much is missing",
          cut && gguf_read(path, a, &g, &e) == ERR_PARSE && strstr(e.msg, "5 bytes"), "%s", e.msg);
    check_damage("a damaged GGUF never crashes", s.text, s.n, survive_gguf);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 24);
    struct err e = {};
    check_refused();
    check_values();
    check_shrink();
    check_writer(a);
    char *whole = nullptr;
    size_t n = 0;
    if (file_read(path, a, &whole, &n, &e))
        return 1;
    check_damage("a damaged safetensors file never crashes", whole, n, survive);
    check_gguf(a);
    (void)unlink(path);
    return test_done();
}
