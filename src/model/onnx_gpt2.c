#include "model/onnx_gpt2.h"

#include "base/defs.h"
#include "base/str.h"
#include "model/checkpoint.h"
#include "model/onnx_write.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One node. In the texts, $ is the layer's number, ^ the next layer's, @ is "h.$.". */
struct step {
    const char *op, *inputs, *outputs, *attributes;
};

/* Once, before the layers. The mask is made here for all of them: 0 where a key may be seen, the
 * most negative number where not. */
// clang-format off
static const struct step beginning[] = {
    {"Shape",       "input_ids",                       "batch_length",  ""},
    {"Shape",       "input_ids",                       "length",        "start=1 end=2"},
    {"Shape",       "attention_mask",                  "total",         "start=1 end=2"},
    {"Sub",         "total length",                    "past_length",   ""},
    {"Squeeze",     "total",                           "total.0",       ""},
    {"Squeeze",     "past_length",                     "past_length.0", ""},
    {"Range",       "zero.0 total.0 one.0",            "keys",          ""},
    {"Range",       "past_length.0 total.0 one.0",     "queries",       ""},
    {"Unsqueeze",   "queries one",                     "queries.1",     ""},
    {"LessOrEqual", "keys queries.1",                  "causal",        ""},
    {"Cast",        "attention_mask",                  "real",          "to=9"},
    {"Unsqueeze",   "real one_two",                    "real.keys",     ""},
    {"And",         "causal real.keys",                "seen",          ""},
    {"Where",       "seen nothing least",              "mask",          ""},
    {"Concat",      "batch_length heads",              "split_shape",   "axis=0"},
    {"Reshape",     "input_ids minus_one",             "ids",           ""},
    {"Reshape",     "position_ids minus_one",          "positions",     ""},
    {"Gather",      "wpe.weight positions",            "position",      ""},
};

static const struct step look_up_fp32[] = {
    {"Gather",      "wte.weight ids",                  "token",         ""},
};
static const struct step look_up_int8[] = { /* a column of the head's table is a token's row */
    {"Gather",      "wte.weight ids",                  "token.columns", "axis=1"},
    {"Transpose",   "token.columns",                   "token.rows",    "perm=1,0"},
    {"Cast",        "token.rows",                      "token.float",   "to=1"},
    {"Gather",      "wte.weight.scale ids",            "token.scale",   ""},
    {"Unsqueeze",   "token.scale one",                 "token.scale.1", ""},
    {"Mul",         "token.float token.scale.1",       "token",         ""},
};
static const struct step embedding[] = {
    {"Add",         "token position",                  "x.0",           ""},
};

static const struct step attention[] = {
    {"Norm",        "x.$ @ln_1.weight @ln_1.bias",     "@a",            ""},
    {"Linear",      "@a @attn.c_attn.weight @attn.c_attn.bias", "@qkv", ""},
    {"Split",       "@qkv",                            "@q @k @v",      "axis=-1 num_outputs=3"},
    {"Reshape",     "@q split_shape",                  "@q.4",          ""},
    {"Reshape",     "@k split_shape",                  "@k.4",          ""},
    {"Reshape",     "@v split_shape",                  "@v.4",          ""},
    {"Transpose",   "@q.4",                            "@q.t",          "perm=0,2,1,3"},
    {"Transpose",   "@k.4",                            "@k.t",          "perm=0,2,1,3"},
    {"Transpose",   "@v.4",                            "@v.t",          "perm=0,2,1,3"},
    {"Concat",      "past.$.key @k.t",                 "present.$.key", "axis=2"},
    {"Concat",      "past.$.value @v.t",               "present.$.value", "axis=2"},
    /* The runtime folds this transposition and the scale into the product. */
    {"Transpose",   "present.$.key",                   "@keys",         "perm=0,1,3,2"},
    {"MatMul",      "@q.t @keys",                      "@products",     ""},
    {"Scale",       "@products",                       "@scores",       ""},
    {"Add",         "@scores mask",                    "@masked",       ""},
    {"Softmax",     "@masked",                         "@weights",      "axis=-1"},
    {"MatMul",      "@weights present.$.value",        "@heads",        ""},
    {"Transpose",   "@heads",                          "@heads.t",      "perm=0,2,1,3"},
    {"Reshape",     "@heads.t flat_shape",             "@joined",       ""},
    {"Linear",      "@joined @attn.c_proj.weight @attn.c_proj.bias", "@attn", ""},
    {"Add",         "x.$ @attn",                       "@y",            ""},
};
static const struct step mlp[] = {
    {"Norm",        "@y @ln_2.weight @ln_2.bias",      "@b",            ""},
    {"Linear",      "@b @mlp.c_fc.weight @mlp.c_fc.bias", "@up",        ""},
    {"Activation",  "@up",                             "@active",       ""},
    {"Linear",      "@active @mlp.c_proj.weight @mlp.c_proj.bias", "@mlp", ""},
    {"Add",         "@y @mlp",                         "x.^",           ""},
};
static const struct step ending[] = { /* $ is the number of layers */
    {"Gather",      "x.$ logit_rows",                  "wanted",        ""},
    {"Norm",        "wanted ln_f.weight ln_f.bias",    "last",          ""},
};
// clang-format on

/* x * W with int8 weights, the activations quantised as they come: the products of integers are
 * exact, and are scaled by the activations' step x the column's. %x %w %b %o: see linear(). */
// clang-format off
static const struct step product_int8[] = {
    {"DynamicQuantizeLinear", "%x",                    "%o.u8 %o.step %o.zero", ""},
    {"MatMulInteger",         "%o.u8 %w %o.zero",      "%o.i32",                ""},
    {"Cast",                  "%o.i32",                "%o.float",              "to=1"},
    {"Mul",                   "%o.step %w.scale",      "%o.scale",              ""},
};
static const struct step bias_int8[] = {
    {"Mul",                   "%o.float %o.scale",     "%o.product",            ""},
    {"Add",                   "%o.product %b",         "%o",                    ""},
};
static const struct step no_bias_int8 =
    {"Mul",                   "%o.float %o.scale",     "%o",                    ""};
// clang-format on

struct graph {
    const struct checkpoint *m;
    struct onnx_write *w;
    bool int8;
};

struct words { /* what the placeholders of a step stand for */
    uint32_t layer;
    const char *x, *weight, *bias, *out;
};

static void spell(struct str *out, const char *text, const struct words *words)
{
    for (; *text; text++) {
        if (*text == '@')
            str_printf(out, "h.%u.", words->layer);
        else if (*text == '$' || *text == '^')
            str_printf(out, "%u", words->layer + (*text == '^'));
        else if (*text == '%') {
            text++;
            str_puts(out, *text == 'x'   ? words->x
                          : *text == 'w' ? words->weight
                          : *text == 'b' ? words->bias
                                         : words->out);
        } else
            str_putc(out, *text);
    }
}

static void add(struct graph *g, const struct step *s, const struct words *words)
{
    CLEANUP(str_done) struct str inputs = {}, outputs = {};
    spell(&inputs, s->inputs, words);
    spell(&outputs, s->outputs, words);
    onnx_write_attrs(onnx_write_node(g->w, s->op, str_text(&inputs), str_text(&outputs)),
                     s->attributes);
}

static void add_int8(struct graph *g, const struct words *words)
{
    for (size_t i = 0; i < COUNT_OF(product_int8); i++)
        add(g, &product_int8[i], words);
    if (!words->bias)
        add(g, &no_bias_int8, words);
    for (size_t i = 0; words->bias && i < COUNT_OF(bias_int8); i++)
        add(g, &bias_int8[i], words);
}

/* inputs: x, weight and bias, spelled out. */
static void linear(struct graph *g, const char *inputs, const char *out)
{
    if (!g->int8) {
        onnx_write_node(g->w, "Gemm", inputs, out);
        return;
    }
    char x[64], weight[64], bias[64]; /* names of ours, all shorter */
    if (sscanf(inputs, "%63s %63s %63s", x, weight, bias) != 3)
        unreachable();
    const struct words words = {0, x, weight, bias, out};
    add_int8(g, &words);
}

static void activation(struct graph *g, const char *x, const char *out)
{
    const enum hf_activation kind = g->m->config.activation;
    struct onnx_write_node *const n =
        onnx_write_node(g->w, kind == HF_RELU ? "Relu" : "Gelu", x, out);
    if (kind == HF_GELU_TANH)
        onnx_write_attrs(n, "approximate=tanh");
}

static void scale(struct graph *g, const char *x, const char *out, uint32_t layer)
{
    const struct hf_config *const c = &g->m->config;
    double by = c->attention_scale;
    if (c->scale_attention_by_layer)
        by /= layer + 1;
    const float factor = (float)by;
    CLEANUP(str_done) struct str name = {}, inputs = {};
    str_printf(&name, "h.%u.scale", layer);
    str_printf(&inputs, "%s %s", x, str_text(&name));
    onnx_write_f32(g->w, str_text(&name), "", &factor);
    onnx_write_node(g->w, "Mul", str_text(&inputs), out);
}

static void add_steps(struct graph *g, const struct step *steps, size_t n, uint32_t layer)
{
    const struct words words = {.layer = layer};
    for (size_t i = 0; i < n; i++) {
        const char *const op = steps[i].op;
        CLEANUP(str_done) struct str inputs = {}, outputs = {};
        spell(&inputs, steps[i].inputs, &words);
        spell(&outputs, steps[i].outputs, &words);
        if (strcmp(op, "Linear") == 0)
            linear(g, str_text(&inputs), str_text(&outputs));
        else if (strcmp(op, "Activation") == 0)
            activation(g, str_text(&inputs), str_text(&outputs));
        else if (strcmp(op, "Scale") == 0)
            scale(g, str_text(&inputs), str_text(&outputs), layer);
        else if (strcmp(op, "Norm") == 0)
            onnx_write_attr_float(
                onnx_write_node(g->w, "LayerNormalization", str_text(&inputs), str_text(&outputs)),
                "epsilon", (float)g->m->config.norm_eps);
        else
            add(g, &steps[i], &words);
    }
}

static void interface(struct graph *g)
{
    const struct hf_config *const c = &g->m->config;
    onnx_write_input(g->w, "input_ids", ONNX_WRITE_I64, "B,S");
    onnx_write_input(g->w, "position_ids", ONNX_WRITE_I64, "B,S");
    onnx_write_input(g->w, "attention_mask", ONNX_WRITE_I64, "B,T");
    onnx_write_input(g->w, "logit_rows", ONNX_WRITE_I64, "R");
    CLEANUP(str_done) struct str name = {}, shape = {};
    str_printf(&shape, "R,%u", c->vocab_size);
    onnx_write_output(g->w, "logits", ONNX_WRITE_F32, str_text(&shape));
    for (uint32_t i = 0; i < 2 * c->n_layers; i++) {
        const char *const what = i % 2 ? "value" : "key";
        str_clear(&name);
        str_clear(&shape);
        str_printf(&name, "past.%u.%s", i / 2, what);
        str_printf(&shape, "B,%u,P,%u", c->n_heads, c->d_model / c->n_heads);
        onnx_write_input(g->w, str_text(&name), ONNX_WRITE_F32, str_text(&shape));
        str_clear(&name);
        str_clear(&shape);
        str_printf(&name, "present.%u.%s", i / 2, what);
        str_printf(&shape, "B,%u,T,%u", c->n_heads, c->d_model / c->n_heads);
        onnx_write_output(g->w, str_text(&name), ONNX_WRITE_F32, str_text(&shape));
    }
}

static void constants(struct graph *g)
{
    const struct hf_config *const c = &g->m->config;
    const int64_t heads[] = {c->n_heads, c->d_model / c->n_heads};
    const int64_t flat[] = {-1, c->d_model};
    const float nothing = 0, least = -FLT_MAX;
    onnx_write_i64(g->w, "zero.0", "", &(int64_t){0});
    onnx_write_i64(g->w, "one.0", "", &(int64_t){1});
    onnx_write_i64(g->w, "one", "1", &(int64_t){1});
    onnx_write_i64(g->w, "minus_one", "1", &(int64_t){-1});
    onnx_write_i64(g->w, "one_two", "2", (const int64_t[]){1, 2});
    onnx_write_i64(g->w, "heads", "2", heads);
    onnx_write_i64(g->w, "flat_shape", "2", flat);
    onnx_write_f32(g->w, "nothing", "", &nothing);
    onnx_write_f32(g->w, "least", "", &least);
}

static void head(struct graph *g)
{
    const char *const weight = g->m->tied ? "wte.weight" : "lm_head.weight";
    if (!g->int8) {
        CLEANUP(str_done) struct str inputs = {};
        str_printf(&inputs, "last %s", weight);
        onnx_write_attrs(onnx_write_node(g->w, "Gemm", str_text(&inputs), "logits"), "transB=1");
        return;
    }
    const struct words words = {0, "last", weight, nullptr, "logits"};
    add_int8(g, &words);
}

void onnx_gpt2_graph(const struct checkpoint *m, bool int8, struct onnx_write *w)
{
    struct graph g = {m, w, int8};
    interface(&g);
    constants(&g);
    add_steps(&g, beginning, COUNT_OF(beginning), 0);
    if (int8)
        add_steps(&g, look_up_int8, COUNT_OF(look_up_int8), 0);
    else
        add_steps(&g, look_up_fp32, COUNT_OF(look_up_fp32), 0);
    add_steps(&g, embedding, COUNT_OF(embedding), 0);
    for (uint32_t l = 0; l < m->config.n_layers; l++) {
        add_steps(&g, attention, COUNT_OF(attention), l);
        add_steps(&g, mlp, COUNT_OF(mlp), l);
    }
    add_steps(&g, ending, COUNT_OF(ending), m->config.n_layers);
    head(&g);
}
