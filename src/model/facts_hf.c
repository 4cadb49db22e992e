#include "model/facts_hf.h"

#include "base/defs.h"
#include "model/hf_family.h"
#include "model/hf_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Constants that old checkpoints store beside the weights: GPT-2's causal masks, rotary tables. */
static bool is_buffer(const char *name)
{
    static const char *const buffers[] = {".attn.bias", ".attn.masked_bias", "rotary_emb.inv_freq",
                                          "position_ids"};
    for (size_t i = 0; i < COUNT_OF(buffers); i++)
        if (ends_with(name, buffers[i]))
            return true;
    return false;
}

static bool is_embedding(const char *name)
{
    static const char *const embeddings[] = {"wte.weight", "wpe.weight", "embed_tokens.weight",
                                             "embed_positions.weight", "word_embeddings.weight"};
    for (size_t i = 0; i < COUNT_OF(embeddings); i++)
        if (ends_with(name, embeddings[i]))
            return true;
    return false;
}

/* A matrix is; a table is looked up, and is the head as well where it is tied. */
static bool multiplies(const struct safetensors_tensor *t, const struct hf_head *head)
{
    if (t == head->tokens)
        return head->tied;
    return t->n_dims == 2 && !is_embedding(t->name);
}

static int by_elements(const void *a, const void *b)
{
    const struct facts_hf_dtype *const x = a, *const y = b;
    return (x->elements < y->elements) - (x->elements > y->elements);
}

static void count(const struct safetensors *f, const struct hf_head *head, struct facts_hf *h)
{
    struct facts_hf_dtype by[SAFETENSORS_DTYPES] = {};
    for (size_t i = 0; i < f->n_tensors; i++) {
        const struct safetensors_tensor *const t = &f->tensors[i];
        if (is_buffer(t->name) || t == head->copy)
            continue;
        h->params += t->n_elements;
        h->weight_bytes += t->n_bytes;
        if (is_embedding(t->name) || t == head->tokens)
            h->embedding_params += t->n_elements;
        by[t->dtype].elements += t->n_elements;
        by[t->dtype].bytes += t->n_bytes;
        if (multiplies(t, head))
            by[t->dtype].products += t->n_elements;
    }
    for (unsigned i = 0; i < SAFETENSORS_DTYPES; i++) {
        if (!by[i].elements)
            continue;
        by[i].name = safetensors_dtype_name((enum safetensors_dtype)i);
        h->dtypes[h->n_dtypes++] = by[i];
    }
    qsort(h->dtypes, h->n_dtypes, sizeof *h->dtypes, by_elements);
}

static bool has_layer(const struct safetensors *f, const struct hf_config *c, uint32_t layer)
{
    char name[64];
    const bool gpt2 = c->learned_positions;
    (void)snprintf(name, sizeof name,
                   gpt2 ? "transformer.h.%u.ln_1.weight" : "model.layers.%u.input_layernorm.weight",
                   layer);
    return safetensors_find(f, name) || safetensors_find(f, strchr(name, '.') + 1);
}

/* transformers would fill layers that are not there with random numbers. */
static enum err_code check_layers(const struct facts_hf *h, const struct safetensors *f,
                                  struct err *e)
{
    uint32_t n = 0;
    while (n <= h->config.n_layers && has_layer(f, &h->config, n))
        n++;
    if (n == h->config.n_layers)
        return ERR_OK;
    return err_set(e, ERR_PARSE, "'%s': the weights are of %s%u layers, but config.json says %u",
                   f->path, n > h->config.n_layers ? "at least " : "", n, h->config.n_layers);
}

static enum err_code check_table(const struct safetensors *f, const struct safetensors_tensor *t,
                                 uint32_t rows, uint32_t columns, struct err *e)
{
    if (t->n_dims == 2 && t->shape[0] == rows && t->shape[1] == columns)
        return ERR_OK;
    return err_set(e, ERR_PARSE, "'%s': tensor '%s' is %lldx%lld, but config.json says %ux%u",
                   f->path, t->name, (long long)t->shape[0], (long long)t->shape[1], rows, columns);
}

/* The shape that the config states must be the shape of the weights, or nothing that is computed
 * from it is true. Names without "transformer." are those of the bare GPT2Model. */
static enum err_code check(const struct facts_hf *h, const struct hf_head *head,
                           const struct safetensors *f, struct err *e)
{
    const struct hf_config *const c = &h->config;
    if (check_layers(h, f, e))
        return e->code;
    if (!head->tokens)
        return err_set(e, ERR_PARSE, "'%s': no tensor '%s', which a %s has", f->path,
                       c->learned_positions ? "transformer.wte.weight"
                                            : "model.embed_tokens.weight",
                       c->architecture);
    if (check_table(f, head->tokens, c->vocab_size, c->d_model, e))
        return e->code;
    if (head->head && check_table(f, head->head, c->vocab_size, c->d_model, e))
        return e->code;
    if (!c->learned_positions)
        return ERR_OK;
    const struct safetensors_tensor *t = safetensors_find(f, "transformer.wpe.weight");
    if (!t)
        t = safetensors_find(f, "wpe.weight");
    if (!t)
        return err_set(e, ERR_PARSE, "'%s': no tensor 'transformer.wpe.weight', which a gpt2 has",
                       f->path);
    return check_table(f, t, c->n_ctx, c->d_model, e);
}

enum err_code facts_hf_read(const char *folder, struct arena *a, struct facts_hf *ret,
                            struct err *e)
{
    struct facts_hf h = {};
    if (hf_config_read(folder, a, &h.config, e))
        return e->code;
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    if (safetensors_open(folder, a, &f, e))
        return e->code;
    struct hf_head head;
    if (hf_head_find(f, &h.config, &head, e) ||
        (hf_family_find(h.config.architecture) && check(&h, &head, f, e)))
        return e->code;
    h.head_tied = head.tied;
    count(f, &head, &h);
    h.weights = f;
    *ret = h;
    f = nullptr;
    return ERR_OK;
}
