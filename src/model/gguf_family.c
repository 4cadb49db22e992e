#include "model/gguf_family.h"

#include "base/defs.h"
#include "model/checkpoint.h"
#include "model/gguf_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What an architecture of llama.cpp has; read off its src/models. */
static const struct row {
    const char *family, *architecture;
    enum hf_activation activation;
    bool interleaves;        /* rotary pairs are neighbours */
    bool out_bias, mlp_bias; /* of attention's output and of the MLP */
    bool divisors;           /* reads rope_freqs.weight */
    bool window;             /* applies a sliding window */
} rows[] = {
    {"gpt2", "gpt2", HF_GELU_TANH, .out_bias = true, .mlp_bias = true},
    {"llama", "llama", HF_SILU, .interleaves = true, .out_bias = true, .mlp_bias = true,
     .divisors = true},
    {"mistral", "llama", HF_SILU, .interleaves = true, .out_bias = true, .mlp_bias = true,
     .divisors = true},
    {"qwen2", "qwen2", HF_SILU},
    {"qwen3", "qwen3", HF_SILU},
    {"gemma3_text", "gemma3", HF_GELU_TANH, .window = true},
};

static const struct row *row_of(const struct checkpoint *m)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].family, m->config.architecture) == 0)
            return &rows[i];
    return nullptr;
}

bool gguf_family_interleaves(const struct checkpoint *m)
{
    return row_of(m)->interleaves;
}

static bool slides(const struct hf_config *c)
{
    return c->window > 0 && c->window < c->n_ctx;
}

/* Every how many layers one sees everything, the last of each period; 0: no such order. */
static uint32_t period(const struct hf_config *c)
{
    uint32_t n = 0;
    while (n < c->n_layers && c->sliding[n])
        n++;
    for (uint32_t i = 0; i < c->n_layers; i++)
        if (c->sliding[i] != (i % (n + 1) != n))
            return 0;
    return n + 1;
}

static const char *lacking(const struct hf_config *c, const struct row *r)
{
    if (c->activation != r->activation)
        return r->activation == HF_SILU ? "another activation than SiLU"
                                        : "another activation than the tanh form of GELU";
    if (c->scale_attention_by_layer || fabs(c->attention_scale * sqrt(c->head_dim) - 1) > 1e-6)
        return "attention scaled otherwise than by 1/sqrt(head size)";
    if (c->attn_softcap > 0 || c->logit_softcap > 0)
        return "a cap on logits";
    if (c->attn_out_bias && !r->out_bias)
        return "a bias of attention's output";
    if (c->mlp_bias && !r->mlp_bias)
        return "biases of the MLP";
    if (c->rope.kind == ROPE_LLAMA3 && !r->divisors)
        return "rotary embeddings scaled as llama3";
    if (c->rope.kind == ROPE_YARN && !c->rope.truncate)
        return "YaRN without whole bounds";
    if (r->window && (!slides(c) || period(c) == 0))
        return "another order of local and global layers than one global layer a period";
    return nullptr;
}

enum err_code gguf_family_check(const struct checkpoint *m, struct err *e)
{
    const struct row *const r = row_of(m);
    if (!r)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is a %s, which cannot be exported to GGUF",
                       m->folder, m->config.architecture);
    const char *const what = lacking(&m->config, r);
    return what ? err_set(e, ERR_UNSUPPORTED,
                          "'%s' has %s, which llama.cpp's architecture '%s' does not know",
                          m->folder, what, r->architecture)
                : ERR_OK;
}

/* ---- keys ---- */

struct keys {
    struct gguf_write *w;
    const char *architecture;
    char name[96];
};

static const char *key(struct keys *k, const char *name)
{
    (void)snprintf(k->name, sizeof k->name, "%s.%s", k->architecture, name);
    return k->name;
}

static void put_u32(struct keys *k, const char *name, uint32_t x)
{
    gguf_write_u32(k->w, key(k, name), x);
}

static void put_f32(struct keys *k, const char *name, double x)
{
    gguf_write_f32(k->w, key(k, name), (float)x);
}

/* Llama 3's scaling is no key but the tensor rope_freqs.weight; NTK's changes nothing within the
 * model's context. */
static void put_rope(struct keys *k, const struct rope *r, uint32_t head_dim)
{
    put_u32(k, "rope.dimension_count", head_dim);
    put_f32(k, "rope.freq_base", r->theta);
    if (r->kind != ROPE_LINEAR && r->kind != ROPE_YARN)
        return;
    gguf_write_str(k->w, key(k, "rope.scaling.type"), rope_kind_name(r->kind));
    put_f32(k, "rope.scaling.factor", r->factor);
    if (r->kind == ROPE_LINEAR)
        return;
    put_u32(k, "rope.scaling.original_context_length", r->original_ctx);
    put_f32(k, "rope.scaling.yarn_beta_fast", r->beta_fast);
    put_f32(k, "rope.scaling.yarn_beta_slow", r->beta_slow);
    /* It multiplies by YaRN's own factor itself: what is left is told. */
    const double own = rope_yarn_attention(r->factor, 0, 0);
    if (fabs(r->attention_factor / own - 1) > 1e-6)
        put_f32(k, "rope.scaling.yarn_attn_factor", r->attention_factor / own);
}

static void put_window(struct keys *k, const struct hf_config *c, const struct row *r)
{
    if (!slides(c))
        return;
    if (!r->window) {
        gguf_write_u32(k->w, "chimera.attention.window", c->window);
        return;
    }
    put_u32(k, "attention.sliding_window", c->window);
    put_u32(k, "attention.sliding_window_pattern", period(c));
    put_f32(k, "rope.freq_base_swa", c->rope_local.theta);
}

void gguf_family_put(const struct checkpoint *m, const char *name, uint32_t file_type,
                     struct gguf_write *w)
{
    const struct hf_config *const c = &m->config;
    const struct row *const r = row_of(m);
    struct keys k = {.w = w, .architecture = r->architecture};
    gguf_write_str(w, "general.architecture", r->architecture);
    gguf_write_str(w, "general.name", name);
    gguf_write_u32(w, "general.file_type", file_type);
    put_u32(&k, "context_length", c->n_ctx);
    put_u32(&k, "embedding_length", c->d_model);
    put_u32(&k, "feed_forward_length", c->d_inner);
    put_u32(&k, "block_count", c->n_layers);
    put_u32(&k, "attention.head_count", c->n_heads);
    put_f32(&k,
            c->norm == HF_LAYER_NORM ? "attention.layer_norm_epsilon"
                                     : "attention.layer_norm_rms_epsilon",
            c->norm_eps);
    if (c->learned_positions)
        return;
    put_u32(&k, "attention.head_count_kv", c->n_kv_heads);
    put_u32(&k, "attention.key_length", c->head_dim);
    put_u32(&k, "attention.value_length", c->head_dim);
    put_u32(&k, "vocab_size", c->vocab_size);
    put_rope(&k, &c->rope, c->head_dim);
    put_window(&k, c, r);
}
