#include "model/onnx_decoder.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "model/checkpoint.h"
#include "model/onnx_form.h"
#include "model/onnx_weights.h"
#include "model/onnx_write.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct graph {
    const struct checkpoint *m;
    const struct hf_config *c;
    const struct onnx_form *form;
    struct onnx_weights *weights;
    struct onnx_write *w;
    struct arena *arena;
    struct onnx_matrix tokens; /* the table, which a tied head is as well */
    uint32_t layer;
    bool slides;     /* some layers see a window only */
    bool local_rope; /* and have frequencies of their own */
    char prefix[24]; /* of the names of nodes: "layer.3.", "" outside the layers */
};

/* ---- nodes ---- */

static const char *named(struct graph *g, const char *name)
{
    return arena_printf(g->arena, "%s%s", g->prefix, name);
}

/* Adds a node; the result is the name of what it makes, `out` behind the layer's. */
[[gnu::format(printf, 5, 6)]]
static const char *node(struct graph *g, const char *out, const char *op, const char *attributes,
                        const char *inputs, ...)
{
    va_list ap;
    va_start(ap, inputs);
    const char *const from = arena_vprintf(g->arena, inputs, ap);
    va_end(ap);
    const char *const name = named(g, out);
    onnx_write_attrs(onnx_write_node(g->w, op, from, name), attributes);
    return name;
}

static const char *number(struct graph *g, const char *name, double x)
{
    const char *const full = named(g, name);
    onnx_write_f32(g->w, full, "", &(float){(float)x});
    return full;
}

/* ---- weights ---- */

static const char *name_of(const struct safetensors_tensor *t)
{
    static const char *const prefixes[] = {"transformer.", "model."};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (strncmp(t->name, prefixes[i], strlen(prefixes[i])) == 0)
            return t->name + strlen(prefixes[i]);
    return t->name;
}

/* Stored as it is and named; nullptr where the model has none. */
static const char *vector(struct graph *g, enum checkpoint_weight what, float plus)
{
    const struct safetensors_tensor *const t = checkpoint_weight(g->m, what, g->layer);
    if (!t)
        return nullptr;
    onnx_weights_f32(g->weights, name_of(t), t, plus, 0);
    return name_of(t);
}

static const char *linear(struct graph *g, const char *x, enum checkpoint_weight what,
                          enum checkpoint_weight bias, const char *out)
{
    const struct safetensors_tensor *const t = checkpoint_weight(g->m, what, g->layer);
    const struct onnx_matrix matrix = {.name = name_of(t),
                                       .t = t,
                                       .in_out = g->m->linear_in_out && what != CHECKPOINT_HEAD,
                                       .multiplied = true};
    g->form->store(g->weights, &matrix);
    const char *const added = bias == CHECKPOINT_WEIGHTS ? nullptr : vector(g, bias, 0);
    const char *const name = named(g, out);
    g->form->multiply(g->weights, &matrix, x, added, name);
    return name;
}

/* ---- norms ---- */

/* Spelled out: the pattern that ONNX Runtime fuses into one operator. */
static const char *rms_norm(struct graph *g, const char *x, const char *weight, const char *out)
{
    const char *const square =
        node(g, arena_printf(g->arena, "%s.square", out), "Pow", "", "%s two", x);
    const char *const mean = node(g, arena_printf(g->arena, "%s.mean", out), "ReduceMean",
                                  "keepdims=1", "%s minus_one", square);
    const char *const sum =
        node(g, arena_printf(g->arena, "%s.sum", out), "Add", "", "%s norm_eps", mean);
    const char *const root = node(g, arena_printf(g->arena, "%s.root", out), "Sqrt", "", "%s", sum);
    const char *const unit =
        node(g, arena_printf(g->arena, "%s.unit", out), "Div", "", "%s %s", x, root);
    return node(g, out, "Mul", "", "%s %s", unit, weight);
}

static const char *norm(struct graph *g, const char *x, enum checkpoint_weight what,
                        enum checkpoint_weight bias, const char *out)
{
    const bool plus_one = g->c->norm == HF_RMS_NORM_1P;
    const char *const weight = vector(g, what, plus_one ? 1 : 0);
    if (g->c->norm != HF_LAYER_NORM)
        return rms_norm(g, x, weight, out);
    const char *const name = named(g, out);
    const char *const inputs = arena_printf(g->arena, "%s %s %s", x, weight, vector(g, bias, 0));
    onnx_write_attr_float(onnx_write_node(g->w, "LayerNormalization", inputs, name), "epsilon",
                          (float)g->c->norm_eps);
    return name;
}

/* s * tanh(x / s) */
static const char *softcap(struct graph *g, const char *x, const char *cap, const char *out)
{
    const char *const part =
        node(g, arena_printf(g->arena, "%s.part", out), "Div", "", "%s %s", x, cap);
    const char *const tanh =
        node(g, arena_printf(g->arena, "%s.tanh", out), "Tanh", "", "%s", part);
    return node(g, out, "Mul", "", "%s %s", tanh, cap);
}

/* ---- once, before the layers ---- */

static void interface(struct graph *g)
{
    const struct hf_config *const c = g->c;
    struct arena *const a = g->arena;
    onnx_write_input(g->w, "input_ids", ONNX_WRITE_I64, "B,S");
    onnx_write_input(g->w, "position_ids", ONNX_WRITE_I64, "B,S");
    onnx_write_input(g->w, "attention_mask", ONNX_WRITE_I64, "B,T");
    onnx_write_input(g->w, "logit_rows", ONNX_WRITE_I64, "R");
    onnx_write_output(g->w, "logits", ONNX_WRITE_F32, arena_printf(a, "R,%u", c->vocab_size));
    for (uint32_t i = 0; i < 2 * c->n_layers; i++) {
        const char *const what = i % 2 ? "value" : "key";
        onnx_write_input(g->w, arena_printf(a, "past.%u.%s", i / 2, what), ONNX_WRITE_F32,
                         arena_printf(a, "B,%u,P,%u", c->n_kv_heads, c->head_dim));
        onnx_write_output(g->w, arena_printf(a, "present.%u.%s", i / 2, what), ONNX_WRITE_F32,
                          arena_printf(a, "B,%u,T,%u", c->n_kv_heads, c->head_dim));
    }
}

static void constants(struct graph *g)
{
    const struct hf_config *const c = g->c;
    const int64_t heads = c->n_heads, kv = c->n_kv_heads, dim = c->head_dim;
    onnx_write_i64(g->w, "zero.0", "", &(int64_t){0});
    onnx_write_i64(g->w, "one.0", "", &(int64_t){1});
    onnx_write_i64(g->w, "one", "1", &(int64_t){1});
    onnx_write_i64(g->w, "minus_one", "1", &(int64_t){-1});
    onnx_write_i64(g->w, "one_two", "2", (const int64_t[]){1, 2});
    onnx_write_i64(g->w, "query_heads", "2", (const int64_t[]){heads, dim});
    onnx_write_i64(g->w, "key_heads", "2", (const int64_t[]){kv, dim});
    onnx_write_i64(g->w, "flat_shape", "2", (const int64_t[]){-1, heads * dim});
    number(g, "nothing", 0);
    number(g, "least", -(double)FLT_MAX);
    if (c->norm != HF_LAYER_NORM) {
        number(g, "two", 2);
        number(g, "norm_eps", c->norm_eps);
    }
    if (c->attn_softcap > 0)
        number(g, "attention_cap", c->attn_softcap);
    if (heads == kv)
        return;
    /* 0: as it is. The heads of a group share their keys: their queries become further rows. */
    onnx_write_i64(g->w, "grouped_shape", "4", (const int64_t[]){0, kv, -1, dim});
    onnx_write_i64(g->w, "ungrouped_shape", "4", (const int64_t[]){0, heads, -1, dim});
    onnx_write_i64(g->w, "any_group", "3", (const int64_t[]){0, kv, -1});
    onnx_write_i64(g->w, "any_head", "3", (const int64_t[]){0, heads, -1});
}

/* 0 where a key may be seen, the most negative number where not: made here for all layers. */
static void masks(struct graph *g)
{
    node(g, "batch_length", "Shape", "", "input_ids");
    node(g, "length", "Shape", "start=1 end=2", "input_ids");
    node(g, "total", "Shape", "start=1 end=2", "attention_mask");
    node(g, "past_length", "Sub", "", "total length");
    node(g, "total.0", "Squeeze", "", "total");
    node(g, "past_length.0", "Squeeze", "", "past_length");
    node(g, "keys", "Range", "", "zero.0 total.0 one.0");
    node(g, "queries", "Range", "", "past_length.0 total.0 one.0");
    node(g, "queries.1", "Unsqueeze", "", "queries one");
    node(g, "causal", "LessOrEqual", "", "keys queries.1");
    node(g, "real", "Cast", "to=9", "attention_mask");
    node(g, "real.keys", "Unsqueeze", "", "real one_two");
    node(g, "seen", "And", "", "causal real.keys");
    node(g, "mask", "Where", "", "seen nothing least");
    if (!g->slides)
        return;
    /* Distances are between real positions: padding may lie between. */
    onnx_write_i64(g->w, "window", "", &(int64_t){g->c->window});
    node(g, "counted", "CumSum", "", "attention_mask one.0");
    node(g, "after_window", "Add", "", "counted window");
    node(g, "counted.keys", "Unsqueeze", "", "after_window one_two");
    node(g, "counted.queries", "Gather", "axis=1", "counted queries");
    node(g, "query.column", "Unsqueeze", "", "counted.queries one_three");
    onnx_write_i64(g->w, "one_three", "2", (const int64_t[]){1, 3});
    node(g, "near", "Greater", "", "counted.keys query.column");
    node(g, "seen.local", "And", "", "seen near");
    node(g, "mask.local", "Where", "", "seen.local nothing least");
}

static void shapes(struct graph *g)
{
    node(g, "query_shape", "Concat", "axis=0", "batch_length query_heads");
    node(g, "key_shape", "Concat", "axis=0", "batch_length key_heads");
    if (g->c->n_heads == g->c->n_kv_heads)
        return;
    node(g, "group_scores", "Concat", "axis=0", "any_group total");
    node(g, "head_scores", "Concat", "axis=0", "any_head total");
}

/* cos and sin [B,S,1,D] of the angles, computed as transformers does, in float32: position x
 * frequency. The sine's first half is negated: x * cos + (second half, first half) * sin. */
static void rotation(struct graph *g, const struct rope *r, const char *suffix)
{
    const uint32_t dim = g->c->head_dim, half = dim / 2;
    const float factor = (float)r->attention_factor;
    float *const frequencies = ARENA_ARRAY(g->arena, float, dim);
    float *const signs = ARENA_ARRAY(g->arena, float, dim);
    const char *const shape = arena_printf(g->arena, "%u", dim);
    rope_frequencies(r, dim, frequencies);
    for (uint32_t i = 0; i < half; i++) {
        frequencies[half + i] = frequencies[i];
        signs[i] = -factor;
        signs[half + i] = factor;
    }
    (void)snprintf(g->prefix, sizeof g->prefix, "rope%s.", suffix);
    onnx_write_f32(g->w, named(g, "frequencies"), shape, frequencies);
    onnx_write_f32(g->w, named(g, "signs"), shape, signs);
    const char *const angle = node(g, "angle", "Mul", "", "position.4 %s", named(g, "frequencies"));
    const char *const sine = node(g, "sine", "Sin", "", "%s", angle);
    node(g, "sin", "Mul", "", "%s %s", sine, named(g, "signs"));
    const char *const cosine = node(g, factor == 1 ? "cos" : "cosine", "Cos", "", "%s", angle);
    if (factor != 1)
        node(g, "cos", "Mul", "", "%s %s", cosine, number(g, "factor", (double)factor));
    g->prefix[0] = '\0';
}

static void rotations(struct graph *g)
{
    onnx_write_i64(g->w, "two_three", "2", (const int64_t[]){2, 3});
    node(g, "position.float", "Cast", "to=1", "position_ids");
    node(g, "position.4", "Unsqueeze", "", "position.float two_three");
    rotation(g, &g->c->rope, "");
    if (g->local_rope)
        rotation(g, &g->c->rope_local, ".local");
}

static const char *embedding(struct graph *g)
{
    const struct safetensors_tensor *const t = checkpoint_weight(g->m, CHECKPOINT_TOKENS, 0);
    g->tokens = (struct onnx_matrix){
        .name = name_of(t), .t = t, .looked_up = true, .multiplied = g->m->tied};
    g->form->store(g->weights, &g->tokens);
    node(g, "ids", "Reshape", "", "input_ids minus_one");
    g->form->look_up(g->weights, &g->tokens, "ids", "token");
    const char *x = "token";
    if (g->c->embedding_scale != 1)
        x = node(g, "token.scaled", "Mul", "", "%s %s", x,
                 number(g, "embedding_scale", g->c->embedding_scale));
    if (!g->c->learned_positions)
        return x;
    node(g, "positions", "Reshape", "", "position_ids minus_one");
    node(g, "position", "Gather", "", "%s positions", vector(g, CHECKPOINT_POSITIONS, 0));
    return node(g, "embedded", "Add", "", "%s position", x);
}

/* ---- a layer ---- */

static const char *rotate(struct graph *g, const char *x, const char *out)
{
    struct arena *const a = g->arena;
    const char *const rope = g->local_rope && g->c->sliding[g->layer] ? "rope.local" : "rope";
    const char *const first = named(g, arena_printf(a, "%s.first", out));
    const char *const second = named(g, arena_printf(a, "%s.second", out));
    onnx_write_attrs(onnx_write_node(g->w, "Split", x, arena_printf(a, "%s %s", first, second)),
                     "axis=-1 num_outputs=2");
    const char *const swapped =
        node(g, arena_printf(a, "%s.swapped", out), "Concat", "axis=-1", "%s %s", second, first);
    const char *const straight =
        node(g, arena_printf(a, "%s.straight", out), "Mul", "", "%s %s.cos", x, rope);
    const char *const across =
        node(g, arena_printf(a, "%s.across", out), "Mul", "", "%s %s.sin", swapped, rope);
    return node(g, out, "Add", "", "%s %s", straight, across);
}

struct qkv {
    const char *q, *k, *v; /* q[B,H,S,D], k and v [B,Hkv,S,D] */
};

/* One part, from [B*S, heads * D] to [B,heads,S,D]; normed CHECKPOINT_WEIGHTS: the values, which
 * are neither normed nor rotated. */
static const char *heads_of(struct graph *g, const char *x, bool query,
                            enum checkpoint_weight normed, const char *name)
{
    struct arena *const a = g->arena;
    x = node(g, arena_printf(a, "%s.heads", name), "Reshape", "", "%s %s", x,
             query ? "query_shape" : "key_shape");
    const bool value = normed == CHECKPOINT_WEIGHTS;
    if (!value && checkpoint_weight(g->m, normed, g->layer))
        x = norm(g, x, normed, CHECKPOINT_WEIGHTS, arena_printf(a, "%s.norm", name));
    if (!value && !g->c->learned_positions)
        x = rotate(g, x, arena_printf(a, "%s.rotated", name));
    return node(g, name, "Transpose", "perm=0,2,1,3", "%s", x);
}

static struct qkv project(struct graph *g, const char *x)
{
    struct qkv r;
    if (checkpoint_weight(g->m, CHECKPOINT_QKV, g->layer)) {
        const char *const all = linear(g, x, CHECKPOINT_QKV, CHECKPOINT_QKV_BIAS, "qkv");
        r = (struct qkv){named(g, "q.flat"), named(g, "k.flat"), named(g, "v.flat")};
        onnx_write_attrs(
            onnx_write_node(g->w, "Split", all, arena_printf(g->arena, "%s %s %s", r.q, r.k, r.v)),
            "axis=-1 num_outputs=3");
    } else {
        r.q = linear(g, x, CHECKPOINT_Q, CHECKPOINT_Q_BIAS, "q.flat");
        r.k = linear(g, x, CHECKPOINT_K, CHECKPOINT_K_BIAS, "k.flat");
        r.v = linear(g, x, CHECKPOINT_V, CHECKPOINT_V_BIAS, "v.flat");
    }
    return (struct qkv){heads_of(g, r.q, true, CHECKPOINT_Q_NORM, "q"),
                        heads_of(g, r.k, false, CHECKPOINT_K_NORM, "k"),
                        heads_of(g, r.v, false, CHECKPOINT_WEIGHTS, "v")};
}

static const char *extend(struct graph *g, const char *what, const char *x)
{
    const char *const present = arena_printf(g->arena, "present.%u.%s", g->layer, what);
    const char *const inputs = arena_printf(g->arena, "past.%u.%s %s", g->layer, what, x);
    onnx_write_attrs(onnx_write_node(g->w, "Concat", inputs, present), "axis=2");
    return present;
}

static double attention_scale(const struct graph *g)
{
    return g->c->scale_attention_by_layer ? g->c->attention_scale / (g->layer + 1)
                                          : g->c->attention_scale;
}

/* softmax(q k^T scale + mask) v, [B,H,S,D]. Where heads share keys, their queries stand below each
 * other meanwhile, so that keys and values are never repeated. */
static const char *attend(struct graph *g, const char *q, const char *k, const char *v)
{
    const bool grouped = g->c->n_heads != g->c->n_kv_heads;
    const bool local = g->slides && g->c->sliding[g->layer];
    if (grouped)
        q = node(g, "q.grouped", "Reshape", "", "%s grouped_shape", q);
    /* The runtime folds this transposition and the scale into the product. */
    const char *x = node(g, "keys", "Transpose", "perm=0,1,3,2", "%s", k);
    x = node(g, "products", "MatMul", "", "%s %s", q, x);
    x = node(g, "scores", "Mul", "", "%s %s", x, number(g, "scale", attention_scale(g)));
    if (g->c->attn_softcap > 0)
        x = softcap(g, x, "attention_cap", "capped");
    if (grouped)
        x = node(g, "scores.heads", "Reshape", "", "%s head_scores", x);
    x = node(g, "masked", "Add", "", "%s %s", x, local ? "mask.local" : "mask");
    x = node(g, "weights", "Softmax", "axis=-1", "%s", x);
    if (grouped)
        x = node(g, "weights.grouped", "Reshape", "", "%s group_scores", x);
    x = node(g, "mixed", "MatMul", "", "%s %s", x, v);
    return grouped ? node(g, "mixed.heads", "Reshape", "", "%s ungrouped_shape", x) : x;
}

static const char *attention(struct graph *g, const char *x)
{
    const char *const normed =
        norm(g, x, CHECKPOINT_ATTN_NORM, CHECKPOINT_ATTN_NORM_BIAS, "attn.norm");
    const struct qkv p = project(g, normed);
    const char *const k = extend(g, "key", p.k), *const v = extend(g, "value", p.v);
    const char *y = attend(g, p.q, k, v);
    y = node(g, "mixed.t", "Transpose", "perm=0,2,1,3", "%s", y);
    y = node(g, "joined", "Reshape", "", "%s flat_shape", y);
    y = linear(g, y, CHECKPOINT_ATTN_OUT, CHECKPOINT_ATTN_OUT_BIAS, "attn");
    if (g->c->post_norms)
        y = norm(g, y, CHECKPOINT_ATTN_POST_NORM, CHECKPOINT_WEIGHTS, "attn.post");
    return node(g, "middle", "Add", "", "%s %s", x, y);
}

static const char *activation(struct graph *g, const char *x)
{
    const enum hf_activation kind = g->c->activation;
    if (kind == HF_SILU) {
        const char *const sigmoid = node(g, "sigmoid", "Sigmoid", "", "%s", x);
        return node(g, "active", "Mul", "", "%s %s", x, sigmoid);
    }
    return node(g, "active", kind == HF_RELU ? "Relu" : "Gelu",
                kind == HF_GELU_TANH ? "approximate=tanh" : "", "%s", x);
}

static const char *feed_forward(struct graph *g, const char *x)
{
    const char *y = norm(g, x, CHECKPOINT_FFN_NORM, CHECKPOINT_FFN_NORM_BIAS, "ffn.norm");
    if (g->c->gated) {
        const char *const gate = linear(g, y, CHECKPOINT_GATE, CHECKPOINT_GATE_BIAS, "gate");
        const char *const up = linear(g, y, CHECKPOINT_UP, CHECKPOINT_UP_BIAS, "up");
        y = node(g, "gated", "Mul", "", "%s %s", activation(g, gate), up);
    } else {
        y = activation(g, linear(g, y, CHECKPOINT_UP, CHECKPOINT_UP_BIAS, "up"));
    }
    y = linear(g, y, CHECKPOINT_DOWN, CHECKPOINT_DOWN_BIAS, "ffn");
    if (g->c->post_norms)
        y = norm(g, y, CHECKPOINT_FFN_POST_NORM, CHECKPOINT_WEIGHTS, "ffn.post");
    return node(g, "out", "Add", "", "%s %s", x, y);
}

/* ---- the whole ---- */

static void head(struct graph *g, const char *x)
{
    const bool capped = g->c->logit_softcap > 0;
    const char *const out = capped ? "logits.plain" : "logits";
    const char *const wanted = node(g, "wanted", "Gather", "", "%s logit_rows", x);
    const char *const last =
        norm(g, wanted, CHECKPOINT_FINAL_NORM, CHECKPOINT_FINAL_NORM_BIAS, "last");
    if (g->m->tied)
        g->form->multiply(g->weights, &g->tokens, last, nullptr, out);
    else
        linear(g, last, CHECKPOINT_HEAD, CHECKPOINT_WEIGHTS, out);
    if (capped)
        softcap(g, out, number(g, "logit_cap", g->c->logit_softcap), "logits");
}

static bool same_rope(const struct hf_config *c, struct arena *a)
{
    const uint32_t half = c->head_dim / 2;
    float *const x = ARENA_ARRAY(a, float, half), *const y = ARENA_ARRAY(a, float, half);
    rope_frequencies(&c->rope, c->head_dim, x);
    rope_frequencies(&c->rope_local, c->head_dim, y);
    return memcmp(x, y, half * sizeof *x) == 0 &&
           c->rope.attention_factor == c->rope_local.attention_factor;
}

void onnx_decoder_graph(const struct checkpoint *m, const struct onnx_form *form,
                        struct onnx_weights *weights, struct arena *a)
{
    const struct hf_config *const c = &m->config;
    struct graph g = {.m = m, .c = c, .form = form, .weights = weights, .arena = a};
    g.w = onnx_weights_graph(weights);
    g.slides = c->window > 0 && c->window < c->n_ctx;
    g.local_rope = c->window > 0 && !c->learned_positions && !same_rope(c, a);
    interface(&g);
    constants(&g);
    masks(&g);
    shapes(&g);
    if (!c->learned_positions)
        rotations(&g);
    const char *x = embedding(&g);
    for (g.layer = 0; g.layer < c->n_layers; g.layer++) {
        (void)snprintf(g.prefix, sizeof g.prefix, "layer.%u.", g.layer);
        x = feed_forward(&g, attention(&g, x));
    }
    g.prefix[0] = '\0';
    head(&g, x);
}
