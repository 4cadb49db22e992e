/* A walk over protobuf's wire format, no deeper than it must: ModelProto.graph (7), of it node (1)
 * and initializer (5) with dims (1), data_type (2) and name (8); of a node input (1), output (2),
 * op_type (4) and attribute (5) with name (1) and i (3). */
#include "backend/onnx_shares.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/jsonw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MEMORY_LIMIT = (size_t)4 << 30;
constexpr size_t MOST_INPUTS = 4; /* of a node, that are looked at */

static const struct {
    const char *name;
    double bytes;
} types[ONNX_SHARES_COUNT] = {
    [ONNX_SHARES_F32] = {"f32", 4},   [ONNX_SHARES_F16] = {"f16", 2},
    [ONNX_SHARES_BF16] = {"bf16", 2}, [ONNX_SHARES_I8] = {"int8", 1},
    [ONNX_SHARES_I4] = {"int4", 0.5}, [ONNX_SHARES_OTHER] = {"other", 8},
};

static const char *const products[ONNX_SHARES_PRODUCTS] = {
    [ONNX_SHARES_IN_F32] = "f32",
    [ONNX_SHARES_IN_F16] = "f16",
    [ONNX_SHARES_IN_BF16] = "bf16",
    [ONNX_SHARES_IN_INT8] = "int8",
    [ONNX_SHARES_INT4_IN_INT8] = "int4xint8",
    [ONNX_SHARES_INT4_IN_FLOAT] = "int4xfloat",
    [ONNX_SHARES_INT8_IN_FLOAT] = "int8xfloat",
    [ONNX_SHARES_IN_OTHER] = "other",
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

static bool same(struct span a, struct span b)
{
    const size_t n = (size_t)(a.end - a.at);
    return n == (size_t)(b.end - b.at) && (n == 0 || memcmp(a.at, b.at, n) == 0);
}

static bool is(struct span a, const char *text)
{
    const struct span b = {(const unsigned char *)text, (const unsigned char *)text + strlen(text)};
    return same(a, b);
}

/* A value of the graph that comes of weights, or of a quantised activation. */
struct value {
    struct span name;
    double elements;
    enum onnx_shares_type stored; /* as it lies in the file */
    enum onnx_shares_type as;     /* as the node that takes it sees it */
    bool activation;              /* DequantizeLinear(QuantizeLinear(x)): int8 on its way */
};

struct reader {
    struct onnx_shares *ret;
    struct arena *arena;
    struct value *values; /* a hash table by name, at most half full */
    size_t n, room;       /* room is a power of two, or 0 */
};

/* FNV-1a. */
static size_t hash(struct span name)
{
    uint64_t h = 0xcbf29ce484222325U;
    for (; name.at < name.end; name.at++)
        h = (h ^ *name.at) * 0x100000001b3U;
    return (size_t)(h ^ h >> 32);
}

/* Where the name lies, or would. */
static struct value *place(const struct reader *r, struct span name)
{
    size_t i = hash(name) & (r->room - 1);
    while (r->values[i].name.at && !same(r->values[i].name, name))
        i = (i + 1) & (r->room - 1);
    return &r->values[i];
}

/* The last of a name holds. */
static void remember(struct reader *r, struct value v)
{
    if (v.name.at == v.name.end)
        return;
    if (2 * (r->n + 1) > r->room) {
        const struct reader old = *r;
        r->room = old.room ? 2 * old.room : 512;
        r->values = arena_alloc(r->arena, r->room, sizeof *r->values);
        for (size_t i = 0; i < old.room; i++)
            if (old.values[i].name.at)
                *place(r, old.values[i].name) = old.values[i];
    }
    struct value *const to = place(r, v.name);
    r->n += !to->name.at;
    *to = v;
}

static struct value *find(const struct reader *r, struct span name)
{
    if (name.at == name.end || r->room == 0)
        return nullptr;
    struct value *const v = place(r, name);
    return v->name.at ? v : nullptr;
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
    case 21:
    case 22:
        return ONNX_SHARES_I4;
    default:
        return ONNX_SHARES_OTHER;
    }
}

static bool read_tensor(struct reader *r, struct span tensor)
{
    struct value v = {.elements = 1};
    uint64_t type = 0, dim;
    struct field f;
    while (next_field(&tensor, &f)) {
        if (f.number == 8)
            v.name = f.bytes;
        if (f.number == 2)
            type = f.value;
        if (f.number == 1 && f.bytes.at == f.bytes.end)
            v.elements *= (double)f.value;
        while (f.number == 1 && f.bytes.at < f.bytes.end) { /* packed */
            if (!varint(&f.bytes, &dim))
                return false;
            v.elements *= (double)dim;
        }
    }
    if (type == 6 || type == 7 ||
        type == 9) /* int32, int64, bool: shapes and indices, no weights */
        return tensor.at == tensor.end;
    v.stored = v.as = type_of(type);
    r->ret->elements[v.as] += v.elements;
    r->ret->bytes[v.as] += v.elements * types[v.as].bytes;
    remember(r, v);
    return tensor.at == tensor.end;
}

struct node {
    struct span op, inputs[MOST_INPUTS], output;
    size_t n_inputs;
    int64_t bits, accuracy, k, n, to;
};

static bool read_attribute(struct span text, struct node *ret)
{
    const struct {
        const char *name;
        int64_t *to;
    } wanted[] = {{"bits", &ret->bits},
                  {"accuracy_level", &ret->accuracy},
                  {"K", &ret->k},
                  {"N", &ret->n},
                  {"to", &ret->to}};
    struct field f;
    struct span name = {};
    uint64_t i = 0;
    while (next_field(&text, &f)) {
        if (f.number == 1)
            name = f.bytes;
        if (f.number == 3)
            i = f.value;
    }
    for (size_t k = 0; k < COUNT_OF(wanted); k++)
        if (is(name, wanted[k].name))
            *wanted[k].to = (int64_t)i;
    return text.at == text.end;
}

static bool parse_node(struct span text, struct node *ret)
{
    struct field f;
    *ret = (struct node){};
    while (next_field(&text, &f)) {
        if (f.number == 1) {
            if (ret->n_inputs < MOST_INPUTS)
                ret->inputs[ret->n_inputs] = f.bytes;
            ret->n_inputs++;
        } else if (f.number == 2 && !ret->output.at)
            ret->output = f.bytes;
        else if (f.number == 4)
            ret->op = f.bytes;
        else if (f.number == 5 && !read_attribute(f.bytes, ret))
            return false;
    }
    return text.at == text.end;
}

static void count_op(struct onnx_shares *s, struct span op)
{
    size_t i = 0;
    while (i < s->n_ops && !is(op, s->ops[i].name))
        i++;
    const size_t n = (size_t)(op.end - op.at);
    if (n == 0 || i == ONNX_SHARES_OPS || n >= sizeof s->ops[i].name)
        return;
    if (i == s->n_ops)
        memcpy(s->ops[s->n_ops++].name, op.at, n);
    s->ops[i].nodes++;
}

static enum onnx_shares_product product_of(const struct value *a, const struct value *weight)
{
    switch (weight->stored) {
    case ONNX_SHARES_I8: /* through DequantizeLinear: a runtime multiplies integers, or does not */
        return a && a->activation ? ONNX_SHARES_IN_INT8 : ONNX_SHARES_INT8_IN_FLOAT;
    case ONNX_SHARES_I4:
        return a && a->activation ? ONNX_SHARES_INT4_IN_INT8 : ONNX_SHARES_INT4_IN_FLOAT;
    case ONNX_SHARES_F16:
        return weight->as == ONNX_SHARES_F32 ? ONNX_SHARES_IN_F32 : ONNX_SHARES_IN_F16;
    case ONNX_SHARES_BF16:
        return weight->as == ONNX_SHARES_F32 ? ONNX_SHARES_IN_F32 : ONNX_SHARES_IN_BF16;
    case ONNX_SHARES_F32:
        return weight->as == ONNX_SHARES_F16 ? ONNX_SHARES_IN_F16 : ONNX_SHARES_IN_F32;
    case ONNX_SHARES_OTHER:
    case ONNX_SHARES_COUNT:
        break;
    }
    return ONNX_SHARES_IN_OTHER;
}

/* The weight of a MatMulNBits lies in bytes that hold two of four bits. */
static void count_blocks(struct reader *r, const struct node *n)
{
    struct onnx_shares *const s = r->ret;
    const double elements = (double)n->k * (double)n->n;
    const enum onnx_shares_type t = n->bits == 4 ? ONNX_SHARES_I4 : ONNX_SHARES_I8;
    s->products[onnx_shares_blocks(n->bits, n->accuracy)] += elements;
    s->block_bits = n->bits;
    s->block_accuracy = n->accuracy;
    struct value *const packed = find(r, n->inputs[1]);
    if (packed && packed->as == ONNX_SHARES_I8) {
        s->elements[ONNX_SHARES_I8] -= packed->elements;
        s->bytes[ONNX_SHARES_I8] -= packed->elements;
        s->elements[t] += elements;
        s->bytes[t] += packed->elements;
        packed->as = t; /* a second node that takes it does not count it again */
    }
    struct value *const zeros = n->n_inputs > 3 ? find(r, n->inputs[3]) : nullptr;
    if (zeros && zeros->as == ONNX_SHARES_I8) { /* of the blocks: bytes, but no weights */
        s->elements[ONNX_SHARES_I8] -= zeros->elements;
        s->bytes[ONNX_SHARES_I8] -= zeros->elements;
        s->bytes[t] += zeros->elements;
        zeros->as = t;
    }
}

/* What passes a weight on. */
static void follow(struct reader *r, const struct node *n, const struct value *from)
{
    struct value v = from ? *from : (struct value){};
    v.name = n->output;
    if (is(n->op, "QuantizeLinear"))
        v = (struct value){.name = n->output, .activation = true};
    else if (!from)
        return;
    else if (is(n->op, "DequantizeLinear"))
        v.as = ONNX_SHARES_F32;
    else if (is(n->op, "Cast"))
        v.as = type_of((uint64_t)n->to);
    else if (!is(n->op, "Transpose") && !is(n->op, "Identity") && !is(n->op, "Reshape"))
        return;
    remember(r, v);
}

static bool read_node(struct reader *r, struct span text)
{
    struct node n;
    if (!parse_node(text, &n))
        return false;
    count_op(r->ret, n.op);
    const struct value *const a = n.n_inputs > 0 ? find(r, n.inputs[0]) : nullptr;
    const struct value *const b = n.n_inputs > 1 ? find(r, n.inputs[1]) : nullptr;
    if (is(n.op, "MatMul") || is(n.op, "Gemm")) {
        if (b && !b->activation)
            r->ret->products[product_of(a, b)] += b->elements;
    } else if (is(n.op, "MatMulInteger")) {
        if (b)
            r->ret->products[ONNX_SHARES_IN_INT8] += b->elements;
    } else if (is(n.op, "QLinearMatMul")) {
        const struct value *const w = n.n_inputs > 3 ? find(r, n.inputs[3]) : nullptr;
        r->ret->products[ONNX_SHARES_IN_INT8] += w ? w->elements : 0;
    } else if (is(n.op, "MatMulNBits")) {
        count_blocks(r, &n);
    } else {
        follow(r, &n, a);
    }
    return true;
}

/* The initializers may stand behind the nodes that take them. */
static bool read_graph(struct reader *r, struct span graph)
{
    struct field f;
    struct span again = graph;
    while (next_field(&graph, &f))
        if (f.number == 5 && !read_tensor(r, f.bytes))
            return false;
    if (graph.at != graph.end)
        return false;
    while (next_field(&again, &f))
        if (f.number == 1 && !read_node(r, f.bytes))
            return false;
    return again.at == again.end;
}

enum err_code onnx_shares_read(const char *path, struct onnx_shares *ret, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY_LIMIT);
    char *text;
    size_t n;
    if (file_read(path, a, &text, &n, e))
        return e->code;
    struct span model = {(const unsigned char *)text, (const unsigned char *)text + n};
    struct reader r = {.ret = ret, .arena = a};
    struct field f;
    bool graph = false, fine = true;
    *ret = (struct onnx_shares){};
    while (fine && next_field(&model, &f))
        if (f.number == 7) {
            graph = true;
            fine = read_graph(&r, f.bytes);
        }
    if (!graph || !fine || model.at != model.end)
        return err_set(e, ERR_PARSE, "%s: truncated, or no ONNX model", path);
    return ERR_OK;
}

const char *onnx_shares_type_name(enum onnx_shares_type t)
{
    return types[t].name;
}

const char *onnx_shares_product_name(enum onnx_shares_product p)
{
    return products[p];
}

enum onnx_shares_product onnx_shares_blocks(int64_t bits, int64_t accuracy)
{
    if (bits == 4)
        return accuracy == 4 ? ONNX_SHARES_INT4_IN_INT8 : ONNX_SHARES_INT4_IN_FLOAT;
    if (bits == 8)
        return accuracy == 4 ? ONNX_SHARES_IN_INT8 : ONNX_SHARES_INT8_IN_FLOAT;
    return ONNX_SHARES_IN_OTHER;
}

static double total(const double *part, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += part[i];
    return sum;
}

static const struct rule { /* of the products, at least `least` are in one of these two */
    const char *precision;
    enum onnx_shares_product a, b;
    double least;
} rules[] = {
    {"fp32", ONNX_SHARES_IN_F32, ONNX_SHARES_IN_F32, 1},
    {"fp16", ONNX_SHARES_IN_F16, ONNX_SHARES_IN_F16, 0.99},
    {"bf16", ONNX_SHARES_IN_BF16, ONNX_SHARES_IN_BF16, 0.99},
    {"int8", ONNX_SHARES_IN_INT8, ONNX_SHARES_IN_INT8, 0.5},
    {"int4", ONNX_SHARES_INT4_IN_INT8, ONNX_SHARES_INT4_IN_FLOAT, 0.5},
};

void onnx_shares_check(const struct onnx_shares *s, const double *by, const char *precision,
                       char *reason, size_t room)
{
    const struct rule *rule = nullptr;
    size_t most = 0;
    reason[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (strcmp(rules[i].precision, precision) == 0)
            rule = &rules[i];
    for (size_t i = 1; i < ONNX_SHARES_PRODUCTS; i++)
        most = by[i] > by[most] ? i : most;
    const double all = total(by, ONNX_SHARES_PRODUCTS);
    if (!rule || all == 0) {
        (void)snprintf(reason, room, "labelled %s, and %s", precision,
                       rule ? "no product by weights was found in the graph"
                            : "no ONNX graph computes in that");
        return;
    }
    const double got = (by[rule->a] + (rule->a == rule->b ? 0 : by[rule->b])) / all;
    if (got < rule->least)
        (void)snprintf(reason, room,
                       "labelled %s, but %.1f %% of the multiplications by weights are in %s, and "
                       "%.1f %% in %s",
                       precision, got * 100, products[rule->a], 100 * by[most] / all,
                       products[most]);
    else if (rule->least == 1 &&
             s->elements[ONNX_SHARES_F32] < total(s->elements, ONNX_SHARES_COUNT))
        (void)snprintf(reason, room, "labelled %s, but %.1f %% of the weights are f32", precision,
                       100 * s->elements[ONNX_SHARES_F32] / total(s->elements, ONNX_SHARES_COUNT));
}

static void write_types(struct jsonw *w, const char *key, const double *part)
{
    jsonw_kobject(w, key);
    for (size_t i = 0; i < ONNX_SHARES_COUNT; i++)
        if (part[i] > 0)
            jsonw_kf64(w, types[i].name, part[i] / total(part, ONNX_SHARES_COUNT));
    jsonw_end_object(w);
}

void onnx_shares_write(const struct onnx_shares *s, const double *by, struct jsonw *w)
{
    write_types(w, "weights_by_dtype", s->bytes);
    write_types(w, "weights_elements_by_dtype", s->elements);
    jsonw_kobject(w, "matmul_by_dtype");
    for (size_t i = 0; i < ONNX_SHARES_PRODUCTS; i++)
        if (by[i] > 0)
            jsonw_kf64(w, products[i], by[i] / total(by, ONNX_SHARES_PRODUCTS));
    jsonw_end_object(w);
}
