/* llama.cpp, loaded at run time. Fixed here, and the same as llama-bench has by default: flash
 * attention as the library chooses (option flash_attn: auto, on, off), memory-mapped weights,
 * repacked where the CPU likes it, one thread pool for the life of the context. Different from it:
 * at fp32 the key-value cache is F32 and flash attention is off, because both round to half
 * precision, and an fp32 label would be untrue; the cache is F16 elsewhere. Sequences of a batch
 * share one unified cache, so that they go through in one forward, without padding. */
#include "backend/engine.h"

#include "backend/llama_embed.h"
#include "backend/llama_library.h"
#include "base/arena.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/gguf_label.h"
#include "model/gguf_read.h"
#include "model/tokenizer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t MOST_IN_FORWARD = 2048; /* positions; a longer prompt goes in pieces */
constexpr uint32_t DEFAULT_CONTEXT = 1024;
constexpr uint32_t MOST_BATCH = 256;

static const struct llama_library *lib; /* nullptr: not open yet */

struct forward_room { /* what a context was made for */
    uint32_t sequences, positions, outputs;
};

struct session {
    struct llama_model *model;
    struct llama_context *context;
    const struct llama_vocab *vocab;
    struct ggml_threadpool *pool;
    void (*pool_free)(struct ggml_threadpool *);
    struct forward_room room;
    struct llama_batch batch; /* arrays for room_tokens */
    int32_t room_tokens;
    uint32_t n;                        /* sequences of the request */
    int32_t row[MOST_BATCH];           /* place of each one's last position in the batch */
    llama_pos position[MOST_BATCH];    /* that the next token gets */
    llama_seq_id sequence[MOST_BATCH]; /* 0, 1, ...: batch.seq_id points here */
    uint32_t vocab_size, threads;
    enum ggml_type cache_type;
    enum llama_flash_attn_type flash;
    bool gpu;
    struct gguf_read file;
    struct tokenizer *tokenizer; /* of a source that we exported; nullptr: the library's own */
    struct llama_library_words words;
    struct llama_embed embed; /* where it was loaded to embed */
    bool embeds;
};

/* ---- context ---- */

static uint32_t rounded(uint32_t n, uint32_t to)
{
    return (n + to - 1) / to * to;
}

static enum err_code room_for_tokens(struct session *s, int32_t n, struct err *e)
{
    if (n <= s->room_tokens)
        return ERR_OK;
    struct llama_batch *const b = &s->batch;
    const size_t count = (size_t)n;
    /* NOLINTBEGIN(bugprone-suspicious-realloc-usage): without memory the worker ends */
    b->token = realloc(b->token, count * sizeof *b->token);
    b->pos = realloc(b->pos, count * sizeof *b->pos);
    b->n_seq_id = realloc(b->n_seq_id, count * sizeof *b->n_seq_id);
    b->seq_id = realloc((void *)b->seq_id, count * sizeof *b->seq_id);
    b->logits = realloc(b->logits, count * sizeof *b->logits);
    /* NOLINTEND(bugprone-suspicious-realloc-usage) */
    if (!b->token || !b->pos || !b->n_seq_id || !b->seq_id || !b->logits)
        return engine_no_memory(e, err_set(e, ERR_BACKEND, "out of memory: a batch of %d", n));
    s->room_tokens = n;
    return ERR_OK;
}

/* Where the model has a sliding window that llama.cpp's architecture does not apply, chimera's own
 * export says so (model/gguf_family.h): beyond it the numbers would be another model's. */
static enum err_code within_window(const struct session *s, uint32_t positions, struct err *e)
{
    char text[16];
    if (lib->llama_model_meta_val_str(s->model, "chimera.attention.window", text, sizeof text) < 0)
        return ERR_OK;
    const unsigned long window = strtoul(text, nullptr, 10);
    return positions <= window
               ? ERR_OK
               : err_set(e, ERR_UNSUPPORTED,
                         "llama.cpp does not apply this model's sliding window of %lu positions, "
                         "and up to %u are asked for",
                         window, positions);
}

/* A context is made for the largest request yet; it is made anew only when one needs more. */
static enum err_code make_room(struct session *s, struct forward_room want, struct err *e)
{
    if (s->context && want.sequences <= s->room.sequences && want.positions <= s->room.positions &&
        want.outputs <= s->room.outputs)
        return ERR_OK;
    if (within_window(s, want.positions, e))
        return e->code;
    struct forward_room *const r = &s->room;
    r->sequences = want.sequences > r->sequences ? want.sequences : r->sequences;
    r->positions = want.positions > r->positions ? want.positions : r->positions;
    r->outputs = want.outputs > r->outputs ? want.outputs : r->outputs;
    struct llama_context_params p = lib->llama_context_default_params();
    p.n_ctx = rounded(r->positions, 256) * r->sequences;
    p.n_batch = p.n_ubatch = p.n_ctx < MOST_IN_FORWARD ? p.n_ctx : MOST_IN_FORWARD;
    p.n_seq_max = r->sequences;
    p.n_outputs_max = r->outputs < p.n_ubatch ? r->outputs : p.n_ubatch;
    p.n_threads = p.n_threads_batch = (int32_t)s->threads;
    p.flash_attn_type = s->flash;
    p.type_k = p.type_v = s->cache_type;
    p.kv_unified = true;
    p.no_perf = true;
    if (s->context)
        lib->llama_free(s->context);
    s->context = lib->llama_init_from_model(s->model, p);
    if (!s->context)
        return llama_library_failed(&s->words, e, "making a context");
    if (s->pool)
        lib->llama_attach_threadpool(s->context, s->pool, s->pool);
    return room_for_tokens(s, (int32_t)p.n_ctx, e);
}

/* One pool for all forwards, as llama-bench makes it; without it each forward starts threads. */
static void make_pool(struct session *s)
{
    const ggml_backend_dev_t cpu = lib->ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    const ggml_backend_reg_t reg = lib->ggml_backend_dev_backend_reg(cpu);
    typeof(ggml_threadpool_new) *make = nullptr;
    void *const address = lib->ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_new");
    void *const end = lib->ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_free");
    if (!address || !end)
        return;
    memcpy(&make, &address, sizeof address); /* ISO C has no cast between the two */
    memcpy(&s->pool_free, &end, sizeof end);
    struct ggml_threadpool_params params = lib->ggml_threadpool_params_default((int)s->threads);
    s->pool = make(&params);
}

/* ---- loading ---- */

static enum err_code read_options(struct session *s, const struct json *options, struct err *e)
{
    const char *const flash = json_str(json_get(options, "flash_attn"), "auto");
    const char *const cache = json_str(json_get(options, "kv_cache"), "");
    if (*cache && strcmp(cache, "f16") != 0 && strcmp(cache, "f32") != 0)
        return err_set(e, ERR_USAGE, "llamacpp: kv_cache: '%s': want f16 or f32", cache);
    if (*cache)
        s->cache_type = strcmp(cache, "f32") == 0 ? GGML_TYPE_F32 : GGML_TYPE_F16;
    /* Flash attention on a CPU rounds to half precision inside, whatever the cache holds: an fp32
     * label would be untrue, and its logits lie twice as far from transformers'. */
    s->flash = s->cache_type == GGML_TYPE_F32 ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                                              : LLAMA_FLASH_ATTN_TYPE_AUTO;
    if (strcmp(flash, "on") == 0)
        s->flash = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    else if (strcmp(flash, "off") == 0)
        s->flash = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    else if (strcmp(flash, "auto") != 0)
        return err_set(e, ERR_USAGE, "llamacpp: flash_attn: '%s': want auto, on or off", flash);
    return ERR_OK;
}

/* Whether the label is true is a question to the file that was loaded, not to its name. */
static void check_label(const struct session *s, const char *precision, struct engine_about *about)
{
    char reason[200];
    if (!gguf_label_holds(&s->file, precision, reason, sizeof reason))
        (void)snprintf(about->label_reason, sizeof about->label_reason, "precision-mismatch: %s",
                       reason);
}

static void describe(const struct session *s, struct engine_about *about)
{
    *about = (struct engine_about){.name = "llama.cpp", .compile_ms = NOT_MEASURED};
    const ggml_backend_dev_t device =
        s->gpu ? llama_library_gpu(lib)
               : lib->ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    (void)snprintf(about->version, sizeof about->version, "ggml %s", lib->ggml_version());
    (void)snprintf(about->path, sizeof about->path, "%s", lib->path);
    (void)snprintf(about->device, sizeof about->device, "%s",
                   lib->ggml_backend_dev_description(device));
    if (lib->llama_model_meta_val_str(s->model, "general.architecture", about->architecture,
                                      sizeof about->architecture) < 0)
        about->architecture[0] = '\0';
    about->n_params = (int64_t)lib->llama_model_n_params(s->model);
    about->n_layers = (uint32_t)lib->llama_model_n_layer(s->model);
    about->d_model = (uint32_t)lib->llama_model_n_embd(s->model);
    about->vocab_size = s->vocab_size;
    about->n_ctx = (uint32_t)lib->llama_model_n_ctx_train(s->model);
    about->threads = s->threads;
}

static void close_session(struct session *s)
{
    if (!s)
        return;
    llama_embed_done(&s->embed);
    if (s->context)
        lib->llama_free(s->context);
    if (s->pool)
        s->pool_free(s->pool);
    if (s->model)
        lib->llama_model_free(s->model);
    tokenizer_freep(&s->tokenizer);
    free(s->batch.token);
    free(s->batch.pos);
    free(s->batch.n_seq_id);
    free((void *)s->batch.seq_id);
    free(s->batch.logits);
}

static enum err_code open_embed(struct session *s, const struct engine_load *load,
                                struct engine_about *about, struct err *e)
{
    s->embeds = true;
    s->embed = (struct llama_embed){
        .lib = lib, .model = s->model, .pool = s->pool, .words = &s->words, .threads = s->threads};
    if (llama_embed_open(&s->embed, load->max_context, e))
        return e->code;
    about->dimension = s->embed.dimension;
    return ERR_OK;
}

static enum err_code load_model(struct session *s, const struct engine_load *load,
                                struct engine_about *about, struct err *e)
{
    ggml_backend_dev_t devices[] = {load->gpu ? llama_library_gpu(lib) : nullptr, nullptr};
    struct llama_model_params p = lib->llama_model_default_params();
    p.devices = devices; /* none: a GPU that is there stays out of it */
    p.n_gpu_layers = load->gpu ? -1 : 0;
    s->model = lib->llama_model_load_from_file(load->artefact, p);
    if (!s->model)
        return llama_library_failed(&s->words, e, load->artefact);
    s->vocab = lib->llama_model_get_vocab(s->model);
    s->vocab_size = (uint32_t)lib->llama_vocab_n_tokens(s->vocab);
    describe(s, about);
    make_pool(s);
    if (load->embed)
        return open_embed(s, load, about, e);
    check_label(s, load->precision, about);
    uint32_t positions = load->max_context ? load->max_context : DEFAULT_CONTEXT;
    if (about->n_ctx && positions > about->n_ctx)
        positions = about->n_ctx;
    const uint32_t n = load->max_batch < MOST_BATCH ? load->max_batch : MOST_BATCH;
    return make_room(s, (struct forward_room){n, positions, n}, e);
}

/* A source that we exported has its tokens from the tokenizer that all engines share: llama.cpp's
 * has no normal forms and older tables, and an engine would get other work than the others
 * (docs/METHOD.md, "Tokens"). A .gguf from elsewhere knows its own. */
static enum err_code choose_tokenizer(struct session *s, const struct model_facts *f,
                                      struct arena *a, struct err *e)
{
    return f && f->kind == MODEL_HF ? tokenizer_read(f->path, a, &s->tokenizer, e) : ERR_OK;
}

static enum err_code open_session(const struct engine_load *load, struct arena *a,
                                  struct session **ret, struct engine_about *about, struct err *e)
{
    struct backend_found found;
    if (llama_library_available(load->gpu, &found, e) || llama_library_open(&lib, e))
        return e->code;
    struct session *const s = ARENA_ARRAY(a, struct session, 1);
    s->threads = load->threads;
    s->gpu = load->gpu;
    s->cache_type = strcmp(load->precision, "fp32") == 0 ? GGML_TYPE_F32 : GGML_TYPE_F16;
    for (uint32_t k = 0; k < MOST_BATCH; k++)
        s->sequence[k] = (llama_seq_id)k;
    llama_library_listen(lib, &s->words);
    if (read_options(s, load->options, e) || choose_tokenizer(s, load->facts, a, e) ||
        gguf_read(load->artefact, a, &s->file, e) || load_model(s, load, about, e)) {
        close_session(s);
        return e->code;
    }
    *ret = s;
    return ERR_OK;
}

/* ---- tokens ---- */

static enum err_code tokenize(struct session *s, const char *text, size_t bytes, int32_t *ids,
                              uint32_t room, uint32_t *ret_n, struct err *e)
{
    if (s->tokenizer) {
        size_t count = 0;
        if (tokenizer_encode(s->tokenizer, text, bytes, ids, room, &count, e))
            return e->code;
        *ret_n = (uint32_t)count;
        return ERR_OK;
    }
    /* add_special obeys the file's own word on BOS and EOS: GPT-2 wants neither. */
    const int32_t n =
        lib->llama_tokenize(s->vocab, text, (int32_t)bytes, ids, (int32_t)room, true, true);
    if (n < 0)
        return err_set(e, ERR_BACKEND, "llama.cpp: %d tokens of %zu bytes", -n, bytes);
    *ret_n = (uint32_t)n;
    return ERR_OK;
}

static enum err_code detokenize(struct session *s, const int32_t *ids, uint32_t n, struct str *out,
                                struct err *e)
{
    if (s->tokenizer)
        return tokenizer_decode(s->tokenizer, ids, n, out, e);
    size_t room = (size_t)n * 8 + 8;
    for (int tries = 0; tries < 2; tries++) {
        str_reserve(out, room);
        const int32_t length = lib->llama_detokenize(s->vocab, ids, (int32_t)n, out->text + out->n,
                                                     (int32_t)room, false, true);
        if (length >= 0) {
            out->n += (size_t)length;
            out->text[out->n] = '\0';
            return ERR_OK;
        }
        room = (size_t)-length;
    }
    return err_set(e, ERR_BACKEND, "llama.cpp: %u tokens gave no text", n);
}

static int32_t eos(const struct session *s)
{
    return lib->llama_vocab_eos(s->vocab);
}

/* ---- forward ---- */

static enum err_code reserve(struct session *s, uint32_t n, uint32_t n_positions, struct err *e)
{
    if (n > MOST_BATCH)
        return err_set(e, ERR_UNSUPPORTED, "llama.cpp takes %u sequences at most, not %u",
                       MOST_BATCH, n);
    return make_room(s, (struct forward_room){n, n_positions, n}, e);
}

static void put(struct session *s, int32_t token, uint32_t k, bool output)
{
    struct llama_batch *const b = &s->batch;
    const int32_t at = b->n_tokens++;
    b->token[at] = token;
    b->pos[at] = s->position[k]++;
    b->n_seq_id[at] = 1;
    b->seq_id[at] = &s->sequence[k];
    b->logits[at] = output;
    s->row[k] = at;
}

static enum err_code forward(struct session *s, struct err *e)
{
    const int32_t code = lib->llama_decode(s->context, s->batch);
    if (code == 0)
        return ERR_OK;
    if (code == 1)
        return err_set(e, ERR_BACKEND, "llama.cpp: the cache of %u positions is full",
                       s->room.positions);
    return llama_library_failed(&s->words, e, "llama_decode");
}

/* Every earlier request is forgotten: no prefix is ever reused. */
static void forget(struct session *s, uint32_t n)
{
    lib->llama_memory_clear(lib->llama_get_memory(s->context), false);
    memset(s->position, 0, sizeof s->position);
    s->batch.n_tokens = 0;
    s->n = n;
}

static enum err_code prefill(struct session *s, const struct engine_batch *prompts,
                             uint32_t *ret_padding, struct err *e)
{
    forget(s, prompts->n);
    *ret_padding = 0;
    for (uint32_t k = 0; k < prompts->n; k++)
        for (uint32_t i = 0; i < prompts->n_ids[k]; i++)
            put(s, prompts->ids[k][i], k, i + 1 == prompts->n_ids[k]);
    return forward(s, e);
}

static enum err_code step(struct session *s, const int32_t *next, struct err *e)
{
    s->batch.n_tokens = 0;
    for (uint32_t k = 0; k < s->n; k++)
        put(s, next[k], k, true);
    return forward(s, e);
}

static const float *logits(struct session *s, uint32_t sequence)
{
    return lib->llama_get_logits_ith(s->context, s->row[sequence]);
}

static enum err_code all_logits(struct session *s, const struct engine_batch *batch, float *rows,
                                struct err *e)
{
    uint32_t longest = 0, total = 0;
    for (uint32_t k = 0; k < batch->n; k++) {
        longest = batch->n_ids[k] > longest ? batch->n_ids[k] : longest;
        total += batch->n_ids[k];
    }
    if (batch->n > MOST_BATCH || total > MOST_IN_FORWARD)
        return err_set(e, ERR_UNSUPPORTED, "llama.cpp: logits of at most %u positions at once",
                       MOST_IN_FORWARD);
    if (make_room(s, (struct forward_room){batch->n, longest, total}, e))
        return e->code;
    forget(s, batch->n);
    for (uint32_t k = 0; k < batch->n; k++)
        for (uint32_t i = 0; i < batch->n_ids[k]; i++)
            put(s, batch->ids[k][i], k, true);
    if (forward(s, e))
        return e->code;
    for (uint32_t i = 0; i < total; i++)
        memcpy(rows + (size_t)i * s->vocab_size, lib->llama_get_logits_ith(s->context, (int32_t)i),
               s->vocab_size * sizeof *rows);
    return ERR_OK;
}

static enum err_code embed(struct session *s, const struct engine_batch *texts, float *rows,
                           size_t *ret_cut, struct err *e)
{
    return llama_embed_texts(&s->embed, texts, rows, ret_cut, e);
}

enum share : uint8_t { SHARE_BYTES, SHARE_ELEMENTS, SHARE_PRODUCTS };

static double amount(const struct gguf_read_type *t, enum share of)
{
    return of == SHARE_BYTES      ? (double)t->bytes
           : of == SHARE_ELEMENTS ? (double)t->elements
                                  : (double)t->layers + (double)t->head;
}

static void write_share(struct jsonw *w, const char *key, const struct gguf_read *g, enum share of)
{
    double all = 0;
    for (uint32_t i = 0; i < g->n_types; i++)
        all += amount(&g->types[i], of);
    jsonw_kobject(w, key);
    for (uint32_t i = 0; i < g->n_types; i++) {
        char name[16] = "";
        for (size_t k = 0; k + 1 < sizeof name && g->types[i].name[k]; k++)
            name[k] = (char)tolower((unsigned char)g->types[i].name[k]);
        if (amount(&g->types[i], of) > 0)
            jsonw_kf64(w, name, amount(&g->types[i], of) / all);
    }
    jsonw_end_object(w);
}

static void evidence(struct session *s, struct jsonw *w)
{
    write_share(w, "weights_by_dtype", &s->file, SHARE_BYTES);
    write_share(w, "weights_elements_by_dtype", &s->file, SHARE_ELEMENTS);
    write_share(w, "matmul_by_dtype", &s->file, SHARE_PRODUCTS);
    jsonw_kstr(w, "tokenizer", s->tokenizer ? "chimera" : "llama.cpp");
    if (s->embeds) {
        jsonw_kstr(w, "pooling", llama_embed_pooling(&s->embed));
        jsonw_kbool(w, "pooling_assumed", s->embed.pooling_assumed);
        jsonw_ki64(w, "longest_tokens", s->embed.longest);
        jsonw_kstr(w, "system_info", lib->llama_print_system_info());
        return;
    }
    jsonw_kstr(w, "kv_cache", lib->ggml_type_name(s->cache_type));
    jsonw_kstr(w, "flash_attn",
               s->flash == LLAMA_FLASH_ATTN_TYPE_AUTO      ? "auto"
               : s->flash == LLAMA_FLASH_ATTN_TYPE_ENABLED ? "on"
                                                           : "off");
    jsonw_kstr(w, "system_info", lib->llama_print_system_info());
}

const struct engine backend_llamacpp = {
    .name = "llama.cpp",
    .available = llama_library_available,
    .open = open_session,
    .close = close_session,
    .tokenize = tokenize,
    .detokenize = detokenize,
    .eos = eos,
    .reserve = reserve,
    .prefill = prefill,
    .step = step,
    .logits = logits,
    .all_logits = all_logits,
    .embed = embed,
    .evidence = evidence,
};
