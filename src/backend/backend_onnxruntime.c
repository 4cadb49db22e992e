/* ONNX Runtime, loaded at run time through its versioned C interface. Fixed here: every graph
 * optimisation, one forward at a time, no memory pattern (each step has another shape, so that a
 * pattern would be planned at every token), and the library's own habit that its threads spin for a
 * while after a forward (option spinning: true, false): two workers on the same cores disturb each
 * other so, as they do outside chimera. The cache never leaves the device: what a forward returns
 * as `present` is bound as the next one's `past`. A batch is padded on the right and masked. */
#include "backend/engine.h"

#include "backend/onnx_library.h"
#include "backend/onnx_proof.h"
#include "backend/stderr_filter.h"
#include "base/arena.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "model/hf_config.h"
#include "model/tokenizer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t MOST_LAYERS = 512;
constexpr uint32_t MOST_PROVIDERS = 8;

struct provider_nodes {
    char name[48];
    int64_t nodes;
};

struct session {
    const OrtApi *api;
    OrtEnv *env;
    OrtSessionOptions *options;
    OrtSession *ort;
    OrtRunOptions *run_options;
    OrtIoBinding *binding;
    OrtMemoryInfo *host, *device;
    OrtAllocator *allocator;
    OrtValue **past; /* 2 per layer: key, value */
    char (*past_names)[32], (*present_names)[32];
    struct tokenizer *tokenizer;
    uint32_t n_layers, kv_heads, head_dim, vocab;
    int32_t eos;

    uint32_t n, width, length; /* sequences; of the prefill, and of the cache, in positions */
    uint32_t *lengths;         /* real tokens of each sequence so far */
    uint32_t room_n, room_positions, room_rows;
    int64_t *ids, *positions, *mask, *rows;
    float *logits;

    const struct proof *proof;
    struct provider_nodes providers[MOST_PROVIDERS];
    uint32_t n_providers;
    bool gpu, spinning;
};

/* At its most talkative, and at no other time, the library says where it put the nodes. */
static void ORT_API_CALL on_log(void *data, OrtLoggingLevel severity, const char *, const char *,
                                const char *, const char *message)
{
    struct session *const s = data;
    if (severity >= ORT_LOGGING_LEVEL_ERROR)
        (void)fprintf(stderr, "onnxruntime: %s\n", message);
    const char *const at = strstr(message, "placed on [");
    const char *const count = at ? strstr(at, "Number of nodes: ") : nullptr;
    if (!count || s->n_providers == MOST_PROVIDERS)
        return;
    struct provider_nodes *const p = &s->providers[s->n_providers++];
    const char *const name = at + strlen("placed on [");
    (void)snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(name, "]"), name);
    p->nodes = strtoll(count + strlen("Number of nodes: "), nullptr, 10);
}

/* ---- loading ---- */

#define TRY(what, call)                                                                            \
    do {                                                                                           \
        if (onnx_library_failed(s->api, (call), (what), e))                                        \
            return e->code;                                                                        \
    } while (0)

static enum err_code make_options(struct session *s, const struct engine_load *load,
                                  const char *profile, struct err *e)
{
    const OrtApi *const api = s->api;
    s->spinning = json_bool(json_get(load->options, "spinning"), true);
    TRY("options", api->CreateSessionOptions(&s->options));
    TRY("threads", api->SetIntraOpNumThreads(s->options, (int)load->threads));
    TRY("threads", api->SetInterOpNumThreads(s->options, 1));
    TRY("mode", api->SetSessionExecutionMode(s->options, ORT_SEQUENTIAL));
    TRY("optimisation", api->SetSessionGraphOptimizationLevel(s->options, ORT_ENABLE_ALL));
    TRY("memory pattern", api->DisableMemPattern(s->options));
    if (profile)
        TRY("profile", api->EnableProfiling(s->options, profile));
    TRY("log", api->SetSessionLogSeverityLevel(s->options, ORT_LOGGING_LEVEL_VERBOSE));
    TRY("spinning", api->AddSessionConfigEntry(s->options, "session.intra_op.allow_spinning",
                                               s->spinning ? "1" : "0"));
    if (s->gpu) {
        OrtCUDAProviderOptionsV2 *cuda = nullptr;
        TRY("CUDA", api->CreateCUDAProviderOptions(&cuda));
        OrtStatus *const status =
            api->SessionOptionsAppendExecutionProvider_CUDA_V2(s->options, cuda);
        api->ReleaseCUDAProviderOptions(cuda);
        if (onnx_library_failed(api, status, "its CUDA provider does not start", e)) {
            e->code = ERR_UNAVAILABLE;
            return e->code;
        }
    }
    TRY("run options", api->CreateRunOptions(&s->run_options));
    TRY("log", api->RunOptionsSetRunLogSeverityLevel(s->run_options, ORT_LOGGING_LEVEL_ERROR));
    TRY("memory", api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &s->host));
    TRY("memory", api->CreateMemoryInfo(s->gpu ? "Cuda" : "Cpu", OrtDeviceAllocator, 0,
                                        OrtMemTypeDefault, &s->device));
    TRY("allocator", api->GetAllocatorWithDefaultOptions(&s->allocator));
    return ERR_OK;
}

/* The sizes of one value of the graph; -1 for those that vary. */
static enum err_code read_shape(const struct session *s, OrtTypeInfo *info, int64_t *dims,
                                size_t want, const char *name, struct err *e)
{
    const OrtTensorTypeAndShapeInfo *tensor = nullptr;
    size_t n = 0;
    OrtStatus *status = s->api->CastTypeInfoToTensorInfo(info, &tensor);
    if (!status && tensor)
        status = s->api->GetDimensionsCount(tensor, &n);
    if (!status && n == want)
        status = s->api->GetDimensions(tensor, dims, n);
    s->api->ReleaseTypeInfo(info);
    if (onnx_library_failed(s->api, status, name, e))
        return e->code;
    return n == want ? ERR_OK
                     : err_set(e, ERR_UNSUPPORTED,
                               "onnx: %s has %zu dimensions, want %zu: not a graph that chimera "
                               "exports",
                               name, n, want);
}

static enum err_code read_graph(struct session *s, struct err *e)
{
    static const char *const first[] = {"input_ids", "position_ids", "attention_mask", "logit_rows",
                                        "past.0.key"};
    size_t n = 0;
    TRY("inputs", s->api->SessionGetInputCount(s->ort, &n));
    for (size_t i = 0; i < COUNT_OF(first); i++) {
        char *name = nullptr;
        if (i < n)
            TRY("inputs", s->api->SessionGetInputName(s->ort, i, s->allocator, &name));
        const bool same = name && strcmp(name, first[i]) == 0;
        if (!same)
            (void)err_set(e, ERR_UNSUPPORTED,
                          "onnx: input %zu is '%s', want '%s': not a graph that chimera exports", i,
                          name ? name : "missing", first[i]);
        if (name)
            onnx_library_ignore(s->api, s->api->AllocatorFree(s->allocator, name));
        if (!same)
            return e->code;
    }
    if (n % 2 != 0 || (n - 4) / 2 > MOST_LAYERS)
        return err_set(e, ERR_UNSUPPORTED, "onnx: %zu inputs make no pairs of key and value",
                       n - 4);
    s->n_layers = (uint32_t)(n - 4) / 2;
    OrtTypeInfo *info = nullptr;
    int64_t past[4], logits[2];
    TRY("past", s->api->SessionGetInputTypeInfo(s->ort, 4, &info));
    if (read_shape(s, info, past, 4, "past.0.key", e))
        return e->code;
    TRY("logits", s->api->SessionGetOutputTypeInfo(s->ort, 0, &info));
    if (read_shape(s, info, logits, 2, "logits", e))
        return e->code;
    if (past[1] <= 0 || past[3] <= 0 || logits[1] <= 0 || logits[1] > INT32_MAX)
        return err_set(e, ERR_UNSUPPORTED, "onnx: heads, head size or vocabulary are not fixed");
    s->kv_heads = (uint32_t)past[1];
    s->head_dim = (uint32_t)past[3];
    s->vocab = (uint32_t)logits[1];
    return ERR_OK;
}

static void name_cache(struct session *s, struct arena *a)
{
    s->past = ARENA_ARRAY(a, OrtValue *, (size_t)s->n_layers * 2);
    s->past_names = arena_alloc(a, (size_t)s->n_layers * 2, sizeof *s->past_names);
    s->present_names = arena_alloc(a, (size_t)s->n_layers * 2, sizeof *s->present_names);
    for (uint32_t i = 0; i < s->n_layers * 2; i++) {
        const char *const what = i % 2 ? "value" : "key";
        (void)snprintf(s->past_names[i], sizeof *s->past_names, "past.%u.%s", i / 2, what);
        (void)snprintf(s->present_names[i], sizeof *s->present_names, "present.%u.%s", i / 2, what);
    }
}

static void describe(struct session *s, const struct engine_load *load,
                     const struct onnx_library *lib, struct engine_about *about)
{
    *about = (struct engine_about){.name = "onnxruntime", .compile_ms = NOT_MEASURED};
    (void)snprintf(about->version, sizeof about->version, "%s", lib->version);
    (void)snprintf(about->path, sizeof about->path, "%s", lib->path);
    (void)snprintf(about->device, sizeof about->device, "%s", s->gpu ? "cuda:0" : "cpu");
    (void)snprintf(about->architecture, sizeof about->architecture, "%s",
                   load->facts->architecture ? load->facts->architecture : "");
    about->n_params = load->facts->params;
    about->n_ctx = load->facts->n_ctx;
    about->n_layers = s->n_layers;
    about->d_model = load->facts->d_model; /* not heads x head size, and heads may share keys */
    about->vocab_size = s->vocab;
    about->threads = load->threads;
    onnx_proof_check(s->proof, load->precision, about->label_reason, sizeof about->label_reason);
    for (uint32_t i = 0; s->gpu && i < s->n_providers; i++)
        if (strcmp(s->providers[i].name, "CUDAExecutionProvider") == 0)
            return;
    if (s->gpu)
        (void)snprintf(about->label_reason, sizeof about->label_reason,
                       "no node of the graph was placed on CUDA");
}

static void forget_cache(struct session *s)
{
    for (uint32_t i = 0; s->past && i < s->n_layers * 2; i++) {
        if (s->past[i])
            s->api->ReleaseValue(s->past[i]);
        s->past[i] = nullptr;
    }
}

static void close_session(struct session *s)
{
    if (!s)
        return;
    forget_cache(s);
    s->api->ReleaseIoBinding(s->binding);
    s->api->ReleaseSession(s->ort);
    s->api->ReleaseSessionOptions(s->options);
    s->api->ReleaseRunOptions(s->run_options);
    s->api->ReleaseMemoryInfo(s->host);
    s->api->ReleaseMemoryInfo(s->device);
    s->api->ReleaseEnv(s->env);
    tokenizer_freep(&s->tokenizer);
    free(s->lengths);
    free(s->ids);
    free(s->positions);
    free(s->mask);
    free(s->rows);
    free(s->logits);
}

/* The tokenizer and the end-of-text token: beside the graph, or with the model that it was made of.
 */
static enum err_code read_words(struct session *s, const struct engine_load *load, struct arena *a,
                                struct err *e)
{
    const char *folder = load->artefact;
    if (!file_exists(file_join(a, folder, "config.json")) && load->facts->kind == MODEL_HF)
        folder = load->facts->path;
    struct hf_config config;
    if (hf_config_read(folder, a, &config, e) || tokenizer_read(folder, a, &s->tokenizer, e))
        return e->code;
    s->eos = (int32_t)config.eos_token_id;
    return ERR_OK;
}

static enum err_code load_graph(struct session *s, const struct engine_load *load,
                                const char *profile, struct arena *a, struct err *e)
{
    const char *const graph = file_join(a, load->artefact, "model.onnx");
    if (make_options(s, load, profile, e))
        return e->code;
    struct stderr_filter noise = stderr_filter_begin(); /* Debian's build: a line per operator */
    OrtStatus *const status = s->api->CreateSession(s->env, graph, s->options, &s->ort);
    stderr_filter_end(&noise, "Schema error: Trying to register");
    TRY(graph, status);
    if (read_graph(s, e))
        return e->code;
    name_cache(s, a);
    TRY("binding", s->api->CreateIoBinding(s->ort, &s->binding));
    return read_words(s, load, a, e);
}

/* profile: nullptr, or how the profile's file begins. */
static enum err_code open_graph(const struct engine_load *load, const char *profile,
                                struct arena *a, struct session **ret, struct onnx_library *lib,
                                struct err *e)
{
    struct backend_found found;
    if (onnx_library_open(lib, e) || onnx_library_available(load->gpu, &found, e))
        return e->code;
    struct session *const s = ARENA_ARRAY(a, struct session, 1);
    s->api = lib->api;
    s->gpu = load->gpu;
    s->eos = -1;
    s->proof = load->proof;
    if (onnx_library_failed(s->api,
                            s->api->CreateEnvWithCustomLogger(on_log, s, ORT_LOGGING_LEVEL_ERROR,
                                                              "chimera", &s->env),
                            "environment", e) ||
        load_graph(s, load, profile, a, e)) {
        close_session(s);
        return e->code;
    }
    *ret = s;
    return ERR_OK;
}

static enum err_code open_session(const struct engine_load *load, struct arena *a,
                                  struct session **ret, struct engine_about *about, struct err *e)
{
    struct onnx_library lib;
    if (open_graph(load, nullptr, a, ret, &lib, e))
        return e->code;
    describe(*ret, load, &lib, about);
    return ERR_OK;
}

/* ---- tokens ---- */

static enum err_code tokenize(struct session *s, const char *text, size_t bytes, int32_t *ids,
                              uint32_t room, uint32_t *ret_n, struct err *e)
{
    size_t n = 0;
    if (tokenizer_encode(s->tokenizer, text, bytes, ids, room, &n, e))
        return e->code;
    *ret_n = (uint32_t)n;
    return ERR_OK;
}

static enum err_code detokenize(struct session *s, const int32_t *ids, uint32_t n, struct str *out,
                                struct err *e)
{
    return tokenizer_decode(s->tokenizer, ids, n, out, e);
}

static int32_t eos(const struct session *s)
{
    return s->eos;
}

/* ---- forward ---- */

static bool grow(void *at, size_t n, size_t size)
{
    void **const p = at;
    void *const more = realloc(*p, (n ? n : 1) * size);
    if (more)
        *p = more;
    return more;
}

static enum err_code make_room(struct session *s, uint32_t n, uint32_t positions, uint32_t rows,
                               struct err *e)
{
    if (n <= s->room_n && positions <= s->room_positions && rows <= s->room_rows)
        return ERR_OK;
    n = n > s->room_n ? n : s->room_n;
    positions = positions > s->room_positions ? positions : s->room_positions;
    rows = rows > s->room_rows ? rows : s->room_rows;
    const size_t all = (size_t)n * positions;
    if (!grow(&s->lengths, n, sizeof *s->lengths) || !grow(&s->ids, all, sizeof *s->ids) ||
        !grow(&s->positions, all, sizeof *s->positions) || !grow(&s->mask, all, sizeof *s->mask) ||
        !grow(&s->rows, rows, sizeof *s->rows) ||
        !grow(&s->logits, (size_t)rows * s->vocab, sizeof *s->logits))
        return engine_no_memory(
            e,
            err_set(e, ERR_BACKEND, "out of memory: %u sequences of %u positions", n, positions));
    s->room_n = n;
    s->room_positions = positions;
    s->room_rows = rows;
    return ERR_OK;
}

static enum err_code reserve(struct session *s, uint32_t n, uint32_t n_positions, struct err *e)
{
    return make_room(s, n, n_positions, n, e);
}

static enum err_code bind_tensor(struct session *s, const char *name, void *data, bool output,
                                 const int64_t *shape, size_t rank, struct err *e)
{
    static int64_t nothing; /* an empty tensor needs an address too */
    const bool floats = output || rank == 4;
    size_t bytes = floats ? sizeof(float) : sizeof(int64_t);
    for (size_t i = 0; i < rank; i++)
        bytes *= (size_t)shape[i];
    OrtValue *value = nullptr;
    TRY(name,
        s->api->CreateTensorWithDataAsOrtValue(s->host, data ? data : &nothing, bytes, shape, rank,
                                               floats ? ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT
                                                      : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
                                               &value));
    OrtStatus *const status = output ? s->api->BindOutput(s->binding, name, value)
                                     : s->api->BindInput(s->binding, name, value);
    s->api->ReleaseValue(value); /* the binding holds on to it */
    return onnx_library_failed(s->api, status, name, e);
}

static enum err_code bind_cache(struct session *s, struct err *e)
{
    const int64_t empty[] = {s->n, s->kv_heads, 0, s->head_dim};
    for (uint32_t i = 0; i < s->n_layers * 2; i++) {
        if (s->past[i])
            TRY("past", s->api->BindInput(s->binding, s->past_names[i], s->past[i]));
        else if (bind_tensor(s, s->past_names[i], nullptr, false, empty, 4, e))
            return e->code;
        TRY("present", s->api->BindOutputToDevice(s->binding, s->present_names[i], s->device));
    }
    return ERR_OK;
}

/* What came out becomes what goes in next time, where it lies. */
static enum err_code keep_cache(struct session *s, struct err *e)
{
    OrtValue **values = nullptr;
    size_t n = 0;
    TRY("present", s->api->GetBoundOutputValues(s->binding, s->allocator, &values, &n));
    s->api->ReleaseValue(values[0]); /* the logits: our own memory */
    for (size_t i = 1; i < n; i++) {
        if (s->past[i - 1])
            s->api->ReleaseValue(s->past[i - 1]);
        s->past[i - 1] = values[i];
    }
    onnx_library_ignore(s->api, s->api->AllocatorFree(s->allocator, (void *)values));
    return ERR_OK;
}

/* `width` new positions of every sequence, whose ids, positions, mask and rows stand ready. */
static enum err_code forward(struct session *s, uint32_t width, uint32_t n_rows, struct err *e)
{
    const int64_t tokens[] = {s->n, width}, mask[] = {s->n, s->length + width}, rows[] = {n_rows};
    const int64_t logits[] = {n_rows, s->vocab};
    s->api->ClearBoundInputs(s->binding);
    s->api->ClearBoundOutputs(s->binding);
    if (bind_tensor(s, "input_ids", s->ids, false, tokens, 2, e) ||
        bind_tensor(s, "position_ids", s->positions, false, tokens, 2, e) ||
        bind_tensor(s, "attention_mask", s->mask, false, mask, 2, e) ||
        bind_tensor(s, "logit_rows", s->rows, false, rows, 1, e) ||
        bind_tensor(s, "logits", s->logits, true, logits, 2, e) || bind_cache(s, e))
        return e->code;
    TRY("forward", s->api->RunWithBinding(s->ort, s->run_options, s->binding));
    s->length += width;
    return keep_cache(s, e);
}

/* Lays the prompts out, padded on the right. Padding sees real tokens before it, nothing sees it.
 */
static void lay_out(struct session *s, const struct engine_batch *prompts)
{
    forget_cache(s);
    s->n = prompts->n;
    s->length = s->width = 0;
    for (uint32_t k = 0; k < s->n; k++)
        s->width = prompts->n_ids[k] > s->width ? prompts->n_ids[k] : s->width;
    for (uint32_t k = 0; k < s->n; k++) {
        const size_t at = (size_t)k * s->width;
        s->lengths[k] = prompts->n_ids[k];
        for (uint32_t i = 0; i < s->width; i++) {
            const bool real = i < prompts->n_ids[k];
            s->ids[at + i] = real ? prompts->ids[k][i] : 0;
            s->positions[at + i] = real ? i : 0;
            s->mask[at + i] = real;
        }
    }
}

static enum err_code prefill(struct session *s, const struct engine_batch *prompts,
                             uint32_t *ret_padding, struct err *e)
{
    lay_out(s, prompts);
    *ret_padding = 0;
    for (uint32_t k = 0; k < s->n; k++) {
        s->rows[k] = (int64_t)k * s->width + s->lengths[k] - 1;
        *ret_padding += s->width - s->lengths[k];
    }
    return forward(s, s->width, s->n, e);
}

static enum err_code step(struct session *s, const int32_t *next, struct err *e)
{
    const uint32_t row = s->length + 1;
    for (uint32_t k = 0; k < s->n; k++) {
        s->ids[k] = next[k];
        s->positions[k] = s->lengths[k] + (s->length - s->width);
        s->rows[k] = k;
        if (s->n == 1)
            s->mask[s->length] = 1; /* what is before it stands there already */
        else
            for (uint32_t i = 0; i < row; i++)
                s->mask[(size_t)k * row + i] = i < s->lengths[k] || i >= s->width;
    }
    return forward(s, 1, s->n, e);
}

static const float *logits(struct session *s, uint32_t sequence)
{
    return s->logits + (size_t)sequence * s->vocab;
}

static enum err_code all_logits(struct session *s, const struct engine_batch *batch, float *rows,
                                struct err *e)
{
    uint32_t total = 0, longest = 0;
    for (uint32_t k = 0; k < batch->n; k++) {
        total += batch->n_ids[k];
        longest = batch->n_ids[k] > longest ? batch->n_ids[k] : longest;
    }
    if (make_room(s, batch->n, longest, total, e))
        return e->code;
    lay_out(s, batch);
    uint32_t at = 0;
    for (uint32_t k = 0; k < s->n; k++)
        for (uint32_t i = 0; i < s->lengths[k]; i++)
            s->rows[at++] = (int64_t)k * s->width + i;
    if (forward(s, s->width, total, e))
        return e->code;
    memcpy(rows, s->logits, (size_t)total * s->vocab * sizeof *rows);
    return ERR_OK;
}

/* ---- proof ---- */

constexpr size_t CHILD_MEMORY = (size_t)1 << 30;

static enum err_code run_profiled(const void *context, const char *prefix, struct err *e)
{
    const struct engine_load *const load = context;
    struct arena *const a = arena_new(CHILD_MEMORY);
    struct session *s = nullptr;
    struct onnx_library lib;
    const int32_t token = 0, *const ids[] = {&token};
    const struct engine_batch one = {ids, (const uint32_t[]){1}, 1};
    uint32_t padding;
    char *name = nullptr;
    if (open_graph(load, prefix, a, &s, &lib, e) || reserve(s, 1, 1, e) ||
        prefill(s, &one, &padding, e))
        return e->code;
    TRY("profile", s->api->SessionEndProfiling(s->ort, s->allocator, &name));
    return ERR_OK; /* the process ends here, and with it all this */
}

static void prove(const struct engine_load *load, struct arena *a, const struct proof **ret)
{
    struct proof *const p = ARENA_ARRAY(a, struct proof, 1);
    onnx_proof_take(file_join(a, load->artefact, "model.onnx"), run_profiled, load, a, p);
    *ret = p;
}

static void evidence(struct session *s, struct jsonw *w)
{
    if (s->proof)
        onnx_proof_write(s->proof, w);
    jsonw_key(w, "providers");
    if (s->n_providers == 0) {
        jsonw_null(w);
        jsonw_kstr(w, "providers_reason", "this library does not say where it put the nodes");
    } else {
        jsonw_object(w);
        for (uint32_t i = 0; i < s->n_providers; i++)
            jsonw_ki64(w, s->providers[i].name, s->providers[i].nodes);
        jsonw_end_object(w);
    }
    jsonw_kstr(w, "kv_cache", "f32");
    jsonw_kbool(w, "spinning", s->spinning);
}

const struct engine backend_onnxruntime = {
    .name = "onnxruntime",
    .available = onnx_library_available,
    .prove = prove,
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
    .evidence = evidence,
};
