#include "model/synth_config.h"

#include "base/str.h"
#include "io/jsonw.h"
#include "model/hf_family.h"
#include "model/synth_spec.h"

/* The numbers of a scaled rope: those of Llama 3.1 and of Qwen2's long contexts; the context before
 * scaling is a quarter, so that a short test is beyond it. */
constexpr double LLAMA3_FACTOR = 8;
constexpr double LOW_FREQ_FACTOR = 1;
constexpr double HIGH_FREQ_FACTOR = 4;
constexpr double OTHER_FACTOR = 4;

static const char *dtype_name(const struct synth_spec *s)
{
    return s->dtype == SYNTH_FP16 ? "float16" : s->dtype == SYNTH_BF16 ? "bfloat16" : "float32";
}

static void gpt2(const struct synth_spec *s, const char *name, unsigned begin, unsigned end,
                 struct jsonw *w)
{
    jsonw_object(w);
    jsonw_karray(w, "architectures");
    jsonw_str(w, "GPT2LMHeadModel");
    jsonw_end_array(w);
    jsonw_kstr(w, "model_type", "gpt2");
    jsonw_kstr(w, "chimera_synth", name);
    jsonw_ki64(w, "n_layer", s->n_layers);
    jsonw_ki64(w, "n_embd", s->d_model);
    jsonw_ki64(w, "n_head", s->n_heads);
    jsonw_key(w, "n_inner");
    jsonw_null(w);
    jsonw_ki64(w, "vocab_size", s->vocab_size);
    jsonw_ki64(w, "n_positions", s->n_ctx);
    jsonw_ki64(w, "n_ctx", s->n_ctx);
    jsonw_kstr(w, "activation_function", "gelu_new");
    jsonw_kf64(w, "layer_norm_epsilon", 1e-5);
    jsonw_kf64(w, "initializer_range", 0.02);
    jsonw_kf64(w, "attn_pdrop", 0);
    jsonw_kf64(w, "embd_pdrop", 0);
    jsonw_kf64(w, "resid_pdrop", 0);
    jsonw_kbool(w, "scale_attn_weights", true);
    jsonw_kbool(w, "scale_attn_by_inverse_layer_idx", false);
    jsonw_kbool(w, "tie_word_embeddings", synth_spec_tied(s));
    jsonw_ki64(w, "bos_token_id", begin);
    jsonw_ki64(w, "eos_token_id", end);
    jsonw_kstr(w, "torch_dtype", dtype_name(s));
    jsonw_kbool(w, "use_cache", true);
    jsonw_end_object(w);
}

static double theta_of(const struct synth_spec *s)
{
    switch (s->family) {
    case SYNTH_LLAMA:
        return 5e5;
    case SYNTH_MISTRAL:
        return 1e4;
    case SYNTH_QWEN2:
    case SYNTH_QWEN3:
    case SYNTH_GEMMA3:
        return 1e6;
    case SYNTH_GPT2:
    case SYNTH_FAMILIES:
        break;
    }
    return 0;
}

static void rope(const struct synth_spec *s, const char *key, double theta, enum rope_kind kind,
                 struct jsonw *w)
{
    jsonw_kobject(w, key);
    if (kind != ROPE_DEFAULT)
        jsonw_kf64(w, "factor", kind == ROPE_LLAMA3 ? LLAMA3_FACTOR : OTHER_FACTOR);
    if (kind == ROPE_LLAMA3) {
        jsonw_kf64(w, "high_freq_factor", HIGH_FREQ_FACTOR);
        jsonw_kf64(w, "low_freq_factor", LOW_FREQ_FACTOR);
    }
    if (kind == ROPE_LLAMA3 || kind == ROPE_YARN)
        jsonw_ki64(w, "original_max_position_embeddings", s->n_ctx / 4);
    jsonw_kf64(w, "rope_theta", theta);
    jsonw_kstr(w, "rope_type", rope_kind_name(kind));
    jsonw_end_object(w);
}

static void ropes(const struct synth_spec *s, const struct hf_family *f, struct jsonw *w)
{
    if (f->theta_local == 0) {
        rope(s, "rope_parameters", theta_of(s), s->rope, w);
        return;
    }
    jsonw_kobject(w, "rope_parameters");
    rope(s, "full_attention", theta_of(s), s->rope, w);
    rope(s, "sliding_attention", f->theta_local, ROPE_DEFAULT, w);
    jsonw_end_object(w);
}

static void layer_types(const struct synth_spec *s, struct jsonw *w)
{
    jsonw_karray(w, "layer_types");
    for (uint32_t i = 0; i < s->n_layers; i++)
        jsonw_str(w, synth_spec_slides(s, i) ? "sliding_attention" : "full_attention");
    jsonw_end_array(w);
}

static void window(const struct synth_spec *s, struct jsonw *w)
{
    const bool qwen = s->family == SYNTH_QWEN2 || s->family == SYNTH_QWEN3;
    if (s->family == SYNTH_LLAMA)
        return;
    if (qwen)
        jsonw_ki64(w, "max_window_layers", s->window ? s->n_layers / 2 : s->n_layers);
    if (qwen || s->family == SYNTH_GEMMA3)
        layer_types(s, w);
    if (qwen)
        jsonw_kbool(w, "use_sliding_window", s->window > 0);
    jsonw_key(w, "sliding_window");
    if (s->window)
        jsonw_i64(w, s->window);
    else
        jsonw_null(w);
}

static void shape(const struct synth_spec *s, const struct hf_family *f, struct jsonw *w)
{
    jsonw_ki64(w, "num_hidden_layers", s->n_layers);
    jsonw_ki64(w, "hidden_size", s->d_model);
    jsonw_ki64(w, "intermediate_size", s->d_inner);
    jsonw_ki64(w, "num_attention_heads", s->n_heads);
    jsonw_ki64(w, "num_key_value_heads", s->n_kv_heads);
    jsonw_ki64(w, "head_dim", s->head_dim);
    jsonw_ki64(w, "vocab_size", s->vocab_size);
    jsonw_ki64(w, "max_position_embeddings", s->n_ctx);
    jsonw_kf64(w, "rms_norm_eps", f->norm_eps);
    jsonw_kstr(w, f->post_norms ? "hidden_activation" : "hidden_act", f->activation);
    if (f->qkv_bias == HF_BIAS_IF_CONFIGURED)
        jsonw_kbool(w, "attention_bias", s->biases);
    if (f->mlp_bias == HF_BIAS_IF_CONFIGURED)
        jsonw_kbool(w, "mlp_bias", s->biases);
}

static void gated(const struct synth_spec *s, const char *name, unsigned begin, unsigned end,
                  struct jsonw *w)
{
    const struct hf_family *const f = hf_family_find(synth_spec_model_type(s));
    jsonw_object(w);
    jsonw_karray(w, "architectures");
    jsonw_str(w, f->class);
    jsonw_end_array(w);
    jsonw_kstr(w, "model_type", f->name);
    jsonw_kstr(w, "chimera_synth", name);
    shape(s, f, w);
    jsonw_kf64(w, "attention_dropout", 0);
    jsonw_kf64(w, "initializer_range", 0.02);
    ropes(s, f, w);
    window(s, w);
    if (f->post_norms) {
        jsonw_ki64(w, "query_pre_attn_scalar", s->head_dim);
        jsonw_key(w, "attn_logit_softcapping");
        jsonw_null(w);
        jsonw_key(w, "final_logit_softcapping");
        jsonw_null(w);
    }
    jsonw_kbool(w, "tie_word_embeddings", synth_spec_tied(s));
    jsonw_ki64(w, "bos_token_id", begin);
    jsonw_ki64(w, "eos_token_id", end);
    jsonw_key(w, "pad_token_id");
    jsonw_null(w);
    jsonw_kstr(w, "dtype", dtype_name(s));
    jsonw_kbool(w, "use_cache", true);
    jsonw_end_object(w);
}

void synth_config_write(const struct synth_spec *s, const char *name, unsigned begin, unsigned end,
                        struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    if (s->family == SYNTH_GPT2)
        gpt2(s, name, begin, end, &w);
    else
        gated(s, name, begin, end, &w);
    str_putc(out, '\n');
}
