#include "backend/backend.h"

#include "backend/engine.h"
#include "backend/python_worker.h"
#include "base/nearest.h"
#include "model/hf_family.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* clang-format off */
static const char *const torch_precisions[] = {"fp32", "fp16", "bf16", nullptr};
static const char *const onnx_precisions[] = {"fp32", "int8", "int4", nullptr};
static const char *const onnx_gpu_precisions[] = {"fp32", "fp16", "int8", "int4", nullptr};
static const char *const gguf_precisions[] = {
    "fp32",   "fp16", "bf16", "int8",   "int4",   "q8_0",   "q6_k",   "q5_k_m",
    "q5_k_s", "q5_1", "q5_0", "q4_k_m", "q4_k_s", "q4_1",   "q4_0",   "iq4_nl",
    "iq4_xs", "q3_k_l", "q3_k_m", "q3_k_s", "iq3_m", "iq3_s", "q2_k", nullptr};
static const char *const tensorrt_precisions[] = {"fp32", "fp16", "int8", nullptr};
static const char *const ollama_precisions[] = {
    "fp16", "int8", "q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", nullptr};
static const char *const any_precision[] = {
    "fp32", "fp16", "bf16", "int8", "int4", "q8_0", "q4_0", "q4_k_m", nullptr};
/* clang-format on */

static enum err_code torch_cpu_here(struct backend_found *ret, struct err *e)
{
    return python_worker_available(false, false, ret, e);
}

static enum err_code torch_cpu_compile_here(struct backend_found *ret, struct err *e)
{
    return python_worker_available(false, true, ret, e);
}

static enum err_code torch_gpu_here(struct backend_found *ret, struct err *e)
{
    return python_worker_available(true, false, ret, e);
}

static enum err_code torch_gpu_compile_here(struct backend_found *ret, struct err *e)
{
    return python_worker_available(true, true, ret, e);
}

static enum err_code no_tensorrt(struct backend_found *, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE, "this version of chimera has no client for TensorRT yet");
}

static enum err_code no_ollama(struct backend_found *, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE,
                   "this version of chimera has no client for an Ollama server yet");
}

static enum err_code no_openai(struct backend_found *, struct err *e)
{
    return err_set(e, ERR_UNAVAILABLE,
                   "this version of chimera has no client for an OpenAI-compatible server yet");
}

static enum err_code llamacpp_cpu_here(struct backend_found *ret, struct err *e)
{
    return backend_llamacpp.available(false, ret, e);
}

static enum err_code llamacpp_gpu_here(struct backend_found *ret, struct err *e)
{
    return backend_llamacpp.available(true, ret, e);
}

static enum err_code onnxruntime_cpu_here(struct backend_found *ret, struct err *e)
{
    return backend_onnxruntime.available(false, ret, e);
}

static enum err_code onnxruntime_gpu_here(struct backend_found *ret, struct err *e)
{
    return backend_onnxruntime.available(true, ret, e);
}

static enum err_code synthetic_here(struct backend_found *ret, struct err *e)
{
    return backend_synthetic.available(false, ret, e);
}

/* clang-format off */
static const struct backend backends[] = {
    {"transformers-cpu", "PyTorch with transformers, eager, on the CPU", "cpu", "hf",
     BACKEND_WORKER_PYTHON, nullptr, torch_precisions, torch_cpu_here},
    {"transformers-cpu-compile", "PyTorch with transformers, torch.compile, on the CPU", "cpu", "hf",
     BACKEND_WORKER_PYTHON, nullptr, torch_precisions, torch_cpu_compile_here},
    {"transformers-gpu", "PyTorch with transformers, eager, on CUDA", "cuda", "hf",
     BACKEND_WORKER_PYTHON, nullptr, torch_precisions, torch_gpu_here},
    {"transformers-gpu-compile", "PyTorch with transformers, torch.compile, on CUDA", "cuda", "hf",
     BACKEND_WORKER_PYTHON, nullptr, torch_precisions, torch_gpu_compile_here},
    {"onnxruntime-cpu", "ONNX Runtime on the CPU", "cpu", "onnx",
     BACKEND_WORKER_NATIVE, &backend_onnxruntime, onnx_precisions, onnxruntime_cpu_here},
    {"onnxruntime-gpu", "ONNX Runtime with its CUDA provider", "cuda", "onnx",
     BACKEND_WORKER_NATIVE, &backend_onnxruntime, onnx_gpu_precisions, onnxruntime_gpu_here},
    {"tensorrt", "TensorRT engines", "cuda", "onnx",
     BACKEND_WORKER_NONE, nullptr, tensorrt_precisions, no_tensorrt},
    {"ollama", "a model served by Ollama", "cpu", "none",
     BACKEND_WORKER_NONE, nullptr, ollama_precisions, no_ollama},
    {"llamacpp-cpu", "llama.cpp on the CPU", "cpu", "gguf",
     BACKEND_WORKER_NATIVE, &backend_llamacpp, gguf_precisions, llamacpp_cpu_here},
    {"llamacpp-gpu", "llama.cpp with every layer on the GPU", "cuda", "gguf",
     BACKEND_WORKER_NATIVE, &backend_llamacpp, gguf_precisions, llamacpp_gpu_here},
    {"openai", "any server with the OpenAI interface", "cpu", "none",
     BACKEND_WORKER_NONE, nullptr, any_precision, no_openai},
    {"synthetic", "no model: a programmed latency law and faults, to calibrate the lab", "cpu", "none",
     BACKEND_WORKER_NATIVE, &backend_synthetic, any_precision, synthetic_here},
};

static const struct alias {
    const char *name, *backend, *precision;
} aliases[] = {
    {"onnxruntime", "onnxruntime-cpu", nullptr},
    {"tensorrt-fp32", "tensorrt", "fp32"},
    {"tensorrt-fp16", "tensorrt", "fp16"},
    {"tensorrt-int8", "tensorrt", "int8"},
};
/* clang-format on */

const struct backend *backend_at(size_t i)
{
    return i < COUNT_OF(backends) ? &backends[i] : nullptr;
}

const struct backend *backend_find(const char *name, const char **ret_precision)
{
    if (ret_precision)
        *ret_precision = nullptr;
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        if (strcmp(aliases[i].name, name) == 0) {
            if (ret_precision)
                *ret_precision = aliases[i].precision;
            name = aliases[i].backend;
            break;
        }
    for (size_t i = 0; i < COUNT_OF(backends); i++)
        if (strcmp(backends[i].name, name) == 0)
            return &backends[i];
    return nullptr;
}

const char *backend_nearest(const char *name)
{
    const char *names[COUNT_OF(backends) + COUNT_OF(aliases)];
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(backends); i++)
        names[n++] = backends[i].name;
    for (size_t i = 0; i < COUNT_OF(aliases); i++)
        names[n++] = aliases[i].name;
    return nearest_word(name, names, n);
}

static bool lists(const char *const *words, const char *word)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static enum err_code wrong_precision(const struct backend *b, const char *precision, struct err *e)
{
    char all[256] = "";
    const bool half = strcmp(precision, "fp16") == 0 || strcmp(precision, "bf16") == 0;
    if (half && b->engine == &backend_onnxruntime && strcmp(b->device, "cpu") == 0)
        return err_set(e, ERR_UNSUPPORTED,
                       "%s does not compute in %s: ONNX Runtime's CPU provider turns the weights "
                       "back to fp32 when it loads the graph and multiplies in fp32",
                       b->name, precision);
    for (const char *const *p = b->precisions; *p; p++) {
        const size_t at = strlen(all);
        (void)snprintf(all + at, sizeof all - at, "%s%s", at ? ", " : "", *p);
    }
    return err_set(e, ERR_UNSUPPORTED, "%s has no %s here; it has %s", b->name, precision, all);
}

/* A file that is stored already in one type is that type: nothing requantises it on the way. One
 * that says of itself what it is not gets through: it is loaded, looked at, and its cell `degraded`
 * with the reason, so that the lie is told where it is found. */
static enum err_code stored_as(const struct backend *b, const struct model_facts *m,
                               const char *precision, struct err *e)
{
    const bool unlabelled = m->kind == MODEL_ONNX && !m->claims;
    if (unlabelled || model_facts_holds(m, precision) || model_facts_claims(m, precision))
        return ERR_OK;
    return err_set(e, ERR_UNSUPPORTED, "%s: '%s' is stored as %s and is not converted to %s",
                   b->name, m->name,
                   m->claims  ? m->claims
                   : m->dtype ? m->dtype
                              : "something else",
                   precision);
}

static enum err_code wrong_kind(const struct backend *b, const struct model_facts *m,
                                const char *wants, struct err *e)
{
    static const char *const kinds[] = {
        [MODEL_HF] = "a Hugging Face folder", [MODEL_GGUF] = "a GGUF file",
        [MODEL_ONNX] = "an ONNX folder",      [MODEL_TAG] = "a tag of a server",
        [MODEL_MISSING] = "missing",
    };
    return err_set(e, ERR_UNSUPPORTED, "%s takes %s; '%s' is %s", b->name, wants, m->name,
                   kinds[m->kind]);
}

/* What our exporters write: the source may be of another family only where no export is needed. */
static enum err_code exportable(const struct backend *b, const struct model_facts *m, struct err *e)
{
    if (!m->architecture || hf_family_find(m->architecture))
        return ERR_OK;
    size_t n = 0;
    const char *const *const names = hf_family_names(&n);
    char known[200] = "";
    for (size_t i = 0, at = 0; i < n && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", names[i]);
    return err_set(e, ERR_UNSUPPORTED, "%s: chimera exports the families %s to %s; '%s' is a %s",
                   b->name, known, b->artefact, m->name, m->architecture);
}

/* The backends that load files, by what they load. */
static enum err_code takes_file(const struct backend *b, const struct model_facts *m,
                                const char *precision, struct err *e)
{
    const bool onnx = strcmp(b->artefact, "onnx") == 0, gguf = strcmp(b->artefact, "gguf") == 0;
    /* An abort() in ggml would be a crashed cell; it is known beforehand from the shape. */
    if (gguf && m->n_heads > 0 && m->n_heads == m->d_model)
        return err_set(e, ERR_UNSUPPORTED,
                       "llama.cpp cannot take a head of one element: it aborts in its attention");
    if (m->kind == MODEL_HF)
        return onnx || gguf ? exportable(b, m, e) : ERR_OK;
    if (m->kind == MODEL_ONNX && onnx)
        return stored_as(b, m, precision, e);
    if (m->kind == MODEL_GGUF && gguf)
        return stored_as(b, m, precision, e);
    return wrong_kind(b, m,
                      onnx   ? "a Hugging Face folder or an ONNX folder"
                      : gguf ? "a Hugging Face folder or a GGUF file"
                             : "a Hugging Face folder",
                      e);
}

bool backend_knows_precision(const char *word, const char **ret_near)
{
    const char *names[128];
    size_t n = 0;
    const struct backend *b;
    for (size_t i = 0; (b = backend_at(i)); i++)
        for (const char *const *p = b->precisions; *p && n < COUNT_OF(names); p++) {
            if (strcmp(*p, word) == 0)
                return true;
            names[n++] = *p;
        }
    *ret_near = nearest_word(word, names, n);
    return false;
}

enum err_code backend_accepts(const struct backend *b, const struct model_facts *m,
                              const char *precision, struct err *e)
{
    if (!lists(b->precisions, precision))
        return wrong_precision(b, precision, e);
    if (b->engine == &backend_synthetic)
        return ERR_OK; /* it reads no model */
    const bool server = b->worker == BACKEND_WORKER_NONE && strcmp(b->artefact, "none") == 0;
    if (m->kind == MODEL_MISSING)
        return err_set(e, ERR_UNAVAILABLE, "%s",
                       m->why_missing ? m->why_missing : "the model was not found");
    if (server)
        return m->kind == MODEL_TAG ? ERR_OK : wrong_kind(b, m, "the tag of a served model", e);
    return takes_file(b, m, precision, e);
}
