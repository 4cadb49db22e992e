#include "model/facts_hf.h"

#include "base/defs.h"

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

static int by_elements(const void *a, const void *b)
{
    const struct facts_hf_dtype *const x = a, *const y = b;
    return (x->elements < y->elements) - (x->elements > y->elements);
}

static void count(const struct safetensors *f, bool tied, struct facts_hf *h)
{
    struct facts_hf_dtype by[SAFETENSORS_DTYPES] = {};
    for (size_t i = 0; i < f->n_tensors; i++) {
        const struct safetensors_tensor *const t = &f->tensors[i];
        if (is_buffer(t->name))
            continue;
        if (strcmp(t->name, "lm_head.weight") == 0 && tied) {
            h->head_tied = true; /* stored a second time; the model has it once */
            continue;
        }
        h->params += t->n_elements;
        h->weight_bytes += t->n_bytes;
        if (is_embedding(t->name))
            h->embedding_params += t->n_elements;
        by[t->dtype].elements += t->n_elements;
        by[t->dtype].bytes += t->n_bytes;
    }
    for (unsigned i = 0; i < SAFETENSORS_DTYPES; i++) {
        if (!by[i].elements)
            continue;
        by[i].name = safetensors_dtype_name((enum safetensors_dtype)i);
        h->dtypes[h->n_dtypes++] = by[i];
    }
    qsort(h->dtypes, h->n_dtypes, sizeof *h->dtypes, by_elements);
}

static bool has_layer(const struct safetensors *f, uint32_t layer)
{
    char name[64];
    (void)snprintf(name, sizeof name, "transformer.h.%u.ln_1.weight", layer);
    return safetensors_find(f, name) || safetensors_find(f, name + strlen("transformer."));
}

/* transformers would fill layers that are not there with random numbers. */
static enum err_code check_layers(const struct facts_hf *h, const struct safetensors *f,
                                  struct err *e)
{
    uint32_t n = 0;
    while (n <= h->config.n_layers && has_layer(f, n))
        n++;
    if (n == h->config.n_layers)
        return ERR_OK;
    return err_set(e, ERR_PARSE, "'%s': the weights are of %s%u layers, but config.json says %u",
                   f->path, n > h->config.n_layers ? "at least " : "", n, h->config.n_layers);
}

/* The shape that the config states must be the shape of the weights, or nothing that is computed
 * from it is true. Names without "transformer." are those of the bare GPT2Model. */
static enum err_code check_gpt2(const struct facts_hf *h, const struct safetensors *f,
                                struct err *e)
{
    if (check_layers(h, f, e))
        return e->code;
    const struct {
        const char *names[2];
        int64_t rows, columns;
    } rows[] = {
        {{"transformer.wte.weight", "wte.weight"}, h->config.vocab_size, h->config.d_model},
        {{"transformer.wpe.weight", "wpe.weight"}, h->config.n_ctx, h->config.d_model},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct safetensors_tensor *t = safetensors_find(f, rows[i].names[0]);
        if (!t)
            t = safetensors_find(f, rows[i].names[1]);
        if (!t)
            return err_set(e, ERR_PARSE, "'%s': no tensor '%s', which a gpt2 has", f->path,
                           rows[i].names[0]);
        if (t->n_dims != 2 || t->shape[0] != rows[i].rows || t->shape[1] != rows[i].columns)
            return err_set(e, ERR_PARSE,
                           "'%s': tensor '%s' is %lldx%lld, but config.json says %lldx%lld",
                           f->path, t->name, (long long)t->shape[0], (long long)t->shape[1],
                           (long long)rows[i].rows, (long long)rows[i].columns);
    }
    return ERR_OK;
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
    if (strcmp(h.config.architecture, "gpt2") == 0 && check_gpt2(&h, f, e))
        return e->code;
    h.head_tied = h.config.tie_word_embeddings && !safetensors_find(f, "lm_head.weight");
    count(f, h.config.tie_word_embeddings, &h);
    h.weights = f;
    *ret = h;
    f = nullptr;
    return ERR_OK;
}
