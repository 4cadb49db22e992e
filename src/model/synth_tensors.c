/* The scales. A family's own initialisation (0.02 everywhere) makes a model that repeats its last
 * token: the tied head sees the embedding that the residual stream still carries. Here
 *  - the branches outweigh the embedding: the variance of the residual stream grows by the same
 *    factor in each layer, to 4d times that of the embedding, so that the cosine between the last
 *    hidden state and the last token's embedding is about 1/(2 sqrt(d)), hardly more than any other
 *    token's;
 *  - of that growth attention has the smaller part, or the average over the context would drown the
 *    last token and every continuation would end in one repeated word;
 *  - the rows of GPT-2's mlp.c_proj come in pairs of opposite sign, so that GELU's mean, which is
 * not zero, cancels and does not add the same vector to every token in every layer (a gated MLP's
 *    mean is zero, because the gate and what it gates are independent);
 *  - the head's gain (the last norm's weight) gives the logits a standard deviation of 3: with
 *    50,257 tokens the best one has a probability of some 10 %, as in trained models, and the two
 *    best lie about 0.7 apart, far above rounding;
 *  - attention's scores have a standard deviation of 1 and not more: the sharper its softmax, the
 *    more it amplifies from layer to layer what an engine rounds. With a gain of 1.5 (scores of
 *    2.25) llama.cpp's half-precision table of GELU alone grew to 1.2e-2 of the logits' deviation
 * in 12 layers; with 1 all that it rounds is 7e-3;
 *  - Gemma 3's norms after the branches carry what the branches' last weights carry elsewhere. Its
 *    first layer takes most of the growth: a GELU whose rounding is multiplied by another number in
 *    each layer would grow past 1e-2 of the logits' deviation in llama.cpp's half-precision table
 *    (1.4e-2 in 7 layers of even growth, 5e-3 so);
 *  - biases are not zero and norm weights not one, so that a path that forgets them is found.
 */
#include "model/synth_tensors.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/hf_family.h"

#include <math.h>

constexpr double EMBEDDING_STD = 0.02;
constexpr double BIAS_STD = 0.02;
constexpr double QKV_BIAS_STD = 0.1; /* of queries, keys and values of 1: Qwen2's are large */
constexpr double NORM_STD = 0.1;     /* of the norm weights around 1 */
constexpr double LOGITS_STD = 3;
constexpr double QKV_GAIN = 1;     /* attention scores with a standard deviation of 1 */
constexpr double VALUE_RMS = 0.6;  /* of attention's average, for values of 1 */
constexpr double GELU_STD = 0.587; /* of GELU(z), z standard normal, whose mean is 0.282 */
constexpr double SILU_RMS = 0.596; /* of silu(z) */
constexpr double GELU_RMS = 0.652; /* of gelu(z) */
constexpr double LEAST_GROWTH = 1.3;
constexpr double MOST_ATTENTION = 0.5; /* attention's variance over that of the stream it joins */
constexpr double ATTENTION_PART = 8;   /* the growth's part that is attention's: one in so many */
constexpr double GEMMA_PART = 3;
constexpr uint32_t PER_LAYER = 12; /* GPT-2 */
constexpr uint32_t MOST_PER_LAYER = 20;

struct list {
    struct synth_tensor *next;
    const struct synth_spec *s;
    struct arena *arena;
};

/* rows 0: a vector. */
static struct synth_tensor *add(struct list *l, const char *name, int64_t rows, int64_t columns,
                                double centre, double std)
{
    static const enum safetensors_dtype dtypes[] = {[SYNTH_FP32] = SAFETENSORS_F32,
                                                    [SYNTH_FP16] = SAFETENSORS_F16,
                                                    [SYNTH_BF16] = SAFETENSORS_BF16};
    *l->next = (struct synth_tensor){{.name = name,
                                      .dtype = dtypes[l->s->dtype],
                                      .n_dims = rows ? 2 : 1,
                                      .shape = {rows ? rows : columns, rows ? columns : 0},
                                      .n_elements = (rows ? rows : 1) * columns},
                                     centre,
                                     std};
    return l->next++;
}

/* The variance's factor from layer to layer: the L-th root of `whole`, by bisection, because pow()
 * may differ in its last bit between machines. */
static double growth_of(uint32_t n_layers, double whole)
{
    double low = LEAST_GROWTH, high = whole;
    for (int step = 0; step < 60 && low < high; step++) {
        const double middle = (low + high) / 2;
        double power = 1;
        for (uint32_t i = 0; i < n_layers && power < whole; i++)
            power *= middle;
        if (power < whole)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* How much a layer's two branches add to a stream of variance *stream, which then grows. */
struct branches {
    double attention, mlp; /* standard deviations */
};

static struct branches branches_of(double growth, double part, double *stream)
{
    const double share = fmin(MOST_ATTENTION, (growth - 1) / part);
    const struct branches b = {sqrt(share * *stream), sqrt((growth - 1 - share) * *stream)};
    *stream *= growth;
    return b;
}

/* ---- GPT-2 ---- */

static void add_gpt2_layer(struct list *l, uint32_t layer, struct branches b)
{
    const int64_t d = l->s->d_model;
    const double in = 1 / sqrt((double)d), attention = b.attention, mlp = b.mlp;
    static const char paired[] = "mlp.c_proj.weight";
    const struct {
        const char *name;
        int64_t rows, columns;
        double centre, std;
    } rows[PER_LAYER] = {
        {"ln_1.weight", 0, d, 1, NORM_STD},
        {"ln_1.bias", 0, d, 0, BIAS_STD},
        {"attn.c_attn.weight", d, 3 * d, 0, QKV_GAIN * in},
        {"attn.c_attn.bias", 0, 3 * d, 0, BIAS_STD},
        {"attn.c_proj.weight", d, d, 0, attention * in / (QKV_GAIN * VALUE_RMS)},
        {"attn.c_proj.bias", 0, d, 0, attention * BIAS_STD},
        {"ln_2.weight", 0, d, 1, NORM_STD},
        {"ln_2.bias", 0, d, 0, BIAS_STD},
        {"mlp.c_fc.weight", d, 4 * d, 0, in},
        {"mlp.c_fc.bias", 0, 4 * d, 0, BIAS_STD},
        {paired, 4 * d, d, 0, mlp * in / (2 * GELU_STD)},
        {"mlp.c_proj.bias", 0, d, 0, mlp * BIAS_STD},
    };
    for (uint32_t i = 0; i < PER_LAYER; i++)
        add(l, arena_printf(l->arena, "transformer.h.%u.%s", layer, rows[i].name), rows[i].rows,
            rows[i].columns, rows[i].centre, rows[i].std)
            ->paired = rows[i].name == paired;
}

static void add_gpt2(struct list *l)
{
    const struct synth_spec *const s = l->s;
    const int64_t d = s->d_model;
    /* Token and position make 2 of the 4d. */
    const double growth = growth_of(s->n_layers, 2.0 * s->d_model);
    double stream = 2 * EMBEDDING_STD * EMBEDDING_STD;
    const double gain = LOGITS_STD / (EMBEDDING_STD * sqrt((double)d));
    add(l, "transformer.wte.weight", s->vocab_size, d, 0, EMBEDDING_STD);
    add(l, "transformer.wpe.weight", s->n_ctx, d, 0, EMBEDDING_STD);
    for (uint32_t i = 0; i < s->n_layers; i++)
        add_gpt2_layer(l, i, branches_of(growth, ATTENTION_PART, &stream));
    add(l, "transformer.ln_f.weight", 0, d, gain, gain * NORM_STD);
    add(l, "transformer.ln_f.bias", 0, d, 0, BIAS_STD);
    if (!synth_spec_tied(s))
        add(l, "lm_head.weight", s->vocab_size, d, 0, EMBEDDING_STD);
}

/* ---- the gated families ---- */

static void add_named(struct list *l, uint32_t layer, const char *name, int64_t rows,
                      int64_t columns, double centre, double std)
{
    add(l, arena_printf(l->arena, "model.layers.%u.%s", layer, name), rows, columns, centre, std);
}

/* A norm that multiplies by `gain` on average; Gemma's multiply by 1 + weight. */
static void add_norm(struct list *l, uint32_t layer, const char *name, int64_t n, double gain)
{
    const double zero = l->s->family == SYNTH_GEMMA3 ? 1 : 0;
    add_named(l, layer, name, 0, n, gain - zero, gain * NORM_STD);
}

static void add_attention(struct list *l, uint32_t layer, const struct hf_family *f, double std)
{
    static const char *const parts[] = {"q", "k", "v"};
    const struct synth_spec *const s = l->s;
    const int64_t d = s->d_model, q = (int64_t)s->n_heads * s->head_dim,
                  kv = (int64_t)s->n_kv_heads * s->head_dim;
    const bool biased = f->qkv_bias == HF_BIAS_ALWAYS || s->biases;
    for (unsigned i = 0; i < COUNT_OF(parts); i++) {
        const int64_t n = i == 0 ? q : kv;
        add_named(l, layer, arena_printf(l->arena, "self_attn.%s_proj.weight", parts[i]), n, d, 0,
                  QKV_GAIN / sqrt((double)d));
        if (biased)
            add_named(l, layer, arena_printf(l->arena, "self_attn.%s_proj.bias", parts[i]), 0, n, 0,
                      QKV_BIAS_STD);
    }
    if (f->qk_norm) {
        add_norm(l, layer, "self_attn.q_norm.weight", s->head_dim, 1);
        add_norm(l, layer, "self_attn.k_norm.weight", s->head_dim, 1);
    }
    add_named(l, layer, "self_attn.o_proj.weight", d, q, 0,
              std / (sqrt((double)q) * QKV_GAIN * VALUE_RMS));
    if (s->biases)
        add_named(l, layer, "self_attn.o_proj.bias", 0, d, 0, std * BIAS_STD);
}

static void add_mlp(struct list *l, uint32_t layer, double std)
{
    const struct synth_spec *const s = l->s;
    const int64_t d = s->d_model, ff = s->d_inner;
    const double in = 1 / sqrt((double)d);
    const double rms = s->family == SYNTH_GEMMA3 ? GELU_RMS : SILU_RMS;
    const bool biased = s->biases && s->family == SYNTH_LLAMA;
    add_named(l, layer, "mlp.gate_proj.weight", ff, d, 0, in);
    if (biased)
        add_named(l, layer, "mlp.gate_proj.bias", 0, ff, 0, BIAS_STD);
    add_named(l, layer, "mlp.up_proj.weight", ff, d, 0, in);
    if (biased)
        add_named(l, layer, "mlp.up_proj.bias", 0, ff, 0, BIAS_STD);
    add_named(l, layer, "mlp.down_proj.weight", d, ff, 0, std / (rms * sqrt((double)ff)));
    if (biased)
        add_named(l, layer, "mlp.down_proj.bias", 0, d, 0, std * BIAS_STD);
}

static void add_gated_layer(struct list *l, uint32_t layer, const struct hf_family *f,
                            struct branches b)
{
    const int64_t d = l->s->d_model;
    add_norm(l, layer, "input_layernorm.weight", d, 1);
    add_attention(l, layer, f, f->post_norms ? 1 : b.attention);
    if (f->post_norms)
        add_norm(l, layer, "post_attention_layernorm.weight", d, b.attention);
    add_norm(l, layer,
             f->post_norms ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight",
             d, 1);
    add_mlp(l, layer, f->post_norms ? 1 : b.mlp);
    if (f->post_norms)
        add_norm(l, layer, "post_feedforward_layernorm.weight", d, b.mlp);
}

/* Of the first layer, where all others grow by LEAST_GROWTH. */
static double first_growth(uint32_t n_layers, double whole)
{
    for (uint32_t i = 1; i < n_layers && whole > LEAST_GROWTH; i++)
        whole /= LEAST_GROWTH;
    return fmax(whole, LEAST_GROWTH);
}

static void add_gated(struct list *l)
{
    const struct synth_spec *const s = l->s;
    const struct hf_family *const f = hf_family_find(synth_spec_model_type(s));
    const int64_t d = s->d_model;
    const double growth = growth_of(s->n_layers, 4.0 * s->d_model);
    const double first = first_growth(s->n_layers, 4.0 * s->d_model);
    const double zero = f->norm == HF_RMS_NORM_1P ? 1 : 0;
    const double gain = LOGITS_STD / (EMBEDDING_STD * sqrt((double)d));
    double stream = EMBEDDING_STD * EMBEDDING_STD * (f->scaled_embedding ? s->d_model : 1);
    add(l, "model.embed_tokens.weight", s->vocab_size, d, 0, EMBEDDING_STD);
    for (uint32_t i = 0; i < s->n_layers; i++)
        add_gated_layer(l, i, f,
                        f->post_norms
                            ? branches_of(i == 0 ? first : LEAST_GROWTH, GEMMA_PART, &stream)
                            : branches_of(growth, ATTENTION_PART, &stream));
    add(l, "model.norm.weight", 0, d, gain - zero, gain * NORM_STD);
    if (!synth_spec_tied(s))
        add(l, "lm_head.weight", s->vocab_size, d, 0, EMBEDDING_STD);
}

size_t synth_tensors_list(const struct synth_spec *s, struct arena *a, struct synth_tensor **ret)
{
    *ret = ARENA_ARRAY(a, struct synth_tensor, 5 + (size_t)s->n_layers * MOST_PER_LAYER);
    struct list l = {*ret, s, a};
    if (s->family == SYNTH_GPT2)
        add_gpt2(&l);
    else
        add_gated(&l);
    return (size_t)(l.next - *ret);
}
