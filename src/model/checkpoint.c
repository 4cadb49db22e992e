#include "model/checkpoint.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/hf_family.h"
#include "model/hf_head.h"

#include <stddef.h>

/* Sizes of a shape: a word stands for a number of the configuration. */
enum size : uint8_t { NONE, VOCAB, CTX, D, D3, INNER, Q, KV, HEAD };

/* What a model must have for the weight to be there. */
enum when : uint8_t { ALWAYS, OWN_HEAD, QKV_BIAS, OUT_BIAS, MLP_BIAS, QK_NORM, POST_NORMS };

struct row {
    const char *name;   /* nullptr: no such weight */
    enum size shape[2]; /* [outputs, inputs] */
    enum when when;
};

// clang-format off
static const struct row gpt2[CHECKPOINT_WEIGHTS] = {
    [CHECKPOINT_TOKENS]          = {"wte.weight",         {VOCAB, D}},
    [CHECKPOINT_POSITIONS]       = {"wpe.weight",         {CTX, D}},
    [CHECKPOINT_FINAL_NORM]      = {"ln_f.weight",        {D}},
    [CHECKPOINT_FINAL_NORM_BIAS] = {"ln_f.bias",          {D}},
    [CHECKPOINT_HEAD]            = {"lm_head.weight",     {VOCAB, D}, OWN_HEAD},
    [CHECKPOINT_ATTN_NORM]       = {"ln_1.weight",        {D}},
    [CHECKPOINT_ATTN_NORM_BIAS]  = {"ln_1.bias",          {D}},
    [CHECKPOINT_QKV]             = {"attn.c_attn.weight", {D3, D}},
    [CHECKPOINT_QKV_BIAS]        = {"attn.c_attn.bias",   {D3}},
    [CHECKPOINT_ATTN_OUT]        = {"attn.c_proj.weight", {D, D}},
    [CHECKPOINT_ATTN_OUT_BIAS]   = {"attn.c_proj.bias",   {D}},
    [CHECKPOINT_FFN_NORM]        = {"ln_2.weight",        {D}},
    [CHECKPOINT_FFN_NORM_BIAS]   = {"ln_2.bias",          {D}},
    [CHECKPOINT_UP]              = {"mlp.c_fc.weight",    {INNER, D}},
    [CHECKPOINT_UP_BIAS]         = {"mlp.c_fc.bias",      {INNER}},
    [CHECKPOINT_DOWN]            = {"mlp.c_proj.weight",  {D, INNER}},
    [CHECKPOINT_DOWN_BIAS]       = {"mlp.c_proj.bias",    {D}},
};
static const struct row llama[CHECKPOINT_WEIGHTS] = { /* and those that took its names */
    [CHECKPOINT_TOKENS]         = {"embed_tokens.weight",              {VOCAB, D}},
    [CHECKPOINT_FINAL_NORM]     = {"norm.weight",                      {D}},
    [CHECKPOINT_HEAD]           = {"lm_head.weight",                   {VOCAB, D}, OWN_HEAD},
    [CHECKPOINT_ATTN_NORM]      = {"input_layernorm.weight",           {D}},
    [CHECKPOINT_Q]              = {"self_attn.q_proj.weight",          {Q, D}},
    [CHECKPOINT_Q_BIAS]         = {"self_attn.q_proj.bias",            {Q}, QKV_BIAS},
    [CHECKPOINT_K]              = {"self_attn.k_proj.weight",          {KV, D}},
    [CHECKPOINT_K_BIAS]         = {"self_attn.k_proj.bias",            {KV}, QKV_BIAS},
    [CHECKPOINT_V]              = {"self_attn.v_proj.weight",          {KV, D}},
    [CHECKPOINT_V_BIAS]         = {"self_attn.v_proj.bias",            {KV}, QKV_BIAS},
    [CHECKPOINT_Q_NORM]         = {"self_attn.q_norm.weight",          {HEAD}, QK_NORM},
    [CHECKPOINT_K_NORM]         = {"self_attn.k_norm.weight",          {HEAD}, QK_NORM},
    [CHECKPOINT_ATTN_OUT]       = {"self_attn.o_proj.weight",          {D, Q}},
    [CHECKPOINT_ATTN_OUT_BIAS]  = {"self_attn.o_proj.bias",            {D}, OUT_BIAS},
    [CHECKPOINT_ATTN_POST_NORM] = {"post_attention_layernorm.weight",  {D}, POST_NORMS}, /* Gemma 3 */
    [CHECKPOINT_FFN_NORM]       = {"post_attention_layernorm.weight",  {D}}, /* the others */
    [CHECKPOINT_GATE]           = {"mlp.gate_proj.weight",             {INNER, D}},
    [CHECKPOINT_GATE_BIAS]      = {"mlp.gate_proj.bias",               {INNER}, MLP_BIAS},
    [CHECKPOINT_UP]             = {"mlp.up_proj.weight",               {INNER, D}},
    [CHECKPOINT_UP_BIAS]        = {"mlp.up_proj.bias",                 {INNER}, MLP_BIAS},
    [CHECKPOINT_DOWN]           = {"mlp.down_proj.weight",             {D, INNER}},
    [CHECKPOINT_DOWN_BIAS]      = {"mlp.down_proj.bias",               {D}, MLP_BIAS},
    [CHECKPOINT_FFN_POST_NORM]  = {"post_feedforward_layernorm.weight", {D}, POST_NORMS},
};
static const struct row gemma_ffn_norm = {"pre_feedforward_layernorm.weight", {D}};
// clang-format on

static int64_t size_of(const struct hf_config *c, enum size s)
{
    switch (s) {
    case VOCAB:
        return c->vocab_size;
    case CTX:
        return c->n_ctx;
    case D:
        return c->d_model;
    case D3:
        return 3 * (int64_t)c->d_model;
    case INNER:
        return c->d_inner;
    case Q:
        return (int64_t)c->n_heads * c->head_dim;
    case KV:
        return (int64_t)c->n_kv_heads * c->head_dim;
    case HEAD:
        return c->head_dim;
    case NONE:
        break;
    }
    return 1;
}

bool checkpoint_is_layered(enum checkpoint_weight w)
{
    return w >= CHECKPOINT_ATTN_NORM;
}

bool checkpoint_is_linear(enum checkpoint_weight w)
{
    return checkpoint_is_layered(w) && (gpt2[w].shape[1] != NONE || llama[w].shape[1] != NONE);
}

static bool has(const struct checkpoint *m, enum when when)
{
    const struct hf_config *const c = &m->config;
    switch (when) {
    case ALWAYS:
        return true;
    case OWN_HEAD:
        return !m->tied;
    case QKV_BIAS:
        return c->qkv_bias;
    case OUT_BIAS:
        return c->attn_out_bias;
    case MLP_BIAS:
        return c->mlp_bias;
    case QK_NORM:
        return c->qk_norm;
    case POST_NORMS:
        return c->post_norms;
    }
    unreachable();
}

/* nullptr: this model has no such weight. */
static const struct row *row_of(const struct checkpoint *m, enum checkpoint_weight w)
{
    const struct row *const r = m->config.learned_positions                        ? &gpt2[w]
                                : m->config.post_norms && w == CHECKPOINT_FFN_NORM ? &gemma_ffn_norm
                                                                                   : &llama[w];
    return r->name && has(m, r->when) ? r : nullptr;
}

static enum err_code check(const struct checkpoint *m, enum checkpoint_weight w,
                           const struct row *r, const struct safetensors_tensor *t, struct err *e)
{
    const uint32_t n_dims = r->shape[1] == NONE ? 1 : 2;
    const bool turned = m->linear_in_out && checkpoint_is_linear(w);
    const int64_t rows = size_of(&m->config, r->shape[turned]),
                  columns = size_of(&m->config, r->shape[!turned]);
    const bool right =
        t->n_dims == n_dims && t->shape[0] == rows && (n_dims == 1 || t->shape[1] == columns);
    if (!right)
        return err_set(e, ERR_PARSE,
                       "'%s': %s has %u dimensions and %lld elements, and config.json promises "
                       "%lld x %lld",
                       m->file->path, t->name, t->n_dims, (long long)t->n_elements, (long long)rows,
                       (long long)columns);
    if (t->dtype != SAFETENSORS_F32 && t->dtype != SAFETENSORS_F16 &&
        t->dtype != SAFETENSORS_BF16 && t->dtype != SAFETENSORS_F64)
        return err_set(e, ERR_UNSUPPORTED, "'%s': %s is stored as %s; only float weights are read",
                       m->file->path, t->name, safetensors_dtype_name(t->dtype));
    return ERR_OK;
}

/* Checkpoints name their weights with and without the base model in front. */
static const struct safetensors_tensor *find(const struct checkpoint *m, struct arena *a,
                                             const char *name)
{
    const char *const base = m->config.learned_positions ? "transformer" : "model";
    const struct safetensors_tensor *const t =
        safetensors_find(m->file, arena_printf(a, "%s.%s", base, name));
    return t ? t : safetensors_find(m->file, name);
}

static size_t slot_of(enum checkpoint_weight w, uint32_t layer)
{
    const size_t per_layer = CHECKPOINT_WEIGHTS - CHECKPOINT_ATTN_NORM;
    return w + (checkpoint_is_layered(w) ? per_layer * layer : 0);
}

static enum err_code find_one(struct checkpoint *m, struct arena *a, enum checkpoint_weight w,
                              uint32_t layer, struct err *e)
{
    const struct row *const r = row_of(m, w);
    if (!r)
        return ERR_OK;
    const char *const layers = m->config.learned_positions ? "h" : "layers";
    const char *const name =
        checkpoint_is_layered(w) ? arena_printf(a, "%s.%u.%s", layers, layer, r->name) : r->name;
    const struct safetensors_tensor *const t =
        w == CHECKPOINT_TOKENS ? m->weights[w] : find(m, a, name);
    if (!t)
        return err_set(e, ERR_PARSE, "'%s' has no weight '%s'", m->file->path, name);
    if (check(m, w, r, t, e))
        return e->code;
    m->weights[slot_of(w, layer)] = t;
    m->params += t->n_elements;
    return ERR_OK;
}

static enum err_code find_all(struct checkpoint *m, struct arena *a, struct err *e)
{
    const uint32_t n_layers = m->config.n_layers;
    struct hf_head head;
    if (hf_head_find(m->file, &m->config, &head, e))
        return e->code;
    m->tied = head.tied;
    m->weights = arena_alloc(a, slot_of(CHECKPOINT_ATTN_NORM, n_layers), sizeof *m->weights);
    m->weights[CHECKPOINT_TOKENS] = head.tokens;
    for (enum checkpoint_weight w = 0; w < CHECKPOINT_ATTN_NORM; w++)
        if (find_one(m, a, w, 0, e))
            return e->code;
    for (uint32_t l = 0; l < n_layers; l++)
        for (enum checkpoint_weight w = CHECKPOINT_ATTN_NORM; w < CHECKPOINT_WEIGHTS; w++)
            if (find_one(m, a, w, l, e))
                return e->code;
    return ERR_OK;
}

enum err_code checkpoint_open(const char *folder, struct arena *a, struct checkpoint *ret,
                              struct err *e)
{
    struct checkpoint m = {.folder = arena_strdup(a, folder)};
    if (hf_config_read(folder, a, &m.config, e))
        return e->code;
    if (m.config.unsupported)
        return err_set(e, ERR_UNSUPPORTED, "'%s' cannot be exported: chimera does not know %s",
                       folder, m.config.unsupported);
    m.linear_in_out = hf_family_find(m.config.architecture)->linear_in_out;
    if (safetensors_open(folder, a, &m.file, e))
        return e->code;
    if (find_all(&m, a, e)) {
        checkpoint_done(&m);
        return e->code;
    }
    *ret = m;
    return ERR_OK;
}

void checkpoint_done(struct checkpoint *m)
{
    safetensors_closep(&m->file);
}

const struct safetensors_tensor *checkpoint_weight(const struct checkpoint *m,
                                                   enum checkpoint_weight w, uint32_t layer)
{
    return m->weights[slot_of(w, layer)];
}
