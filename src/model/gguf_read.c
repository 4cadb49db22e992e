#include "model/gguf_read.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdckdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

constexpr uint64_t MOST_TEXT = 1U << 20; /* of a string that is kept; longer ones are skipped */
constexpr uint64_t MOST_TENSORS = 1U << 20;
constexpr uint32_t MOST_DIMS = 4;

enum value_type : uint32_t {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    BOOL,
    STRING,
    ARRAY,
    U64,
    I64,
    F64,
    VALUE_TYPES
};

static const uint8_t value_bytes[VALUE_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* ggml's types: elements and bytes of one block (ggml/docs/gguf.md, ggml-common.h). */
static const struct {
    const char *name;
    uint16_t elements, bytes;
} types[GGUF_READ_TYPES] = {
    [0] = {"F32", 1, 4},         [1] = {"F16", 1, 2},         [2] = {"Q4_0", 32, 18},
    [3] = {"Q4_1", 32, 20},      [6] = {"Q5_0", 32, 22},      [7] = {"Q5_1", 32, 24},
    [8] = {"Q8_0", 32, 34},      [9] = {"Q8_1", 32, 36},      [10] = {"Q2_K", 256, 84},
    [11] = {"Q3_K", 256, 110},   [12] = {"Q4_K", 256, 144},   [13] = {"Q5_K", 256, 176},
    [14] = {"Q6_K", 256, 210},   [15] = {"Q8_K", 256, 292},   [16] = {"IQ2_XXS", 256, 66},
    [17] = {"IQ2_XS", 256, 74},  [18] = {"IQ3_XXS", 256, 98}, [19] = {"IQ1_S", 256, 50},
    [20] = {"IQ4_NL", 32, 18},   [21] = {"IQ3_S", 256, 110},  [22] = {"IQ2_S", 256, 82},
    [23] = {"IQ4_XS", 256, 136}, [24] = {"I8", 1, 1},         [25] = {"I16", 1, 2},
    [26] = {"I32", 1, 4},        [27] = {"I64", 1, 8},        [28] = {"F64", 1, 8},
    [29] = {"IQ1_M", 256, 56},   [30] = {"BF16", 1, 2},       [34] = {"TQ1_0", 256, 54},
    [35] = {"TQ2_0", 256, 66},   [39] = {"MXFP4", 32, 17},
};

struct gguf_read_head { /* what is known of the head while the tensors pass by */
    uint32_t table_type;
    int64_t table_elements;
    bool stored; /* it has a tensor of its own */
};

struct cursor {
    FILE *f;
    const char *path;
    uint64_t at, size;
};

static enum err_code need(const struct cursor *c, uint64_t n, struct err *e)
{
    if (n > c->size - c->at)
        return err_set(e, ERR_PARSE,
                       "'%s' is truncated or damaged: at byte %" PRIu64 " it wants %" PRIu64
                       " more, and has %" PRIu64,
                       c->path, c->at, n, c->size - c->at);
    return ERR_OK;
}

static enum err_code take(struct cursor *c, void *ret, uint64_t n, struct err *e)
{
    if (need(c, n, e))
        return e->code;
    if (fread(ret, 1, n, c->f) != n)
        return err_set(e, ERR_PARSE, "'%s' became shorter while being read", c->path);
    c->at += n;
    return ERR_OK;
}

static enum err_code skip(struct cursor *c, uint64_t n, struct err *e)
{
    if (need(c, n, e))
        return e->code;
    if (fseeko(c->f, (off_t)n, SEEK_CUR) != 0)
        return err_sys(e, "'%s'", c->path);
    c->at += n;
    return ERR_OK;
}

/* *ret is "" where the string is too long to be a name. */
static enum err_code take_text(struct cursor *c, struct arena *a, const char **ret, struct err *e)
{
    uint64_t n = 0;
    if (take(c, &n, sizeof n, e) || need(c, n, e))
        return e->code;
    *ret = "";
    if (n > MOST_TEXT)
        return skip(c, n, e);
    char *const text = arena_try_alloc(a, n + 1, 1);
    if (!text)
        return err_set(e, ERR_LIMIT, "'%s': its names and texts are too large", c->path);
    *ret = text;
    return take(c, text, n, e);
}

static enum err_code skip_array(struct cursor *c, uint64_t *ret_n, struct err *e)
{
    uint32_t type = 0;
    uint64_t n = 0, bytes;
    if (take(c, &type, sizeof type, e) || take(c, &n, sizeof n, e))
        return e->code;
    *ret_n = n;
    if (type >= VALUE_TYPES || type == ARRAY)
        return err_set(e, ERR_PARSE, "'%s': byte %" PRIu64 ": an array of the unknown type %u",
                       c->path, c->at, type);
    if (type != STRING) {
        if (ckd_mul(&bytes, n, (uint64_t)value_bytes[type]))
            bytes = UINT64_MAX;
        return skip(c, bytes, e);
    }
    for (uint64_t i = 0; i < n;
         i++) { /* each turn takes 8 bytes of the file, so n is bounded by it */
        uint64_t length = 0;
        if (take(c, &length, sizeof length, e) || skip(c, length, e))
            return e->code;
    }
    return ERR_OK;
}

struct value {
    uint32_t type;
    uint64_t number; /* of whole numbers, or the length of an array */
    const char *text;
};

static enum err_code take_value(struct cursor *c, struct arena *a, struct value *v, struct err *e)
{
    if (take(c, &v->type, sizeof v->type, e))
        return e->code;
    if (v->type == STRING)
        return take_text(c, a, &v->text, e);
    if (v->type == ARRAY)
        return skip_array(c, &v->number, e);
    if (v->type >= VALUE_TYPES)
        return err_set(e, ERR_PARSE, "'%s': byte %" PRIu64 ": unknown value type %u", c->path,
                       c->at, v->type);
    return take(c, &v->number, value_bytes[v->type], e); /* little-endian into zeroes */
}

static void set_count(const struct value *v, uint32_t *ret)
{
    if ((v->type == U32 || v->type == I32 || v->type == U64 || v->type == I64 ||
         v->type == ARRAY) &&
        v->number <= INT32_MAX)
        *ret = (uint32_t)v->number;
}

static void keep(const char *key, const struct value *v, struct gguf_read *g)
{
    const char *const tail = strchr(key, '.') ? strchr(key, '.') + 1 : key;
    if (strcmp(key, "general.architecture") == 0 && v->type == STRING)
        g->architecture = v->text;
    else if (strcmp(key, "tokenizer.ggml.model") == 0 && v->type == STRING)
        g->tokenizer = v->text;
    else if (strcmp(key, "tokenizer.ggml.tokens") == 0 && v->type == ARRAY && !g->vocab_size)
        set_count(v, &g->vocab_size);
    else if (strcmp(key, "general.file_type") == 0 && v->type == U32 && v->number <= INT32_MAX)
        g->file_type = (int)v->number;
    else if (strcmp(tail, "expert_count") == 0)
        set_count(v, &g->n_experts);
    else if (strcmp(tail, "expert_used_count") == 0)
        set_count(v, &g->n_experts_used);
    else if (strcmp(tail, "block_count") == 0)
        set_count(v, &g->n_layers);
    else if (strcmp(tail, "embedding_length") == 0)
        set_count(v, &g->d_model);
    else if (strcmp(tail, "context_length") == 0)
        set_count(v, &g->n_ctx);
    else if (strcmp(tail, "attention.head_count") == 0 && v->type != ARRAY)
        set_count(v, &g->n_heads);
    else if (strcmp(tail, "attention.head_count_kv") == 0 && v->type != ARRAY)
        set_count(v, &g->n_kv_heads);
    else if (strcmp(tail, "attention.key_length") == 0 && v->type != ARRAY)
        set_count(v, &g->head_dim);
    else if (strcmp(tail, "vocab_size") == 0 && v->type != ARRAY)
        set_count(v, &g->vocab_size);
}

struct extent {
    uint64_t offset, bytes;
};

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* By the names of llama.cpp's tensors. The token table is remembered, as it may be the head. */
static void count_products(const char *name, uint32_t n_dims, uint32_t type, int64_t elements,
                           struct gguf_read *g, struct gguf_read_head *head)
{
    struct gguf_read_type *const t = &g->types[type];
    if (strcmp(name, "token_embd.weight") == 0) {
        head->table_type = type;
        head->table_elements = elements;
    } else if (strcmp(name, "output.weight") == 0) {
        head->stored = true;
        t->head += elements;
    } else if (n_dims == 3 && ends_with(name, "_exps.weight") && g->n_experts) {
        t->layers += elements / g->n_experts * g->n_experts_used;
    } else if (n_dims == 2 && strncmp(name, "blk.", 4) == 0 && ends_with(name, ".weight")) {
        t->layers += elements;
    }
}

static enum err_code take_tensor(struct cursor *c, struct arena *a, struct gguf_read *g,
                                 struct gguf_read_head *head, struct extent *ret, struct err *e)
{
    const char *name = "";
    uint32_t n_dims = 0, type = 0;
    uint64_t dims[MOST_DIMS] = {}, offset = 0;
    int64_t elements = 1, bytes;
    if (take_text(c, a, &name, e) || take(c, &n_dims, sizeof n_dims, e))
        return e->code;
    if (n_dims > MOST_DIMS)
        return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' has %u dimensions, more than %u",
                       c->path, name, n_dims, MOST_DIMS);
    if (take(c, dims, n_dims * sizeof *dims, e) || take(c, &type, sizeof type, e) ||
        take(c, &offset, sizeof offset, e))
        return e->code;
    for (uint32_t i = 0; i < n_dims; i++)
        if (ckd_mul(&elements, elements, dims[i]))
            return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' has an impossible shape", c->path,
                           name);
    if (type >= GGUF_READ_TYPES || !types[type].name)
        return err_set(e, ERR_UNSUPPORTED, "'%s': tensor '%.200s' has the unknown type %u", c->path,
                       name, type);
    if (elements % types[type].elements || (n_dims && dims[0] % types[type].elements) ||
        ckd_mul(&bytes, elements / types[type].elements, (int64_t)types[type].bytes))
        return err_set(e, ERR_PARSE, "'%s': tensor '%.200s' does not fit blocks of %s", c->path,
                       name, types[type].name);
    if (ckd_add(&g->params, g->params, elements) ||
        ckd_add(&g->weight_bytes, g->weight_bytes, bytes))
        return err_set(e, ERR_PARSE, "'%s': the tensors are impossibly large", c->path);
    if (strcmp(name, "token_embd.weight") == 0 || strcmp(name, "position_embd.weight") == 0)
        g->embedding_params += elements;
    if (strcmp(name, "token_embd.weight") == 0 && !g->vocab_size && n_dims == 2 &&
        dims[1] <= INT32_MAX)
        g->vocab_size = (uint32_t)dims[1];
    count_products(name, n_dims, type, elements, g, head);
    g->types[type].elements += elements;
    g->types[type].bytes += bytes;
    *ret = (struct extent){offset, (uint64_t)bytes};
    return ERR_OK;
}

static int by_elements(const void *a, const void *b)
{
    const struct gguf_read_type *const x = a, *const y = b;
    return (x->elements < y->elements) - (x->elements > y->elements);
}

static enum err_code take_tensors(struct cursor *c, uint64_t n, uint64_t alignment, struct arena *a,
                                  struct gguf_read *g, struct err *e)
{
    uint64_t end = 0;
    struct gguf_read_head head = {};
    for (uint64_t i = 0; i < n; i++) {
        struct extent x = {};
        if (take_tensor(c, a, g, &head, &x, e))
            return e->code;
        uint64_t this_end;
        if (ckd_add(&this_end, x.offset, x.bytes) || x.offset % alignment)
            return err_set(e, ERR_PARSE, "'%s': tensor %" PRIu64 " has an impossible offset",
                           c->path, i);
        end = this_end > end ? this_end : end;
    }
    const uint64_t data = (c->at + alignment - 1) / alignment * alignment;
    if (end > 0 && (data > c->size || end > c->size - data))
        return err_set(e, ERR_PARSE,
                       "'%s' is truncated: %" PRIu64 " bytes of tensor data are missing", c->path,
                       end - (c->size > data ? c->size - data : 0));
    g->n_tensors = (int64_t)n;
    if (!head.stored)
        g->types[head.table_type].head = head.table_elements;
    for (uint32_t i = 0; i < GGUF_READ_TYPES; i++) {
        if (!g->types[i].elements)
            continue;
        g->types[i].name = types[i].name;
        g->types[g->n_types++] =
            g->types[i]; /* n_types <= i: nothing that is still to come is lost */
    }
    qsort(g->types, g->n_types, sizeof *g->types, by_elements);
    return ERR_OK;
}

static enum err_code take_file(struct cursor *c, struct arena *a, struct gguf_read *g,
                               struct err *e)
{
    char magic[4] = {};
    uint64_t n_tensors = 0, n_values = 0, alignment = 32;
    if (take(c, magic, sizeof magic, e))
        return e->code;
    if (memcmp(magic, "GGUF", 4) != 0)
        return err_set(e, ERR_PARSE, "'%s' is no GGUF file: it does not begin with GGUF", c->path);
    if (take(c, &g->version, sizeof g->version, e))
        return e->code;
    if (g->version != 2 && g->version != 3)
        return err_set(e, ERR_UNSUPPORTED, "'%s': GGUF version %u; versions 2 and 3 can be read",
                       c->path, g->version);
    if (take(c, &n_tensors, sizeof n_tensors, e) || take(c, &n_values, sizeof n_values, e))
        return e->code;
    if (n_tensors > MOST_TENSORS)
        return err_set(e, ERR_PARSE, "'%s': %" PRIu64 " tensors are not believable", c->path,
                       n_tensors);
    for (uint64_t i = 0; i < n_values;
         i++) { /* each takes bytes of the file, so n is bounded by it */
        const char *key = "";
        struct value v = {};
        if (take_text(c, a, &key, e) || take_value(c, a, &v, e))
            return e->code;
        keep(key, &v, g);
        if (strcmp(key, "general.alignment") == 0 && v.type == U32)
            alignment = v.number;
    }
    if (alignment == 0 || alignment > 1U << 20 || (alignment & (alignment - 1)))
        return err_set(e, ERR_PARSE, "'%s': general.alignment %" PRIu64 " is no small power of two",
                       c->path, alignment);
    return take_tensors(c, n_tensors, alignment, a, g, e);
}

enum err_code gguf_read(const char *path, struct arena *a, struct gguf_read *ret, struct err *e)
{
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0)
        return err_sys(e, "'%s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_IO, "'%s' is not a regular file", path);
    struct cursor c = {f, path, 0, (uint64_t)st.st_size};
    struct gguf_read g = {.file_type = -1};
    if (take_file(&c, a, &g, e))
        return e->code;
    *ret = g;
    return ERR_OK;
}
