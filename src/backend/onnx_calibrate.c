#include "backend/onnx_calibrate.h"

#include "backend/onnx_library.h"
#include "backend/stderr_filter.h"
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

constexpr char WATCHED[] = ".largest";
constexpr size_t CACHE_DIMS = 4;

struct runner {
    const OrtApi *api;
    OrtEnv *env;
    OrtSessionOptions *options;
    OrtSession *session;
    OrtMemoryInfo *memory;
    OrtAllocator *allocator;
    const char **inputs, **outputs;
    size_t n_inputs, n_outputs;
    OrtValue **values, **results;
    int64_t *positions, *mask, row;
    struct arena *arena;
};

#define TRY(what, call)                                                                            \
    do {                                                                                           \
        if (onnx_library_failed(r->api, (call), (what), e))                                        \
            return e->code;                                                                        \
    } while (0)

static void drop(struct runner *r, OrtValue **values, size_t n)
{
    for (size_t i = 0; values && i < n; i++) {
        if (values[i])
            r->api->ReleaseValue(values[i]);
        values[i] = nullptr;
    }
}

static void runner_done(struct runner *r)
{
    if (!r->api)
        return;
    drop(r, r->values, r->n_inputs);
    drop(r, r->results, r->n_outputs);
    r->api->ReleaseSession(r->session);
    r->api->ReleaseSessionOptions(r->options);
    r->api->ReleaseMemoryInfo(r->memory);
    r->api->ReleaseEnv(r->env);
}

static enum err_code keep_name(struct runner *r, char *name, const char **ret, struct err *e)
{
    *ret = arena_strdup(r->arena, name);
    TRY("names", r->api->AllocatorFree(r->allocator, name));
    return ERR_OK;
}

static bool is_watched(const char *name)
{
    const size_t n = strlen(name), m = sizeof WATCHED - 1;
    return n > m && strcmp(name + n - m, WATCHED) == 0;
}

static enum err_code read_names(struct runner *r, struct err *e)
{
    size_t n = 0;
    char *name = nullptr;
    TRY("inputs", r->api->SessionGetInputCount(r->session, &r->n_inputs));
    TRY("outputs", r->api->SessionGetOutputCount(r->session, &n));
    r->inputs = arena_alloc(r->arena, r->n_inputs + 1, sizeof *r->inputs);
    r->outputs = arena_alloc(r->arena, n + 1, sizeof *r->outputs);
    r->values = arena_alloc(r->arena, r->n_inputs + 1, sizeof(OrtValue *));
    r->results = arena_alloc(r->arena, n + 1, sizeof(OrtValue *));
    for (size_t i = 0; i < r->n_inputs; i++) {
        TRY("inputs", r->api->SessionGetInputName(r->session, i, r->allocator, &name));
        if (keep_name(r, name, &r->inputs[i], e))
            return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        const char *kept;
        TRY("outputs", r->api->SessionGetOutputName(r->session, i, r->allocator, &name));
        if (keep_name(r, name, &kept, e))
            return e->code;
        if (is_watched(kept))
            r->outputs[r->n_outputs++] = kept;
    }
    if (r->n_outputs == 0)
        return err_set(e, ERR_UNSUPPORTED, "onnx: a graph that watches no activations");
    return ERR_OK;
}

static enum err_code open_graph(struct runner *r, const char *folder, uint32_t threads,
                                struct err *e)
{
    struct onnx_library lib;
    const char *const graph = file_join(r->arena, folder, "model.onnx");
    if (onnx_library_open(&lib, e))
        return e->code;
    r->api = lib.api;
    TRY("environment", r->api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "chimera", &r->env));
    TRY("options", r->api->CreateSessionOptions(&r->options));
    TRY("threads", r->api->SetIntraOpNumThreads(r->options, (int)threads));
    TRY("memory", r->api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &r->memory));
    TRY("allocator", r->api->GetAllocatorWithDefaultOptions(&r->allocator));
    struct stderr_filter noise = stderr_filter_begin(); /* Debian's build: a line per operator */
    OrtStatus *const status = r->api->CreateSession(r->env, graph, r->options, &r->session);
    stderr_filter_end(&noise, "Schema error: Trying to register");
    TRY(graph, status);
    return read_names(r, e);
}

static enum err_code set_ids(struct runner *r, size_t input, const int64_t *x, const int64_t *shape,
                             size_t rank, struct err *e)
{
    size_t n = sizeof *x;
    for (size_t i = 0; i < rank; i++)
        n *= (size_t)shape[i];
    TRY(r->inputs[input], r->api->CreateTensorWithDataAsOrtValue(
                              r->memory, (void *)(uintptr_t)x, n, shape, rank,
                              ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, &r->values[input]));
    return ERR_OK;
}

/* No past: [1, heads, 0, size], the fixed sizes as the graph states them. */
static enum err_code set_empty(struct runner *r, size_t input, struct err *e)
{
    static float nothing; /* an empty tensor needs an address too */
    OrtTypeInfo *info = nullptr;
    const OrtTensorTypeAndShapeInfo *tensor = nullptr;
    int64_t shape[CACHE_DIMS] = {};
    TRY("past", r->api->SessionGetInputTypeInfo(r->session, input, &info));
    OrtStatus *status = r->api->CastTypeInfoToTensorInfo(info, &tensor);
    if (!status)
        status = r->api->GetDimensions(tensor, shape, CACHE_DIMS);
    r->api->ReleaseTypeInfo(info);
    TRY("past", status);
    shape[0] = 1;
    shape[2] = 0;
    TRY(r->inputs[input], r->api->CreateTensorWithDataAsOrtValue(
                              r->memory, &nothing, 0, shape, CACHE_DIMS,
                              ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &r->values[input]));
    return ERR_OK;
}

static enum err_code set_inputs(struct runner *r, const int64_t *tokens, uint32_t length,
                                struct err *e)
{
    const int64_t all[] = {1, length}, one[] = {1};
    r->row = length - 1;
    for (size_t i = 0; i < r->n_inputs; i++) {
        const char *const name = r->inputs[i];
        const enum err_code code =
            strcmp(name, "input_ids") == 0        ? set_ids(r, i, tokens, all, 2, e)
            : strcmp(name, "position_ids") == 0   ? set_ids(r, i, r->positions, all, 2, e)
            : strcmp(name, "attention_mask") == 0 ? set_ids(r, i, r->mask, all, 2, e)
            : strcmp(name, "logit_rows") == 0     ? set_ids(r, i, &r->row, one, 1, e)
                                                  : set_empty(r, i, e);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code run_once(struct runner *r, const int64_t *tokens, uint32_t length,
                              struct onnx_range *ranges, struct err *e)
{
    if (set_inputs(r, tokens, length, e))
        return e->code;
    TRY("forward", r->api->Run(r->session, nullptr, r->inputs, (const OrtValue *const *)r->values,
                               r->n_inputs, r->outputs, r->n_outputs, r->results));
    for (size_t i = 0; i < r->n_outputs; i++) {
        float *x = nullptr;
        TRY(r->outputs[i], r->api->GetTensorMutableData(r->results[i], (void **)&x));
        if (*x > ranges[i].largest)
            ranges[i].largest = *x;
    }
    drop(r, r->values, r->n_inputs);
    drop(r, r->results, r->n_outputs);
    return ERR_OK;
}

enum err_code onnx_calibrate(const char *folder, const int64_t *tokens, uint32_t n_sequences,
                             uint32_t length, uint32_t threads, struct arena *a,
                             struct onnx_ranges *ret, struct err *e)
{
    CLEANUP(runner_done) struct runner r = {.arena = a};
    if (open_graph(&r, folder, threads, e))
        return e->code;
    r.positions = ARENA_ARRAY(a, int64_t, length);
    r.mask = ARENA_ARRAY(a, int64_t, length);
    for (uint32_t i = 0; i < length; i++) {
        r.positions[i] = i;
        r.mask[i] = 1;
    }
    struct onnx_range *const ranges = ARENA_ARRAY(a, struct onnx_range, r.n_outputs);
    for (size_t i = 0; i < r.n_outputs; i++)
        ranges[i].name =
            arena_strndup(a, r.outputs[i], strlen(r.outputs[i]) - (sizeof WATCHED - 1));
    for (uint32_t i = 0; i < n_sequences; i++)
        if (run_once(&r, tokens + (size_t)i * length, length, ranges, e))
            return e->code;
    *ret = (struct onnx_ranges){.ranges = ranges, .n = r.n_outputs};
    return ERR_OK;
}
