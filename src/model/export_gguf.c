#include "model/export_gguf.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "model/checkpoint.h"
#include "model/gguf_write.h"
#include "model/half.h"
#include "model/tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of tokens, as llama.cpp numbers them. */
enum token : int32_t { TOKEN_NORMAL = 1, TOKEN_CONTROL = 3, TOKEN_USER = 4, TOKEN_UNUSED = 5 };
constexpr size_t CHUNK = (size_t)1 << 18; /* elements read at once */
constexpr size_t BLOCK = 32;              /* rows transposed at once: two cache lines of a column */

enum form : uint8_t { AS_IS, TRANSPOSED };

/* Written in this order; llama.cpp asks for tensors by name. */
static const struct row {
    enum checkpoint_weight weight;
    const char *name;
    enum form form;
    bool narrow; /* fp16 narrows it */
} once[] =
    {
        {CHECKPOINT_TOKENS, "token_embd.weight", AS_IS, true},
        {CHECKPOINT_POSITIONS, "position_embd.weight", AS_IS, false},
        {CHECKPOINT_FINAL_NORM, "output_norm.weight", AS_IS, false},
        {CHECKPOINT_FINAL_NORM_BIAS, "output_norm.bias", AS_IS, false},
        {CHECKPOINT_HEAD, "output.weight", AS_IS, true},
},
  layered[] = {
      {CHECKPOINT_ATTN_NORM, "attn_norm.weight", AS_IS, false},
      {CHECKPOINT_ATTN_NORM_BIAS, "attn_norm.bias", AS_IS, false},
      {CHECKPOINT_QKV, "attn_qkv.weight", TRANSPOSED, true},
      {CHECKPOINT_QKV_BIAS, "attn_qkv.bias", AS_IS, false},
      {CHECKPOINT_ATTN_OUT, "attn_output.weight", TRANSPOSED, true},
      {CHECKPOINT_ATTN_OUT_BIAS, "attn_output.bias", AS_IS, false},
      {CHECKPOINT_FFN_NORM, "ffn_norm.weight", AS_IS, false},
      {CHECKPOINT_FFN_NORM_BIAS, "ffn_norm.bias", AS_IS, false},
      {CHECKPOINT_UP, "ffn_up.weight", TRANSPOSED, true},
      {CHECKPOINT_UP_BIAS, "ffn_up.bias", AS_IS, false},
      {CHECKPOINT_DOWN, "ffn_down.weight", TRANSPOSED, true},
      {CHECKPOINT_DOWN_BIAS, "ffn_down.bias", AS_IS, false},
};

struct writer {
    const struct checkpoint *m;
    struct gguf_write *out;
    struct export_report *report;
    bool half;
};

static void free_floats(float **p)
{
    free(*p);
}

/* Every tensor of the file, in its order; stops where fn fails. */
static enum err_code each(struct writer *w,
                          enum err_code (*fn)(struct writer *, const struct row *, const char *,
                                              const struct safetensors_tensor *, struct err *),
                          struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(once); i++) {
        const struct safetensors_tensor *const t = checkpoint_weight(w->m, once[i].weight, 0);
        if (t && fn(w, &once[i], once[i].name, t, e))
            return e->code;
    }
    for (uint32_t l = 0; l < w->m->config.n_layers; l++) {
        for (size_t i = 0; i < COUNT_OF(layered); i++) {
            char name[64];
            (void)snprintf(name, sizeof name, "blk.%u.%s", l, layered[i].name);
            if (fn(w, &layered[i], name, checkpoint_weight(w->m, layered[i].weight, l), e))
                return e->code;
        }
    }
    return ERR_OK;
}

static enum err_code announce(struct writer *w, const struct row *r, const char *name,
                              const struct safetensors_tensor *t, struct err *)
{
    const bool half = w->half && r->narrow;
    const bool turned = r->form == TRANSPOSED;
    gguf_write_tensor(w->out, name, half ? GGUF_WRITE_F16 : GGUF_WRITE_F32,
                      t->n_dims == 1 || turned ? t->shape[0] : t->shape[1],
                      t->n_dims == 1 ? 0
                      : turned       ? t->shape[1]
                                     : t->shape[0]);
    const bool head =
        r->weight == CHECKPOINT_HEAD || (r->weight == CHECKPOINT_TOKENS && w->m->tied);
    export_report_add(w->report, half ? "F16" : "F32", t->n_elements,
                      t->n_elements * (half ? 2 : 4), turned || head ? t->n_elements : 0);
    return ERR_OK;
}

static enum err_code put_floats(struct writer *w, const struct row *r,
                                const struct safetensors_tensor *t, float *x, size_t n,
                                struct err *e)
{
    if (!w->half || !r->narrow)
        return gguf_write_data(w->out, x, n * sizeof *x, e);
    uint16_t part[1024];
    for (size_t i = 0; i < n; i += COUNT_OF(part)) {
        const size_t m = n - i < COUNT_OF(part) ? n - i : COUNT_OF(part);
        if (!half_from_all(x + i, m, part))
            return err_set(e, ERR_UNSUPPORTED, "'%s': %s holds a weight too large for fp16",
                           w->m->file->path, t->name);
        if (gguf_write_data(w->out, part, m * sizeof *part, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code put_as_is(struct writer *w, const struct row *r,
                               const struct safetensors_tensor *t, struct err *e)
{
    CLEANUP(free_floats) float *x = malloc(CHUNK * sizeof *x);
    if (!x)
        return err_set(e, ERR_LIMIT, "%s: no memory to read it", t->name);
    for (int64_t at = 0; at < t->n_elements; at += (int64_t)CHUNK) {
        const int64_t left = t->n_elements - at;
        const size_t n = left < (int64_t)CHUNK ? (size_t)left : CHUNK;
        if (safetensors_read(w->m->file, t, at, n, x, e) || put_floats(w, r, t, x, n, e))
            return e->code;
    }
    return ERR_OK;
}

/* [inputs, outputs] becomes a row of inputs per output. */
static enum err_code put_transposed(struct writer *w, const struct row *r,
                                    const struct safetensors_tensor *t, struct err *e)
{
    const size_t n_in = (size_t)t->shape[0], n_out = (size_t)t->shape[1];
    CLEANUP(free_floats) float *x = malloc(n_in * n_out * sizeof *x);
    CLEANUP(free_floats) float *turned = malloc(BLOCK * n_in * sizeof *turned);
    if (!x || !turned)
        return err_set(e, ERR_LIMIT, "%s: no memory to transpose it", t->name);
    if (safetensors_read(w->m->file, t, 0, n_in * n_out, x, e))
        return e->code;
    for (size_t first = 0; first < n_out; first += BLOCK) {
        const size_t n = n_out - first < BLOCK ? n_out - first : BLOCK;
        for (size_t i = 0; i < n_in; i++)
            for (size_t j = 0; j < n; j++)
                turned[j * n_in + i] = x[i * n_out + first + j];
        if (put_floats(w, r, t, turned, n * n_in, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code put(struct writer *w, const struct row *r, const char *,
                         const struct safetensors_tensor *t, struct err *e)
{
    return r->form == TRANSPOSED ? put_transposed(w, r, t, e) : put_as_is(w, r, t, e);
}

static void put_shape(struct gguf_write *w, const struct hf_config *c, const char *name, bool half)
{
    gguf_write_str(w, "general.architecture", "gpt2");
    gguf_write_str(w, "general.name", name);
    gguf_write_u32(w, "general.file_type", half ? 1 : 0);
    gguf_write_u32(w, "gpt2.context_length", c->n_ctx);
    gguf_write_u32(w, "gpt2.embedding_length", c->d_model);
    gguf_write_u32(w, "gpt2.feed_forward_length", c->d_inner);
    gguf_write_u32(w, "gpt2.block_count", c->n_layers);
    gguf_write_u32(w, "gpt2.attention.head_count", c->n_heads);
    gguf_write_f32(w, "gpt2.attention.layer_norm_epsilon", (float)c->norm_eps);
}

static int32_t kind_of(const struct tokenizer *t, int32_t id)
{
    if (tokenizer_is_special(t, id))
        return TOKEN_CONTROL;
    return tokenizer_is_added(t, id) ? TOKEN_USER : TOKEN_NORMAL;
}

static void put_merges(struct gguf_write *w, const struct tokenizer *t, struct arena *a)
{
    const size_t n = tokenizer_n_merges(t);
    const char **const merges = arena_alloc(a, n + 1, sizeof *merges);
    for (size_t i = 0; i < n; i++) {
        int32_t left = 0, right = 0;
        tokenizer_merge(t, i, &left, &right);
        merges[i] = arena_printf(a, "%s %s", tokenizer_token(t, left), tokenizer_token(t, right));
    }
    gguf_write_strs(w, "tokenizer.ggml.merges", merges, n);
}

static enum err_code put_tokenizer(struct gguf_write *w, const struct checkpoint *m,
                                   struct arena *a, struct err *e)
{
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    if (tokenizer_read(m->folder, a, &t, e))
        return err_wrap(e, "a GGUF file needs the tokenizer");
    const size_t n = m->config.vocab_size, known = tokenizer_n_tokens(t);
    if (known > n)
        return err_set(e, ERR_UNSUPPORTED, "'%s': its tokenizer has %zu tokens and the model %zu",
                       m->folder, known, n);
    const char **const tokens = arena_alloc(a, n, sizeof *tokens);
    int32_t *const kinds = ARENA_ARRAY(a, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        tokens[i] = i < known ? tokenizer_token(t, (int32_t)i) : nullptr;
        kinds[i] = tokens[i] ? kind_of(t, (int32_t)i) : TOKEN_UNUSED;
        if (!tokens[i])
            tokens[i] = arena_printf(a, "[PAD%zu]", i);
    }
    gguf_write_str(w, "tokenizer.ggml.model", "gpt2");
    gguf_write_str(w, "tokenizer.ggml.pre", "gpt-2");
    gguf_write_strs(w, "tokenizer.ggml.tokens", tokens, n);
    gguf_write_i32s(w, "tokenizer.ggml.token_type", kinds, n);
    put_merges(w, t, a);
    if (m->config.bos_token_id >= 0)
        gguf_write_u32(w, "tokenizer.ggml.bos_token_id", (uint32_t)m->config.bos_token_id);
    if (m->config.eos_token_id >= 0)
        gguf_write_u32(w, "tokenizer.ggml.eos_token_id", (uint32_t)m->config.eos_token_id);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", false);
    gguf_write_bool(w, "tokenizer.ggml.add_eos_token", false);
    return ERR_OK;
}

static enum err_code check(const struct checkpoint *m, const char *precision, struct err *e)
{
    const struct hf_config *const c = &m->config;
    if (strcmp(precision, "fp32") != 0 && strcmp(precision, "fp16") != 0)
        return err_set(e, ERR_UNSUPPORTED, "the GGUF export has fp32 and fp16, not %s", precision);
    if (!c->learned_positions)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is a %s; the GGUF export has gpt2 only so far",
                       m->folder, c->architecture);
    if (c->activation != HF_GELU_TANH)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' has the activation '%s'; llama.cpp's GPT-2 has the tanh form of GELU "
                       "only",
                       m->folder, c->activation_name ? c->activation_name : "(none)");
    if (c->attention_scale != 1 / sqrt(c->head_dim) || c->scale_attention_by_layer)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' scales its attention otherwise than by 1/sqrt(head size), which is "
                       "all that llama.cpp's GPT-2 knows",
                       m->folder);
    return ERR_OK;
}

enum err_code export_gguf(const struct checkpoint *m, const char *precision, const char *path,
                          struct arena *a, struct export_report *r, struct err *e)
{
    if (check(m, precision, e))
        return e->code;
    CLEANUP(gguf_write_freep) struct gguf_write *out = gguf_write_new(a);
    struct writer w = {.m = m, .out = out, .report = r};
    w.half = strcmp(precision, "fp16") == 0;
    put_shape(out, &m->config, m->config.synth ? m->config.synth : file_name_of(m->folder), w.half);
    if (put_tokenizer(out, m, a, e) || each(&w, announce, e) || gguf_write_begin(out, path, e) ||
        each(&w, put, e))
        return e->code;
    int64_t bytes = 0;
    if (gguf_write_end(out, &bytes, e))
        return e->code;
    r->bytes += bytes;
    return ERR_OK;
}
