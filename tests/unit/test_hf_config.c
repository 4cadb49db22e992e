/* want: transformers 5.12's own reading of the same texts (AutoConfig.from_pretrained, then the
 * attributes), by tests/oracle/hf_config.py.
 */
#include "model/hf_config.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *a;
static const char *folder;

static enum err_code read_text(const char *json, struct hf_config *ret, struct err *e)
{
    return file_write(file_join(a, folder, "config.json"), json, strlen(json), e)
               ? e->code
               : hf_config_read(folder, a, ret, e);
}

/* "1001": which layers slide. */
static const char *flags(const struct hf_config *c)
{
    char *const out = ARENA_ARRAY(a, char, c->n_layers + 1);
    for (uint32_t i = 0; i < c->n_layers; i++)
        out[i] = c->window && c->sliding[i] ? '1' : '0';
    return out;
}

#define SHAPE                                                                                      \
    "\"hidden_size\":64,\"num_hidden_layers\":3,\"num_attention_heads\":4,"                        \
    "\"max_position_embeddings\":256,\"vocab_size\":300"

static const struct {
    const char *label, *json;
    uint32_t n_kv_heads, head_dim, d_inner;
    enum rope_kind kind;
    double theta, theta_local, factor, attention_factor;
    uint32_t original_ctx, window;
    const char *sliding;
    double attention_scale, embedding_scale;
    bool tied, qkv_bias;
} rows[] = {
    {"llama, what is left out", "{\"model_type\":\"llama\"," SHAPE "}", 4, 16, 11008, ROPE_DEFAULT,
     1e4, 1e4, 1, 1, 256, 0, "000", 0.25, 1, false, false},
    {"llama 3.1, the older spelling",
     "{\"model_type\":\"llama\"," SHAPE ",\"num_key_value_heads\":2,\"rope_theta\":500000.0,"
     "\"rope_scaling\":{\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
     "\"original_max_position_embeddings\":64,\"rope_type\":\"llama3\"}}",
     2, 16, 11008, ROPE_LLAMA3, 5e5, 5e5, 8, 1, 64, 0, "000", 0.25, 1, false, false},
    {"llama 3.1, transformers 5's",
     "{\"model_type\":\"llama\"," SHAPE ",\"num_key_value_heads\":2,"
     "\"rope_parameters\":{\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
     "\"original_max_position_embeddings\":64,\"rope_theta\":500000.0,\"rope_type\":\"llama3\"}}",
     2, 16, 11008, ROPE_LLAMA3, 5e5, 5e5, 8, 1, 64, 0, "000", 0.25, 1, false, false},
    {"the oldest spelling of linear",
     "{\"model_type\":\"llama\"," SHAPE ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.0}}",
     4, 16, 11008, ROPE_LINEAR, 1e4, 1e4, 2, 1, 256, 0, "000", 0.25, 1, false, false},
    {"yarn infers its attention factor",
     "{\"model_type\":\"qwen2\"," SHAPE ",\"num_key_value_heads\":2,\"rope_theta\":1000000.0,"
     "\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4.0,\"original_max_position_embeddings\":64}}",
     2, 16, 22016, ROPE_YARN, 1e6, 1e6, 4, 1.138629436111989, 64, 0, "000", 0.25, 1, false, true},
    {"mistral without the key slides in 4096",
     "{\"model_type\":\"mistral\"," SHAPE ",\"num_key_value_heads\":2}", 2, 16, 14336, ROPE_DEFAULT,
     1e4, 1e4, 1, 1, 256, 4096, "111", 0.25, 1, false, false},
    {"mistral with null does not slide",
     "{\"model_type\":\"mistral\"," SHAPE ",\"num_key_value_heads\":2,\"sliding_window\":null}", 2,
     16, 14336, ROPE_DEFAULT, 1e4, 1e4, 1, 1, 256, 0, "000", 0.25, 1, false, false},
    {"qwen2 slides from max_window_layers on",
     "{\"model_type\":\"qwen2\"," SHAPE ",\"num_key_value_heads\":2,\"use_sliding_window\":true,"
     "\"sliding_window\":8,\"max_window_layers\":1}",
     2, 16, 22016, ROPE_DEFAULT, 1e4, 1e4, 1, 1, 256, 8, "011", 0.25, 1, false, true},
    {"qwen2 does not slide unless it is said",
     "{\"model_type\":\"qwen2\"," SHAPE ",\"num_key_value_heads\":2,\"sliding_window\":8}", 2, 16,
     22016, ROPE_DEFAULT, 1e4, 1e4, 1, 1, 256, 0, "000", 0.25, 1, false, true},
    {"qwen3 has heads of 128",
     "{\"model_type\":\"qwen3\"," SHAPE ",\"num_key_value_heads\":2,\"tie_word_embeddings\":true}",
     2, 128, 22016, ROPE_DEFAULT, 1e4, 1e4, 1, 1, 256, 0, "000", 0.088388347648318447, 1, true,
     false},
    {"gemma3, what is left out", "{\"model_type\":\"gemma3_text\"," SHAPE "}", 4, 256, 9216,
     ROPE_DEFAULT, 1e6, 1e4, 1, 1, 256, 4096, "111", 0.0625, 8, true, false},
    {"gemma3, the older spelling",
     "{\"model_type\":\"gemma3_text\"," SHAPE ",\"sliding_window\":16,\"sliding_window_pattern\":2,"
     "\"query_pre_attn_scalar\":64,\"rope_theta\":500000.0,\"rope_local_base_freq\":2000.0,"
     "\"rope_scaling\":{\"rope_type\":\"linear\",\"factor\":8.0}}",
     4, 256, 9216, ROPE_LINEAR, 5e5, 2e3, 8, 1, 256, 16, "101", 0.125, 8, true, false},
    {"gemma3, transformers 5's",
     "{\"model_type\":\"gemma3_text\"," SHAPE ",\"sliding_window\":16,"
     "\"layer_types\":[\"full_attention\",\"sliding_attention\",\"sliding_attention\"],"
     "\"rope_parameters\":{\"full_attention\":{\"rope_theta\":500000.0,\"rope_type\":\"linear\","
     "\"factor\":8.0},\"sliding_attention\":{\"rope_theta\":2000.0,\"rope_type\":\"default\"}}}",
     4, 256, 9216, ROPE_LINEAR, 5e5, 2e3, 8, 1, 256, 16, "011", 0.0625, 8, true, false},
};

static bool near(double x, double y)
{
    return fabs(x - y) <= 1e-12 * fabs(y);
}

static void check_row(size_t i)
{
    struct err e = {};
    struct hf_config c = {};
    const bool done = !read_text(rows[i].json, &c, &e) && !c.unsupported;
    const char *const sliding = done ? flags(&c) : "";
    CHECK(rows[i].label,
          done && c.n_kv_heads == rows[i].n_kv_heads && c.head_dim == rows[i].head_dim &&
              c.d_inner == rows[i].d_inner && c.window == rows[i].window &&
              strcmp(sliding, rows[i].sliding) == 0 && c.tie_word_embeddings == rows[i].tied &&
              c.qkv_bias == rows[i].qkv_bias,
          "%s%s kv %u hd %u inner %u window %u sliding %s tied %d bias %d", e.msg,
          c.unsupported ? c.unsupported : "", c.n_kv_heads, c.head_dim, c.d_inner, c.window,
          sliding, c.tie_word_embeddings, c.qkv_bias);
    CHECK("its rope and scales",
          c.rope.kind == rows[i].kind && near(c.rope.theta, rows[i].theta) &&
              near(c.rope_local.theta, rows[i].theta_local) &&
              near(c.rope.factor, rows[i].factor) &&
              near(c.rope.attention_factor, rows[i].attention_factor) &&
              c.rope.original_ctx == rows[i].original_ctx &&
              near(c.attention_scale, rows[i].attention_scale) &&
              near(c.embedding_scale, rows[i].embedding_scale),
          "kind %d theta %g %g factor %g attention %g ctx %u scales %.17g %.17g", c.rope.kind,
          c.rope.theta, c.rope_local.theta, c.rope.factor, c.rope.attention_factor,
          c.rope.original_ctx, c.attention_scale, c.embedding_scale);
}

static void check_refusals(void)
{
    static const struct {
        const char *label, *json, *named;
        enum err_code code; /* ERR_OK: read, but `unsupported` says the words */
    } wrong[] = {
        {"a family that is not known", "{\"model_type\":\"qwen3_moe\"," SHAPE "}", "qwen3", ERR_OK},
        {"and the nearest", "{\"model_type\":\"mixtral\"," SHAPE "}", "known are gpt2, llama",
         ERR_OK},
        {"longrope",
         "{\"model_type\":\"llama\"," SHAPE ",\"rope_scaling\":{\"rope_type\":\"longrope\"}}",
         "longrope", ERR_OK},
        {"a part of a head",
         "{\"model_type\":\"llama\"," SHAPE ",\"rope_parameters\":{\"rope_theta\":1e4,"
         "\"partial_rotary_factor\":0.5}}",
         "partial_rotary_factor 0.5", ERR_OK},
        {"an activation", "{\"model_type\":\"llama\"," SHAPE ",\"hidden_act\":\"relu6\"}", "relu6",
         ERR_OK},
        {"both directions",
         "{\"model_type\":\"gemma3_text\"," SHAPE ",\"use_bidirectional_attention\":true}",
         "use_bidirectional_attention", ERR_OK},
        {"chunked layers",
         "{\"model_type\":\"qwen3\"," SHAPE ",\"num_key_value_heads\":2,\"layer_types\":"
         "[\"full_attention\",\"chunked_attention\",\"full_attention\"]}",
         "'chunked_attention' of layer 1", ERR_OK},
        {"llama3 without its factors",
         "{\"model_type\":\"llama\"," SHAPE
         ",\"rope_scaling\":{\"type\":\"llama3\",\"factor\":8.0}}",
         "low_freq_factor", ERR_PARSE},
        {"a factor that is a word",
         "{\"model_type\":\"llama\",\n" SHAPE
         ",\n\"rope_scaling\":{\"type\":\"linear\",\n\"factor\":\"two\"}}",
         "config.json:4: 'factor'", ERR_PARSE},
        {"rope settings that are a number",
         "{\"model_type\":\"llama\"," SHAPE ",\"rope_scaling\":2}", "must be an object", ERR_PARSE},
        {"key-value heads that do not divide",
         "{\"model_type\":\"llama\"," SHAPE ",\"num_key_value_heads\":3}",
         "no multiple of num_key_value_heads 3", ERR_PARSE},
        {"an odd head",
         "{\"model_type\":\"qwen3\"," SHAPE ",\"num_key_value_heads\":2,\"head_dim\":5}",
         "head_dim 5 is odd", ERR_PARSE},
        {"a list that is too short",
         "{\"model_type\":\"gemma3_text\"," SHAPE ",\"layer_types\":[\"full_attention\"]}",
         "list of 3", ERR_PARSE},
        {"a huge number of layers", "{\"model_type\":\"llama\",\"num_hidden_layers\":2000000000}",
         "at most", ERR_PARSE},
        {"sliding layers without a window",
         "{\"model_type\":\"qwen2\"," SHAPE ",\"num_key_value_heads\":2,\"layer_types\":"
         "[\"full_attention\",\"sliding_attention\",\"full_attention\"]}",
         "no 'sliding_window'", ERR_PARSE},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct err e = {};
        struct hf_config c = {};
        const enum err_code code = read_text(wrong[i].json, &c, &e);
        const char *const words = code ? e.msg : c.unsupported ? c.unsupported : "";
        CHECK(wrong[i].label, code == wrong[i].code && strstr(words, wrong[i].named), "%d: %s",
              code, words);
    }
}

int main(void)
{
    a = arena_new(1U << 24);
    char root[] = "test_hf_config.XXXXXX";
    if (!mkdtemp(root))
        return 1;
    folder = root;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_row(i);
    check_refusals();
    (void)unlink(file_join(a, root, "config.json"));
    (void)rmdir(root);
    return test_done();
}
