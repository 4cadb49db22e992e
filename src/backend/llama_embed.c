#include "backend/llama_embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t MOST_SEQUENCES = LLAMA_EMBED_SEQUENCES;
constexpr uint32_t LEAST_IN_FORWARD = 512; /* tokens; a longer text makes it longer */
constexpr uint32_t LONGEST =
    8192; /* of a model without a bound, and a bound on attention's memory */

/* *ret as the file has it; -1: it does not. */
static long number_of(const struct llama_embed *x, const char *key)
{
    char text[32];
    return x->lib->llama_model_meta_val_str(x->model, key, text, sizeof text) < 0
               ? -1
               : strtol(text, nullptr, 10);
}

static long pooling_of(const struct llama_embed *x)
{
    char architecture[64], key[96];
    if (x->lib->llama_model_meta_val_str(x->model, "general.architecture", architecture,
                                         sizeof architecture) < 0)
        return -1;
    (void)snprintf(key, sizeof key, "%s.pooling_type", architecture);
    return number_of(x, key);
}

enum err_code llama_embed_open(struct llama_embed *x, uint32_t longest, struct err *e)
{
    const long pooling = pooling_of(x);
    const int32_t n_ctx = x->lib->llama_model_n_ctx_train(x->model);
    /* Beyond a window that llama.cpp does not apply the numbers would be another model's. */
    const long window = number_of(x, "chimera.attention.window");
    x->pooling_assumed = pooling <= LLAMA_POOLING_TYPE_NONE;
    x->pooling = x->pooling_assumed ? LLAMA_POOLING_TYPE_MEAN : (enum llama_pooling_type)pooling;
    if (pooling > LLAMA_POOLING_TYPE_LAST)
        return err_set(
            e, ERR_UNSUPPORTED,
            "pooling type %ld of the file gives no vector of a text (a model that ranks?): "
            "mean (1), cls (2) and last (3) are done here",
            pooling);
    x->longest = n_ctx > 0 && (uint32_t)n_ctx < LONGEST ? (uint32_t)n_ctx : LONGEST;
    if (window > 0 && window < (long)x->longest)
        x->longest = (uint32_t)window;
    if (longest && longest < x->longest)
        x->longest = longest;
    x->dimension = (uint32_t)x->lib->llama_model_n_embd_out(x->model);
    const struct llama_vocab *const vocab = x->lib->llama_model_get_vocab(x->model);
    for (uint32_t k = 0; k < MOST_SEQUENCES; k++)
        x->sequence[k] = (llama_seq_id)k;
    x->eos = x->lib->llama_vocab_eos(vocab);
    x->sep = x->lib->llama_vocab_sep(vocab);
    return ERR_OK;
}

static void free_context(struct llama_embed *x)
{
    if (x->context)
        x->lib->llama_free(x->context);
    free(x->batch.token);
    free(x->batch.pos);
    free(x->batch.n_seq_id);
    free((void *)x->batch.seq_id);
    free(x->batch.logits);
    x->context = nullptr;
    x->batch = (struct llama_batch){};
    x->room = 0;
}

void llama_embed_done(struct llama_embed *x)
{
    free_context(x);
}

static enum err_code make_room(struct llama_embed *x, uint32_t tokens, struct err *e)
{
    if (tokens <= x->room)
        return ERR_OK;
    free_context(x);
    struct llama_context_params p = x->lib->llama_context_default_params();
    p.n_ctx = p.n_batch = p.n_ubatch = p.n_outputs_max = tokens; /* a text is pooled in one piece */
    p.n_seq_max = MOST_SEQUENCES;
    p.n_threads = p.n_threads_batch = (int32_t)x->threads;
    p.embeddings = true;
    p.pooling_type = x->pooling;
    p.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    p.type_k = p.type_v = GGML_TYPE_F32;
    p.kv_unified = true;
    p.no_perf = true;
    x->context = x->lib->llama_init_from_model(x->model, p);
    if (!x->context)
        return llama_library_failed(x->words, e, "making a context for embeddings");
    if (x->pool)
        x->lib->llama_attach_threadpool(x->context, x->pool, x->pool);
    struct llama_batch *const b = &x->batch;
    b->token = calloc(tokens, sizeof *b->token);
    b->pos = calloc(tokens, sizeof *b->pos);
    b->n_seq_id = calloc(tokens, sizeof *b->n_seq_id);
    b->seq_id = (llama_seq_id **)calloc(tokens, sizeof *b->seq_id);
    b->logits = calloc(tokens, sizeof *b->logits);
    if (!b->token || !b->pos || !b->n_seq_id || !b->seq_id || !b->logits)
        return engine_no_memory(e, err_set(e, ERR_BACKEND, "out of memory: a batch of %u", tokens));
    x->room = tokens;
    return ERR_OK;
}

static uint32_t cut_to(const struct llama_embed *x, uint32_t n)
{
    return n < x->longest ? n : x->longest;
}

static void put(struct llama_embed *x, const int32_t *ids, uint32_t n, llama_seq_id *sequence)
{
    const uint32_t kept = cut_to(x, n);
    const bool closes = ids[n - 1] == x->eos || ids[n - 1] == x->sep;
    struct llama_batch *const b = &x->batch;
    for (uint32_t i = 0; i < kept; i++) {
        const int32_t at = b->n_tokens++;
        b->token[at] = ids[closes && i + 1 == kept ? n - 1 : i];
        b->pos[at] = (llama_pos)i;
        b->n_seq_id[at] = 1;
        b->seq_id[at] = sequence;
        b->logits[at] = true;
    }
}

/* Texts first..end, which fit into one forward. */
static enum err_code forward(struct llama_embed *x, const struct engine_batch *texts,
                             uint32_t first, uint32_t end, float *rows, struct err *e)
{
    const llama_memory_t memory = x->lib->llama_get_memory(x->context);
    if (memory) /* an encoder has none */
        x->lib->llama_memory_clear(memory, false);
    x->batch.n_tokens = 0;
    for (uint32_t k = first; k < end; k++) {
        if (texts->n_ids[k])
            put(x, texts->ids[k], texts->n_ids[k], &x->sequence[k - first]);
    }
    if (x->batch.n_tokens && x->lib->llama_decode(x->context, x->batch) != 0)
        return llama_library_failed(x->words, e, "llama_decode");
    for (uint32_t k = first; k < end; k++) {
        float *const row = rows + (size_t)k * x->dimension;
        const float *const got =
            texts->n_ids[k] ? x->lib->llama_get_embeddings_seq(x->context, x->sequence[k - first])
                            : nullptr;
        if (texts->n_ids[k] && !got)
            return err_set(e, ERR_BACKEND, "llama.cpp gave no embedding of text %u", k);
        if (got)
            memcpy(row, got, x->dimension * sizeof *row);
        else
            memset(row, 0, x->dimension * sizeof *row);
    }
    return ERR_OK;
}

enum err_code llama_embed_texts(struct llama_embed *x, const struct engine_batch *texts,
                                float *rows, size_t *ret_cut, struct err *e)
{
    uint32_t most = LEAST_IN_FORWARD;
    *ret_cut = 0;
    for (uint32_t k = 0; k < texts->n; k++) {
        *ret_cut += texts->n_ids[k] > x->longest;
        most = cut_to(x, texts->n_ids[k]) > most ? cut_to(x, texts->n_ids[k]) : most;
    }
    if (make_room(x, (most + 255) / 256 * 256, e))
        return e->code;
    for (uint32_t first = 0, end; first < texts->n; first = end) {
        uint32_t tokens = 0;
        for (end = first; end < texts->n && end - first < MOST_SEQUENCES; end++) {
            tokens += cut_to(x, texts->n_ids[end]);
            if (tokens > x->room)
                break;
        }
        if (forward(x, texts, first, end, rows, e))
            return e->code;
    }
    return ERR_OK;
}

const char *llama_embed_pooling(const struct llama_embed *x)
{
    return x->pooling == LLAMA_POOLING_TYPE_MEAN  ? "mean"
           : x->pooling == LLAMA_POOLING_TYPE_CLS ? "cls"
                                                  : "lasttoken";
}
