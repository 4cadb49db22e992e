/* A walk over protobuf's wire format, no deeper than it must: ModelProto.graph (7), of it node (1)
 * with op_type (4), and initializer (5) with dims (1) and data_type (2). */
#include "backend/onnx_shares.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <stdio.h>
#include <string.h>

constexpr size_t MEMORY_LIMIT = (size_t)4 << 30;

static const struct {
    const char *name;
    double bytes;
} types[ONNX_SHARES_COUNT] = {
    [ONNX_SHARES_F32] = {"f32", 4},     [ONNX_SHARES_F16] = {"f16", 2},
    [ONNX_SHARES_BF16] = {"bf16", 2},   [ONNX_SHARES_I8] = {"int8", 1},
    [ONNX_SHARES_OTHER] = {"other", 8},
};

struct span {
    const unsigned char *at, *end;
};

struct field {
    uint64_t number, value; /* value: of a varint */
    struct span bytes;      /* of a length-delimited one */
};

static bool varint(struct span *s, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; s->at < s->end && shift < 64; shift += 7) {
        const unsigned char byte = *s->at++;
        *ret |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* The next field of a message; false at its end, and then s->at != s->end says that it is torn. */
static bool next_field(struct span *s, struct field *f)
{
    const unsigned char *const start = s->at;
    uint64_t tag, n = 0;
    *f = (struct field){};
    if (s->at == s->end)
        return false;
    bool fine = varint(s, &tag);
    f->number = fine ? tag >> 3 : 0;
    switch (fine ? tag & 7 : 7) {
    case 0:
        fine = varint(s, &f->value);
        break;
    case 1:
        n = 8;
        break;
    case 2:
        fine = varint(s, &n);
        break;
    case 5:
        n = 4;
        break;
    default:
        fine = false;
    }
    if (!fine || n > (uint64_t)(s->end - s->at)) {
        s->at = start;
        s->end = start + 1; /* torn */
        return false;
    }
    f->bytes = (struct span){s->at, s->at + n};
    s->at += n;
    return true;
}

static enum onnx_shares_type type_of(uint64_t data_type)
{
    switch (data_type) { /* TensorProto.DataType */
    case 1:
        return ONNX_SHARES_F32;
    case 2:
    case 3:
        return ONNX_SHARES_I8;
    case 10:
        return ONNX_SHARES_F16;
    case 16:
        return ONNX_SHARES_BF16;
    default:
        return ONNX_SHARES_OTHER;
    }
}

static bool read_tensor(struct span tensor, struct onnx_shares *ret)
{
    double elements = 1;
    uint64_t type = 0, dim;
    struct field f;
    while (next_field(&tensor, &f)) {
        if (f.number == 2)
            type = f.value;
        if (f.number == 1 && f.bytes.at == f.bytes.end)
            elements *= (double)f.value;
        while (f.number == 1 && f.bytes.at < f.bytes.end) { /* packed */
            if (!varint(&f.bytes, &dim))
                return false;
            elements *= (double)dim;
        }
    }
    if (type == 6 || type == 7 ||
        type == 9) /* int32, int64, bool: shapes and indices, no weights */
        return tensor.at == tensor.end;
    const enum onnx_shares_type t = type_of(type);
    ret->elements[t] += elements;
    ret->bytes[t] += elements * types[t].bytes;
    return tensor.at == tensor.end;
}

static bool is_op(struct span op, const char *name)
{
    return (size_t)(op.end - op.at) == strlen(name) && memcmp(op.at, name, strlen(name)) == 0;
}

static bool read_node(struct span node, struct onnx_shares *ret)
{
    struct field f;
    while (next_field(&node, &f)) {
        if (f.number != 4)
            continue;
        ret->matmul_float += is_op(f.bytes, "MatMul") || is_op(f.bytes, "Gemm");
        ret->matmul_integer += is_op(f.bytes, "MatMulInteger") || is_op(f.bytes, "QLinearMatMul");
    }
    return node.at == node.end;
}

static bool read_graph(struct span graph, struct onnx_shares *ret)
{
    struct field f;
    while (next_field(&graph, &f))
        if ((f.number == 1 && !read_node(f.bytes, ret)) ||
            (f.number == 5 && !read_tensor(f.bytes, ret)))
            return false;
    return graph.at == graph.end;
}

enum err_code onnx_shares_read(const char *path, struct onnx_shares *ret, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY_LIMIT);
    char *text;
    size_t n;
    if (file_read(path, a, &text, &n, e))
        return e->code;
    struct span model = {(const unsigned char *)text, (const unsigned char *)text + n};
    struct field f;
    bool graph = false, fine = true;
    *ret = (struct onnx_shares){};
    while (fine && next_field(&model, &f))
        if (f.number == 7) {
            graph = true;
            fine = read_graph(f.bytes, ret);
        }
    if (!graph || !fine || model.at != model.end)
        return err_set(e, ERR_PARSE, "%s: truncated, or no ONNX model", path);
    return ERR_OK;
}

static double total(const double *part)
{
    double sum = 0;
    for (int i = 0; i < ONNX_SHARES_COUNT; i++)
        sum += part[i];
    return sum;
}

void onnx_shares_check(const struct onnx_shares *s, const char *precision, char *reason,
                       size_t room)
{
    const bool int8 = strcmp(precision, "int8") == 0;
    const double all = total(s->elements);
    const double share = s->elements[int8 ? ONNX_SHARES_I8 : ONNX_SHARES_F32] / all;
    reason[0] = '\0';
    if (!(share >= (int8 ? 0.5 : 1.0)))
        (void)snprintf(reason, room, "labelled %s, but %.1f %% of the weights are %s", precision,
                       share * 100, int8 ? "int8" : "f32");
    else if (int8 && s->matmul_integer == 0)
        (void)snprintf(reason, room, "labelled int8, but no matrix product runs in integers");
}

static void write_shares(struct jsonw *w, const char *key, const double *part)
{
    jsonw_kobject(w, key);
    for (int i = 0; i < ONNX_SHARES_COUNT; i++)
        if (part[i] > 0)
            jsonw_kf64(w, types[i].name, part[i] / total(part));
    jsonw_end_object(w);
}

void onnx_shares_write(const struct onnx_shares *s, struct jsonw *w)
{
    write_shares(w, "weights_by_dtype", s->bytes);
    write_shares(w, "weights_elements_by_dtype", s->elements);
    jsonw_kobject(w, "matmul_by_dtype");
    jsonw_kf64(w, "float", s->matmul_float);
    jsonw_kf64(w, "int8", s->matmul_integer);
    jsonw_end_object(w);
}
