#include "model/hf_config.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/nearest.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "model/hf_family.h"
#include "model/hf_reader.h"
#include "model/hf_rope.h"

#include <math.h>
#include <string.h>

constexpr uint32_t MOST_LAYERS = 1U << 16;

static enum hf_activation activation_of(const char *name)
{
    static const struct {
        const char *name;
        enum hf_activation a;
    } known[] = {
        {"gelu_new", HF_GELU_TANH},  {"gelu_pytorch_tanh", HF_GELU_TANH},
        {"gelu_fast", HF_GELU_TANH}, {"gelu", HF_GELU_ERF},
        {"relu", HF_RELU},           {"silu", HF_SILU},
        {"swish", HF_SILU},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].a;
    return HF_ACTIVATION_OTHER;
}

static enum err_code read_activation(const struct hf_reader *r, const struct hf_family *f,
                                     struct arena *a, struct hf_config *c, struct err *e)
{
    static const char *const all[] = {"activation_function", "hidden_activation", "hidden_act",
                                      nullptr};
    static const char *const gemma[] = {"hidden_activation", nullptr};
    const bool is_gemma = f && f->norm == HF_RMS_NORM_1P; /* whose hidden_act nobody reads */
    if (hf_reader_name(r, is_gemma ? gemma : all, f ? f->activation : nullptr, a,
                       &c->activation_name, e))
        return e->code;
    c->activation = c->activation_name ? activation_of(c->activation_name) : HF_ACTIVATION_OTHER;
    if (f && c->activation == HF_ACTIVATION_OTHER && !c->unsupported)
        c->unsupported = arena_printf(a, "the activation '%s'", c->activation_name);
    return ERR_OK;
}

static enum err_code read_rest(const struct hf_reader *r, const struct hf_family *f,
                               struct arena *a, struct hf_config *c, struct err *e)
{
    static const char *const epsilons[] = {"layer_norm_epsilon", "layer_norm_eps", "rms_norm_eps",
                                           nullptr};
    static const char *const dtypes[] = {"dtype", "torch_dtype", nullptr};
    c->synth = json_str(json_get(r->root, "chimera_synth"), nullptr);
    if (hf_reader_number(r, epsilons, 0, f ? f->norm_eps : 0, &c->norm_eps, e) ||
        read_activation(r, f, a, c, e) || hf_reader_name(r, dtypes, nullptr, a, &c->dtype, e) ||
        hf_reader_bool(r, "tie_word_embeddings", f && f->tied, &c->tie_word_embeddings, e) ||
        hf_reader_token(r, "bos_token_id", f ? f->bos : -1, &c->bos_token_id, e) ||
        hf_reader_token(r, "eos_token_id", f ? f->eos : -1, &c->eos_token_id, e))
        return e->code;
    return ERR_OK;
}

/* f: nullptr where the family is none of ours. */
static enum err_code read_shape(const struct hf_reader *r, const struct hf_family *f,
                                struct hf_config *c, struct err *e)
{
    static const char *const layers[] = {"n_layer", "num_hidden_layers", nullptr};
    static const char *const widths[] = {"n_embd", "hidden_size", nullptr};
    static const char *const heads[] = {"n_head", "num_attention_heads", nullptr};
    static const char *const kv_heads[] = {"num_key_value_heads", nullptr};
    static const char *const head_dims[] = {"head_dim", nullptr};
    static const char *const inner[] = {"n_inner", "intermediate_size", nullptr};
    static const char *const vocabularies[] = {"vocab_size", nullptr};
    static const char *const contexts[] = {"n_positions", "n_ctx", "max_position_embeddings",
                                           nullptr};
    static const struct hf_family unknown = {};
    const struct hf_family *const o = f ? f : &unknown;
    if (hf_reader_count(r, layers, o->layers, &c->n_layers, e) ||
        hf_reader_count(r, widths, o->d_model, &c->d_model, e) ||
        hf_reader_count(r, heads, o->heads, &c->n_heads, e) ||
        hf_reader_count(r, kv_heads, o->kv_heads ? o->kv_heads : c->n_heads, &c->n_kv_heads, e) ||
        hf_reader_count(r, head_dims,
                        o->head_dim  ? o->head_dim
                        : c->n_heads ? c->d_model / c->n_heads
                                     : 0,
                        &c->head_dim, e) ||
        hf_reader_count(r, inner, f && !o->inner ? 4 * (int64_t)c->d_model : o->inner, &c->d_inner,
                        e) ||
        hf_reader_count(r, vocabularies, o->vocab, &c->vocab_size, e) ||
        hf_reader_count(r, contexts, o->ctx, &c->n_ctx, e))
        return e->code;
    return ERR_OK;
}

/* What of a shape cannot be, whoever reads it. */
static enum err_code check_shape(const struct hf_reader *r, const struct hf_family *f,
                                 const struct hf_config *c, struct err *e)
{
    if (f->learned_positions && c->d_model % c->n_heads)
        return err_set(e, ERR_PARSE, "%s: n_embd %u is no multiple of n_head %u", r->path,
                       c->d_model, c->n_heads);
    if (!f->head_dim && !json_get(r->root, "head_dim") && c->d_model % c->n_heads)
        return err_set(e, ERR_PARSE,
                       "%s: hidden_size %u is no multiple of num_attention_heads %u, and there is "
                       "no head_dim",
                       r->path, c->d_model, c->n_heads);
    if (c->n_heads % c->n_kv_heads)
        return err_set(e, ERR_PARSE,
                       "%s: num_attention_heads %u is no multiple of num_key_value_heads %u",
                       r->path, c->n_heads, c->n_kv_heads);
    if (!f->learned_positions && c->head_dim % 2)
        return err_set(e, ERR_PARSE, "%s: head_dim %u is odd, and a rotary embedding turns pairs",
                       r->path, c->head_dim);
    if (c->n_layers > MOST_LAYERS)
        return err_set(e, ERR_PARSE, "%s: %u layers; at most %u are read", r->path, c->n_layers,
                       MOST_LAYERS);
    return ERR_OK;
}

static enum err_code read_bias(const struct hf_reader *r, enum hf_bias when, const char *key,
                               bool *ret, struct err *e)
{
    *ret = when == HF_BIAS_ALWAYS;
    return when == HF_BIAS_IF_CONFIGURED ? hf_reader_bool(r, key, false, ret, e) : ERR_OK;
}

/* How far the sliding layers see: 0 where the configuration switches it off. */
static enum err_code read_window(const struct hf_reader *r, const struct hf_family *f,
                                 struct hf_config *c, struct err *e)
{
    static const char *const keys[] = {"sliding_window", nullptr};
    bool used = f->window > 0;
    if (strncmp(f->name, "qwen", 4) == 0 &&
        hf_reader_bool(r, "use_sliding_window", false, &used, e))
        return e->code;
    if (!used || json_is_null(json_get(r->root, "sliding_window")))
        return ERR_OK;
    return hf_reader_count(r, keys, f->window, &c->window, e);
}

static enum err_code read_layer_types(const struct hf_reader *r, const struct json *types,
                                      struct arena *a, struct hf_config *c, bool *sliding,
                                      struct err *e)
{
    if (json_len(types) != c->n_layers)
        return err_set(e, ERR_PARSE, "%s:%u: 'layer_types' must be a list of %u words", r->path,
                       hf_reader_line(r, "layer_types"), c->n_layers);
    size_t i = 0;
    const struct json *v;
    for (struct json_iter it = json_iter(types); (v = json_next(&it, &(const char *){}));) {
        const char *const name = json_str(v, "");
        sliding[i] = strcmp(name, "sliding_attention") == 0;
        if (!sliding[i] && strcmp(name, "full_attention") != 0 && !c->unsupported)
            c->unsupported = arena_printf(a, "the layer type '%s' of layer %zu", name, i);
        i++;
    }
    return ERR_OK;
}

/* Which layers slide: as layer_types lists them, or by the family's older keys. */
static enum err_code read_sliding(const struct hf_reader *r, const struct hf_family *f,
                                  struct arena *a, struct hf_config *c, struct err *e)
{
    static const char *const first[] = {"max_window_layers", nullptr};
    static const char *const every[] = {"sliding_window_pattern", nullptr};
    bool *const sliding = ARENA_ARRAY(a, bool, c->n_layers);
    const struct json *const types = json_get(r->root, "layer_types");
    const bool qwen = strncmp(f->name, "qwen", 4) == 0;
    uint32_t from = 0, pattern = 0;
    c->sliding = sliding;
    if (f->window && read_window(r, f, c, e))
        return e->code;
    if (json_is_array(types) && (qwen || f->full_every)) {
        if (read_layer_types(r, types, a, c, sliding, e))
            return e->code;
    } else if (f->window) {
        if (hf_reader_count(r, first, 28, &from, e) ||
            hf_reader_count(r, every, f->full_every, &pattern, e))
            return e->code;
        for (uint32_t i = 0; i < c->n_layers; i++)
            sliding[i] = f->full_every ? (i + 1) % pattern != 0 : c->window && (!qwen || i >= from);
    }
    bool any = false;
    for (uint32_t i = 0; i < c->n_layers; i++)
        any = any || sliding[i];
    if (any && !c->window)
        return err_set(e, ERR_PARSE, "%s: layers slide, but there is no 'sliding_window'", r->path);
    if (!any)
        c->window = 0;
    return ERR_OK;
}

static enum err_code read_attention(const struct hf_reader *r, const struct hf_family *f,
                                    struct arena *a, struct hf_config *c, struct err *e)
{
    static const char *const scalars[] = {"query_pre_attn_scalar", nullptr};
    static const char *const attn_caps[] = {"attn_logit_softcapping", nullptr};
    static const char *const logit_caps[] = {"final_logit_softcapping", nullptr};
    bool scaled = true, both_ways = false;
    double scalar = c->head_dim;
    if (f->learned_positions && (hf_reader_bool(r, "scale_attn_weights", true, &scaled, e) ||
                                 hf_reader_bool(r, "scale_attn_by_inverse_layer_idx", false,
                                                &c->scale_attention_by_layer, e)))
        return e->code;
    if (f->post_norms && (hf_reader_number(r, scalars, 1e-9, 256, &scalar, e) ||
                          hf_reader_number(r, attn_caps, 0, 0, &c->attn_softcap, e) ||
                          hf_reader_number(r, logit_caps, 0, 0, &c->logit_softcap, e) ||
                          hf_reader_bool(r, "use_bidirectional_attention", false, &both_ways, e)))
        return e->code;
    if (both_ways && !c->unsupported)
        c->unsupported = "attention in both directions (use_bidirectional_attention)";
    c->attention_scale = scaled ? 1 / sqrt(scalar) : 1;
    if (read_bias(r, f->qkv_bias, "attention_bias", &c->qkv_bias, e) ||
        read_bias(r, f->attn_out_bias, "attention_bias", &c->attn_out_bias, e) ||
        read_bias(r, f->mlp_bias, "mlp_bias", &c->mlp_bias, e) || read_sliding(r, f, a, c, e))
        return e->code;
    return f->learned_positions ? ERR_OK : hf_rope_read(r, f, a, c, e);
}

static enum err_code read_family(const struct hf_reader *r, const struct hf_family *f,
                                 struct arena *a, struct hf_config *c, struct err *e)
{
    if (check_shape(r, f, c, e))
        return e->code;
    c->norm = f->norm;
    c->learned_positions = f->learned_positions;
    c->gated = f->gated;
    c->qk_norm = f->qk_norm;
    c->post_norms = f->post_norms;
    c->embedding_scale = f->scaled_embedding ? sqrt((double)c->d_model) : 1;
    return read_attention(r, f, a, c, e);
}

/* Why an architecture that is none of ours is not exported. */
static const char *not_ours(const char *name, struct arena *a)
{
    size_t n;
    const char *const *const names = hf_family_names(&n);
    const char *near = nearest_word(name, names, n);
    CLEANUP(str_done) struct str list = {};
    for (size_t i = 0; i < n; i++)
        str_printf(&list, "%s%s", i ? ", " : "", names[i]);
    if (strcmp(name, "gemma3") == 0)
        near = "gemma3_text";
    return near ? arena_printf(a, "the architecture '%s' (nearest: %s; known are %s)", name, near,
                               str_text(&list))
                : arena_printf(a, "the architecture '%s' (known are %s)", name, str_text(&list));
}

enum err_code hf_config_read(const char *folder, struct arena *a, struct hf_config *ret,
                             struct err *e)
{
    char *const path = file_join(a, folder, "config.json"), *text;
    size_t n;
    struct hf_reader r = {.path = path};
    if (file_read(path, a, &text, &n, e) || json_parse(text, n, path, a, &r.root, e))
        return e->code;
    r.text = text;
    const struct json *const type = json_get(r.root, "model_type");
    if (!json_is_str(type))
        return err_set(e, ERR_PARSE,
                       "%s: 'model_type' is missing: not a Hugging Face model's config", path);
    struct hf_config c = {.architecture = json_str(type, "")};
    const struct hf_family *const f = hf_family_find(c.architecture);
    if (!f)
        c.unsupported = not_ours(c.architecture, a);
    if (read_shape(&r, f, &c, e) || read_rest(&r, f, a, &c, e) ||
        (f && read_family(&r, f, a, &c, e)))
        return e->code;
    *ret = c;
    return ERR_OK;
}
