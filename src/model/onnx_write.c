#include "model/onnx_write.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "onnx.pb-c.h"

#include <stdlib.h>
#include <string.h>

constexpr int64_t IR_VERSION =
    10; /* the one that came with opset 20's generation; old runtimes read it */
constexpr int64_t OPSET = 20;
constexpr size_t MOST_ATTRIBUTES = 8;

struct list { /* growing array of pointers; doubled copies are left to the arena */
    void **items;
    size_t n, room;
};

struct onnx_write_node {
    Onnx__NodeProto proto;
    struct arena *arena;
};

struct onnx_write {
    struct arena *arena;
    const char *graph, *data_name;
    char *domain; /* of operators that are not ONNX's own; one is enough here. nullptr: none */
    struct list nodes, initializers, inputs, outputs;
};

static void list_add(struct arena *a, struct list *l, void *item)
{
    if (l->n == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        void **const items = arena_alloc(a, room, sizeof *items);
        if (l->n)
            memcpy(items, l->items, l->n * sizeof *items);
        l->items = items;
        l->room = room;
    }
    l->items[l->n++] = item;
}

struct onnx_write *onnx_write_new(struct arena *a, const char *graph, const char *data_name)
{
    struct onnx_write *const w = arena_alloc(a, 1, sizeof *w);
    w->arena = a;
    w->graph = arena_strdup(a, graph);
    w->data_name = arena_strdup(a, data_name);
    return w;
}

static char **split(struct arena *a, const char *text, const char *between, size_t *ret_n)
{
    struct list l = {};
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, between);
        list_add(a, &l, n == 1 && *at == '-' ? arena_strdup(a, "") : arena_strndup(a, at, n));
        at += n + (at[n] != '\0');
    }
    *ret_n = l.n;
    return (char **)l.items;
}

static Onnx__ValueInfoProto *value_info(struct arena *a, const char *name, enum onnx_write_type t,
                                        const char *text)
{
    size_t n = 0;
    char **const sizes = split(a, text, ",", &n);
    Onnx__TensorShapeProto *const shape = arena_alloc(a, 1, sizeof *shape);
    onnx__tensor_shape_proto__init(shape);
    shape->n_dim = n;
    shape->dim = arena_alloc(a, n + 1, sizeof(Onnx__TensorShapeProto__Dimension *));
    for (size_t i = 0; i < n; i++) {
        Onnx__TensorShapeProto__Dimension *const d = arena_alloc(a, 1, sizeof *d);
        onnx__tensor_shape_proto__dimension__init(d);
        char *end = nullptr;
        const long long fixed = strtoll(sizes[i], &end, 10);
        if (*end == '\0') {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = fixed;
        } else {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = sizes[i];
        }
        shape->dim[i] = d;
    }
    Onnx__TypeProto__Tensor *const tensor = arena_alloc(a, 1, sizeof *tensor);
    onnx__type_proto__tensor__init(tensor);
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)t;
    tensor->shape = shape;
    Onnx__TypeProto *const type = arena_alloc(a, 1, sizeof *type);
    onnx__type_proto__init(type);
    type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    type->tensor_type = tensor;
    Onnx__ValueInfoProto *const v = arena_alloc(a, 1, sizeof *v);
    onnx__value_info_proto__init(v);
    v->name = arena_strdup(a, name);
    v->type = type;
    return v;
}

void onnx_write_input(struct onnx_write *w, const char *name, enum onnx_write_type t,
                      const char *shape)
{
    list_add(w->arena, &w->inputs, value_info(w->arena, name, t, shape));
}

void onnx_write_output(struct onnx_write *w, const char *name, enum onnx_write_type t,
                       const char *shape)
{
    list_add(w->arena, &w->outputs, value_info(w->arena, name, t, shape));
}

static Onnx__TensorProto *tensor(struct onnx_write *w, const char *name, enum onnx_write_type t,
                                 const char *shape, size_t *ret_elements)
{
    struct arena *const a = w->arena;
    Onnx__TensorProto *const p = arena_alloc(a, 1, sizeof *p);
    onnx__tensor_proto__init(p);
    size_t n = 0;
    char **const sizes = split(a, shape, ",", &n);
    p->n_dims = n;
    p->dims = ARENA_ARRAY(a, int64_t, n + 1);
    *ret_elements = 1;
    for (size_t i = 0; i < n; i++) {
        p->dims[i] = strtoll(sizes[i], nullptr, 10);
        *ret_elements *= (size_t)p->dims[i];
    }
    p->has_data_type = 1;
    p->data_type = (int32_t)t;
    p->name = arena_strdup(a, name);
    list_add(a, &w->initializers, p);
    return p;
}

static void inline_data(struct onnx_write *w, Onnx__TensorProto *p, const void *x, size_t bytes)
{
    p->has_raw_data = 1;
    p->raw_data.len = bytes;
    p->raw_data.data = arena_alloc(w->arena, bytes + 1, 1);
    memcpy(p->raw_data.data, x, bytes);
}

void onnx_write_i64(struct onnx_write *w, const char *name, const char *shape, const int64_t *x)
{
    size_t n = 0;
    Onnx__TensorProto *const p = tensor(w, name, ONNX_WRITE_I64, shape, &n);
    inline_data(w, p, x, n * sizeof *x);
}

void onnx_write_u8(struct onnx_write *w, const char *name, const char *shape, const uint8_t *x)
{
    size_t n = 0;
    Onnx__TensorProto *const p = tensor(w, name, ONNX_WRITE_U8, shape, &n);
    inline_data(w, p, x, n * sizeof *x);
}

void onnx_write_i8(struct onnx_write *w, const char *name, const char *shape, const int8_t *x)
{
    size_t n = 0;
    Onnx__TensorProto *const p = tensor(w, name, ONNX_WRITE_I8, shape, &n);
    inline_data(w, p, x, n * sizeof *x);
}

void onnx_write_f32(struct onnx_write *w, const char *name, const char *shape, const float *x)
{
    size_t n = 0;
    Onnx__TensorProto *const p = tensor(w, name, ONNX_WRITE_F32, shape, &n);
    inline_data(w, p, x, n * sizeof *x);
}

static Onnx__StringStringEntryProto *entry(struct arena *a, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *const s = arena_alloc(a, 1, sizeof *s);
    onnx__string_string_entry_proto__init(s);
    s->key = arena_strdup(a, key);
    s->value = arena_strdup(a, value);
    return s;
}

void onnx_write_external(struct onnx_write *w, const char *name, enum onnx_write_type t,
                         const char *shape, uint64_t offset, uint64_t bytes)
{
    struct arena *const a = w->arena;
    size_t n = 0;
    Onnx__TensorProto *const p = tensor(w, name, t, shape, &n);
    p->has_data_location = 1;
    p->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    p->n_external_data = 3;
    p->external_data = arena_alloc(a, 3, sizeof(Onnx__StringStringEntryProto *));
    p->external_data[0] = entry(a, "location", w->data_name);
    p->external_data[1] = entry(a, "offset", arena_printf(a, "%llu", (unsigned long long)offset));
    p->external_data[2] = entry(a, "length", arena_printf(a, "%llu", (unsigned long long)bytes));
}

struct onnx_write_node *onnx_write_node(struct onnx_write *w, const char *op, const char *inputs,
                                        const char *outputs)
{
    struct arena *const a = w->arena;
    struct onnx_write_node *const n = arena_alloc(a, 1, sizeof *n);
    n->arena = a;
    onnx__node_proto__init(&n->proto);
    const char *const colon = strchr(op, ':');
    n->proto.op_type = arena_strdup(a, colon ? colon + 1 : op);
    if (colon) {
        n->proto.domain = arena_strndup(a, op, (size_t)(colon - op));
        w->domain = n->proto.domain;
    }
    n->proto.input = split(a, inputs, " ", &n->proto.n_input);
    n->proto.output = split(a, outputs, " ", &n->proto.n_output);
    n->proto.name = n->proto.output[0]; /* unique, and says what it makes */
    n->proto.attribute = arena_alloc(a, MOST_ATTRIBUTES, sizeof(Onnx__AttributeProto *));
    list_add(a, &w->nodes, &n->proto);
    return n;
}

static Onnx__AttributeProto *attribute(struct onnx_write_node *n, const char *name,
                                       Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *const p = arena_alloc(n->arena, 1, sizeof *p);
    onnx__attribute_proto__init(p);
    p->name = arena_strdup(n->arena, name);
    p->has_type = 1;
    p->type = type;
    if (n->proto.n_attribute == MOST_ATTRIBUTES)
        abort(); /* a bug of ours: no node here has that many */
    n->proto.attribute[n->proto.n_attribute++] = p;
    return p;
}

void onnx_write_attr_float(struct onnx_write_node *n, const char *name, float x)
{
    Onnx__AttributeProto *const p =
        attribute(n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    p->has_f = 1;
    p->f = x;
}

static void value(struct onnx_write_node *n, const char *name, const char *text)
{
    Onnx__AttributeProto *const p = attribute(n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    char *end = nullptr;
    p->i = strtoll(text, &end, 10);
    if (end != text && *end == '\0') {
        p->has_i = 1;
    } else if (end != text && *end == ',') {
        char **const items = split(n->arena, text, ",", &p->n_ints);
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        p->ints = ARENA_ARRAY(n->arena, int64_t, p->n_ints);
        for (size_t i = 0; i < p->n_ints; i++)
            p->ints[i] = strtoll(items[i], nullptr, 10);
    } else {
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        p->has_s = 1;
        p->s.len = strlen(text);
        p->s.data = (uint8_t *)arena_strdup(n->arena, text);
    }
}

void onnx_write_attrs(struct onnx_write_node *n, const char *text)
{
    size_t n_pairs = 0;
    char **const pairs = split(n->arena, text, " ", &n_pairs);
    for (size_t i = 0; i < n_pairs; i++) {
        char *const equals = strchr(pairs[i], '=');
        if (!equals)
            abort(); /* a bug of ours */
        *equals = '\0';
        value(n, pairs[i], equals + 1);
    }
}

enum err_code onnx_write_save(struct onnx_write *w, const char *path, struct err *e)
{
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    char *const name = arena_strdup(w->arena, w->graph);
    graph.name = name;
    graph.n_node = w->nodes.n;
    graph.node = (Onnx__NodeProto **)w->nodes.items;
    graph.n_initializer = w->initializers.n;
    graph.initializer = (Onnx__TensorProto **)w->initializers.items;
    graph.n_input = w->inputs.n;
    graph.input = (Onnx__ValueInfoProto **)w->inputs.items;
    graph.n_output = w->outputs.n;
    graph.output = (Onnx__ValueInfoProto **)w->outputs.items;

    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto theirs = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets[] = {&opset, &theirs};
    char standard[] = "", producer[] = "chimera", version[] = CHIMERA_VERSION;
    opset.domain = standard;
    opset.has_version = 1;
    opset.version = OPSET;
    theirs.domain = w->domain;
    theirs.has_version = 1;
    theirs.version = 1;

    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    model.has_ir_version = 1;
    model.ir_version = IR_VERSION;
    model.n_opset_import = w->domain ? 2 : 1;
    model.opset_import = opsets;
    model.producer_name = producer;
    model.producer_version = version;
    model.graph = &graph;

    const size_t bytes = onnx__model_proto__get_packed_size(&model);
    uint8_t *const packed = arena_alloc(w->arena, bytes + 1, 1);
    (void)onnx__model_proto__pack(&model, packed);
    return file_write(path, (const char *)packed, bytes, e);
}
