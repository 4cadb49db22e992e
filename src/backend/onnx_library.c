#include "backend/onnx_library.h"

#include "base/defs.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t OLDEST_API = 16;

static const OrtApi *newest_api(const OrtApiBase *base)
{
    const OrtApi *api = nullptr;
    for (uint32_t version = ORT_API_VERSION; version >= OLDEST_API && !api; version--)
        api = base->GetApi(version);
    return api;
}

enum err_code onnx_library_open(struct onnx_library *ret, struct err *e)
{
    const char *const own = getenv("CHIMERA_ONNXRUNTIME");
    const char *const names[] = {own ? own : "libonnxruntime.so.1", "libonnxruntime.so.1.23",
                                 "libonnxruntime.so"};
    void *handle = nullptr;
    for (size_t i = 0; i < (own ? 1 : COUNT_OF(names)) && !handle; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return err_set(e, ERR_UNAVAILABLE,
                       "ONNX Runtime: %s: install libonnxruntime, or name it in "
                       "$CHIMERA_ONNXRUNTIME",
                       dlerror());
    const OrtApiBase *(*get)(void);
    void *const address = dlsym(handle, "OrtGetApiBase");
    memcpy(&get, &address, sizeof address); /* ISO C has no cast between the two */
    const OrtApiBase *const base = address ? get() : nullptr;
    ret->api = base ? newest_api(base) : nullptr;
    if (!ret->api)
        return err_set(e, ERR_UNAVAILABLE,
                       "ONNX Runtime: the library has no C interface of version %u to %u",
                       OLDEST_API, ORT_API_VERSION);
    ret->version = base->GetVersionString();
    Dl_info info = {};
    (void)dladdr(address, &info);
    (void)snprintf(ret->path, sizeof ret->path, "%s", info.dli_fname ? info.dli_fname : "");
    return ERR_OK;
}

enum err_code onnx_library_failed(const OrtApi *api, OrtStatus *status, const char *what,
                                  struct err *e)
{
    if (!status)
        return ERR_OK;
    const char *const words = api->GetErrorMessage(status);
    (void)err_set(e, ERR_BACKEND, "ONNX Runtime: %s: %s", what, words);
    if (strstr(words, "bad_alloc") || strstr(words, "bad allocation") ||
        strstr(words, "Failed to allocate"))
        e->sys = ENOMEM;
    if (api->GetErrorCode(status) == ORT_NOT_IMPLEMENTED)
        e->code = ERR_UNSUPPORTED;
    api->ReleaseStatus(status);
    e->msg[strcspn(e->msg, "\n")] = '\0';
    return e->code;
}

void onnx_library_ignore(const OrtApi *api, OrtStatus *status)
{
    if (status)
        api->ReleaseStatus(status);
}

/* The list of providers that the library was built with, in one text. */
static void list_providers(const OrtApi *api, char *text, size_t room, bool *ret_cuda)
{
    char **names = nullptr;
    int n = 0;
    *ret_cuda = false;
    OrtStatus *const status = api->GetAvailableProviders(&names, &n);
    onnx_library_ignore(api, status);
    if (status)
        return;
    for (int i = 0; i < n; i++) {
        const size_t at = strlen(text);
        (void)snprintf(text + at, room - at, "%s%s", i ? ", " : "", names[i]);
        *ret_cuda |= strcmp(names[i], "CUDAExecutionProvider") == 0;
    }
    onnx_library_ignore(api, api->ReleaseAvailableProviders(names, n));
}

enum err_code onnx_library_available(bool gpu, struct backend_found *ret, struct err *e)
{
    struct onnx_library lib;
    bool cuda;
    if (onnx_library_open(&lib, e))
        return e->code;
    *ret = (struct backend_found){};
    (void)snprintf(ret->version, sizeof ret->version, "%s", lib.version);
    (void)snprintf(ret->path, sizeof ret->path, "%s", lib.path);
    list_providers(lib.api, ret->detail, sizeof ret->detail, &cuda);
    if (gpu && !cuda)
        return err_set(e, ERR_UNAVAILABLE,
                       "ONNX Runtime %s (%s) was built without CUDA; it has %s. Name a build that "
                       "has it in $CHIMERA_ONNXRUNTIME",
                       lib.version, lib.path, ret->detail);
    return ERR_OK;
}
