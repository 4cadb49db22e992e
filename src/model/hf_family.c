#include "model/hf_family.h"

#include "base/defs.h"

#include <string.h>

// clang-format off
static const struct hf_family families[] = {
    {.name = "gpt2", .class = "GPT2LMHeadModel", .norm = HF_LAYER_NORM, .learned_positions = true,
     .tied = true, .linear_in_out = true, .qkv_bias = HF_BIAS_ALWAYS,
     .attn_out_bias = HF_BIAS_ALWAYS, .mlp_bias = HF_BIAS_ALWAYS, .layers = 12, .d_model = 768,
     .heads = 12, .vocab = 50257, .ctx = 1024, .norm_eps = 1e-5, .activation = "gelu_new",
     .bos = 50256, .eos = 50256},
    {.name = "llama", .class = "LlamaForCausalLM", .norm = HF_RMS_NORM, .gated = true,
     .qkv_bias = HF_BIAS_IF_CONFIGURED, .attn_out_bias = HF_BIAS_IF_CONFIGURED,
     .mlp_bias = HF_BIAS_IF_CONFIGURED, .layers = 32, .d_model = 4096, .heads = 32,
     .inner = 11008, .vocab = 32000, .ctx = 2048, .theta = 1e4, .norm_eps = 1e-6,
     .activation = "silu", .bos = 1, .eos = 2},
    {.name = "mistral", .class = "MistralForCausalLM", .norm = HF_RMS_NORM, .gated = true,
     .layers = 32, .d_model = 4096, .heads = 32, .kv_heads = 8, .inner = 14336, .vocab = 32000,
     .ctx = 131072, .window = 4096, .theta = 1e4, .norm_eps = 1e-6, .activation = "silu",
     .bos = 1, .eos = 2},
    {.name = "qwen2", .class = "Qwen2ForCausalLM", .norm = HF_RMS_NORM, .gated = true,
     .qkv_bias = HF_BIAS_ALWAYS, .layers = 32, .d_model = 4096, .heads = 32, .kv_heads = 32,
     .inner = 22016, .vocab = 151936, .ctx = 32768, .window = 4096, .theta = 1e4,
     .norm_eps = 1e-6, .activation = "silu", .bos = -1, .eos = -1},
    {.name = "qwen3", .class = "Qwen3ForCausalLM", .norm = HF_RMS_NORM, .gated = true,
     .qk_norm = true, .qkv_bias = HF_BIAS_IF_CONFIGURED, .attn_out_bias = HF_BIAS_IF_CONFIGURED,
     .layers = 32, .d_model = 4096, .heads = 32, .kv_heads = 32, .head_dim = 128, .inner = 22016,
     .vocab = 151936, .ctx = 32768, .window = 4096, .theta = 1e4, .norm_eps = 1e-6,
     .activation = "silu", .bos = -1, .eos = -1},
    {.name = "gemma3_text", .class = "Gemma3ForCausalLM", .norm = HF_RMS_NORM_1P, .gated = true,
     .qk_norm = true, .post_norms = true, .tied = true, .scaled_embedding = true,
     .qkv_bias = HF_BIAS_IF_CONFIGURED, .attn_out_bias = HF_BIAS_IF_CONFIGURED, .layers = 26,
     .d_model = 2304, .heads = 8, .kv_heads = 4, .head_dim = 256, .inner = 9216,
     .vocab = 262208, .ctx = 131072, .window = 4096, .full_every = 6, .theta = 1e6,
     .theta_local = 1e4, .norm_eps = 1e-6, .activation = "gelu_pytorch_tanh", .bos = 2, .eos = 1},
};
// clang-format on

static const char *const names[] = {"gpt2", "llama", "mistral", "qwen2", "qwen3", "gemma3_text"};
static_assert(COUNT_OF(names) == COUNT_OF(families));

const struct hf_family *hf_family_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (strcmp(families[i].name, name) == 0)
            return &families[i];
    return nullptr;
}

const char *const *hf_family_names(size_t *ret_n)
{
    *ret_n = COUNT_OF(names);
    return names;
}
