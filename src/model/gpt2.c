#include "model/gpt2.h"

#include "base/arena.h"
#include "base/defs.h"

#include <string.h>

/* Sizes of a shape: a letter stands for a number of the configuration. */
enum size : uint8_t { NONE, VOCAB, CTX, D, D3, INNER };

static const struct row {
    const char *name;
    enum size shape[2];
} rows[GPT2_WEIGHTS] = {
    // clang-format off
    [GPT2_WTE]    = {"wte.weight",         {VOCAB, D}},
    [GPT2_WPE]    = {"wpe.weight",         {CTX, D}},
    [GPT2_LN_F_W] = {"ln_f.weight",        {D}},
    [GPT2_LN_F_B] = {"ln_f.bias",          {D}},
    [GPT2_HEAD]   = {"lm_head.weight",     {VOCAB, D}},
    [GPT2_LN1_W]  = {"ln_1.weight",        {D}},
    [GPT2_LN1_B]  = {"ln_1.bias",          {D}},
    [GPT2_QKV_W]  = {"attn.c_attn.weight", {D, D3}},
    [GPT2_QKV_B]  = {"attn.c_attn.bias",   {D3}},
    [GPT2_PROJ_W] = {"attn.c_proj.weight", {D, D}},
    [GPT2_PROJ_B] = {"attn.c_proj.bias",   {D}},
    [GPT2_LN2_W]  = {"ln_2.weight",        {D}},
    [GPT2_LN2_B]  = {"ln_2.bias",          {D}},
    [GPT2_UP_W]   = {"mlp.c_fc.weight",    {D, INNER}},
    [GPT2_UP_B]   = {"mlp.c_fc.bias",      {INNER}},
    [GPT2_DOWN_W] = {"mlp.c_proj.weight",  {INNER, D}},
    [GPT2_DOWN_B] = {"mlp.c_proj.bias",    {D}},
    // clang-format on
};

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
    case NONE:
        break;
    }
    return 1;
}

static enum err_code check(const struct gpt2 *m, const struct row *r,
                           const struct safetensors_tensor *t, struct err *e)
{
    const uint32_t n_dims = r->shape[1] == NONE ? 1 : 2;
    bool right = t->n_dims == n_dims;
    for (uint32_t i = 0; right && i < n_dims; i++)
        right = t->shape[i] == size_of(&m->config, r->shape[i]);
    if (!right)
        return err_set(e, ERR_PARSE,
                       "'%s': %s has %u dimensions and %lld elements, and config.json promises "
                       "%lld x %lld",
                       m->file->path, t->name, t->n_dims, (long long)t->n_elements,
                       (long long)size_of(&m->config, r->shape[0]),
                       (long long)size_of(&m->config, r->shape[1]));
    if (t->dtype != SAFETENSORS_F32 && t->dtype != SAFETENSORS_F16 &&
        t->dtype != SAFETENSORS_BF16 && t->dtype != SAFETENSORS_F64)
        return err_set(e, ERR_UNSUPPORTED, "'%s': %s is stored as %s; only float weights are read",
                       m->file->path, t->name, safetensors_dtype_name(t->dtype));
    return ERR_OK;
}

/* Checkpoints name their weights with and without "transformer." in front. */
static const struct safetensors_tensor *find(const struct gpt2 *m, struct arena *a,
                                             const char *name)
{
    const struct safetensors_tensor *const t =
        safetensors_find(m->file, arena_printf(a, "transformer.%s", name));
    return t ? t : safetensors_find(m->file, name);
}

static enum err_code find_all(struct gpt2 *m, struct arena *a, struct err *e)
{
    const size_t per_layer = GPT2_WEIGHTS - GPT2_LN1_W;
    const size_t n = GPT2_LN1_W + per_layer * m->config.n_layers;
    m->weights = arena_alloc(a, n, sizeof *m->weights);
    for (size_t i = 0; i < n; i++) {
        const bool once = i < GPT2_LN1_W;
        const struct row *const r = &rows[once ? i : GPT2_LN1_W + (i - GPT2_LN1_W) % per_layer];
        if (once && i == GPT2_HEAD && m->tied)
            continue;
        const char *const name =
            once ? r->name : arena_printf(a, "h.%zu.%s", (i - GPT2_LN1_W) / per_layer, r->name);
        m->weights[i] = find(m, a, name);
        if (!m->weights[i])
            return err_set(e, ERR_PARSE, "'%s' has no weight '%s'", m->file->path, name);
        if (check(m, r, m->weights[i], e))
            return e->code;
        m->params += m->weights[i]->n_elements;
    }
    return ERR_OK;
}

enum err_code gpt2_open(const char *folder, struct arena *a, struct gpt2 *ret, struct err *e)
{
    struct gpt2 m = {.folder = arena_strdup(a, folder)};
    if (hf_config_read(folder, a, &m.config, e))
        return e->code;
    const struct hf_config *const c = &m.config;
    if (!c->architecture || strcmp(c->architecture, "gpt2") != 0)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is a %s; only gpt2 can be exported", folder,
                       c->architecture ? c->architecture : "model without a model_type");
    if (c->n_heads == 0 || c->d_model % c->n_heads != 0)
        return err_set(e, ERR_UNSUPPORTED, "'%s': %u heads do not divide a width of %u", folder,
                       c->n_heads, c->d_model);
    m.tied = c->tie_word_embeddings;
    if (safetensors_open(folder, a, &m.file, e))
        return e->code;
    if (find_all(&m, a, e)) {
        gpt2_done(&m);
        return e->code;
    }
    *ret = m;
    return ERR_OK;
}

void gpt2_done(struct gpt2 *m)
{
    safetensors_closep(&m->file);
}

const struct safetensors_tensor *gpt2_weight(const struct gpt2 *m, enum gpt2_weight w,
                                             uint32_t layer)
{
    if (w < GPT2_LN1_W)
        return m->weights[w];
    return m->weights[w + (size_t)(GPT2_WEIGHTS - GPT2_LN1_W) * layer];
}
