#include "model/hf_config.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <string.h>

struct reader {
    const char *path, *text;
    const struct json *root;
};

/* json.h keeps no positions; the first place where the key stands in quotes is the line that a
 * person will look at. 0: the key is not there. */
static unsigned line_of(const struct reader *r, const char *key)
{
    const size_t n = strlen(key);
    unsigned line = 1;
    for (const char *p = r->text; *p; p++) {
        if (*p == '\n')
            line++;
        if (*p == '"' && strncmp(p + 1, key, n) == 0 && p[n + 1] == '"')
            return line;
    }
    return 0;
}

/* The value of the first of names[] that is there and not null. */
static const struct json *find(const struct reader *r, const char *const *names,
                               const char **ret_key)
{
    for (; *names; names++) {
        const struct json *const v = json_get(r->root, *names);
        if (v && !json_is_null(v)) {
            *ret_key = *names;
            return v;
        }
    }
    return nullptr;
}

/* A count of at least 1. */
static enum err_code read_count(const struct reader *r, const char *const *names, int64_t otherwise,
                                uint32_t *ret, struct err *e)
{
    const char *key = names[0];
    const struct json *const v = find(r, names, &key);
    const int64_t x = v ? json_i64(v, -1) : otherwise;
    if ((v && x < 1) || x > INT32_MAX)
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a whole number from 1 to %d", r->path,
                       line_of(r, key), key, INT32_MAX);
    *ret = (uint32_t)x;
    return ERR_OK;
}

static enum err_code read_bool(const struct reader *r, const char *key, bool otherwise, bool *ret,
                               struct err *e)
{
    const struct json *const v = json_get(r->root, key);
    *ret = json_bool(v, otherwise);
    if (v && !json_is_null(v) && json_bool(v, true) != json_bool(v, false))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be true or false", r->path, line_of(r, key),
                       key);
    return ERR_OK;
}

static enum err_code read_token(const struct reader *r, const char *key, int64_t otherwise,
                                int64_t *ret, struct err *e)
{
    const struct json *v = json_get(r->root, key);
    if (json_is_array(v)) /* several ends: the first is the one that everybody stops at */
        v = json_at(v, 0);
    *ret = !v ? otherwise : json_is_null(v) ? -1 : json_i64(v, -2);
    if (*ret < -1 || *ret > INT32_MAX)
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a token id", r->path, line_of(r, key),
                       key);
    return ERR_OK;
}

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

static enum err_code read_rest(const struct reader *r, bool gpt2, struct arena *a,
                               struct hf_config *c, struct err *e)
{
    static const char *const epsilons[] = {"layer_norm_epsilon", "layer_norm_eps", "rms_norm_eps",
                                           nullptr};
    static const char *const activations[] = {"activation_function", "hidden_act", nullptr};
    const char *key = nullptr;
    const struct json *v = find(r, epsilons, &key);
    c->layer_norm_eps = v ? json_f64(v, -1) : gpt2 ? 1e-5 : 0;
    if (c->layer_norm_eps < 0)
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a number that is not negative", r->path,
                       line_of(r, key), key);
    v = find(r, activations, &key);
    if (v && !json_is_str(v))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be a name", r->path, line_of(r, key), key);
    const char *const name = v ? json_str(v, "") : gpt2 ? "gelu_new" : nullptr;
    c->activation_name = name ? arena_strdup(a, name) : nullptr;
    c->activation = name ? activation_of(name) : HF_ACTIVATION_OTHER;
    c->synth = json_str(json_get(r->root, "chimera_synth"), nullptr);

    if (read_bool(r, "tie_word_embeddings", gpt2, &c->tie_word_embeddings, e) ||
        read_bool(r, "scale_attn_weights", true, &c->scale_attention, e) ||
        read_bool(r, "scale_attn_by_inverse_layer_idx", false, &c->scale_attention_by_layer, e) ||
        read_token(r, "bos_token_id", gpt2 ? 50256 : -1, &c->bos_token_id, e) ||
        read_token(r, "eos_token_id", gpt2 ? 50256 : -1, &c->eos_token_id, e))
        return e->code;
    return ERR_OK;
}

static enum err_code read_shape(const struct reader *r, bool gpt2, struct hf_config *c,
                                struct err *e)
{
    static const char *const layers[] = {"n_layer", "num_hidden_layers", nullptr};
    static const char *const widths[] = {"n_embd", "hidden_size", nullptr};
    static const char *const heads[] = {"n_head", "num_attention_heads", nullptr};
    static const char *const inner[] = {"n_inner", "intermediate_size", nullptr};
    static const char *const vocabularies[] = {"vocab_size", nullptr};
    static const char *const contexts[] = {"n_positions", "n_ctx", "max_position_embeddings",
                                           nullptr};
    if (read_count(r, layers, gpt2 ? 12 : 0, &c->n_layers, e) ||
        read_count(r, widths, gpt2 ? 768 : 0, &c->d_model, e) ||
        read_count(r, heads, gpt2 ? 12 : 0, &c->n_heads, e) ||
        read_count(r, inner, gpt2 ? 4 * (int64_t)c->d_model : 0, &c->d_inner, e) ||
        read_count(r, vocabularies, gpt2 ? 50257 : 0, &c->vocab_size, e) ||
        read_count(r, contexts, gpt2 ? 1024 : 0, &c->n_ctx, e))
        return e->code;
    if (gpt2 && c->d_model % c->n_heads)
        return err_set(e, ERR_PARSE, "%s: n_embd %u is no multiple of n_head %u", r->path,
                       c->d_model, c->n_heads);
    return ERR_OK;
}

enum err_code hf_config_read(const char *folder, struct arena *a, struct hf_config *ret,
                             struct err *e)
{
    char *const path = file_join(a, folder, "config.json"), *text;
    size_t n;
    struct reader r = {.path = path};
    if (file_read(path, a, &text, &n, e) || json_parse(text, n, path, a, &r.root, e))
        return e->code;
    r.text = text;
    const struct json *const type = json_get(r.root, "model_type");
    if (!json_is_str(type))
        return err_set(e, ERR_PARSE,
                       "%s: 'model_type' is missing: not a Hugging Face model's config", path);
    struct hf_config c = {.architecture = json_str(type, "")};
    const bool gpt2 = strcmp(c.architecture, "gpt2") == 0;
    if (read_shape(&r, gpt2, &c, e) || read_rest(&r, gpt2, a, &c, e))
        return e->code;
    *ret = c;
    return ERR_OK;
}
