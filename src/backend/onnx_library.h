/* onnx_library.h - finding ONNX Runtime, and its failures in our words. For the ONNX engine alone.
 */
#pragma once

#include "backend/backend.h"

#include <onnxruntime_c_api.h>

struct onnx_library {
    const OrtApi *api;
    const char *version;
    char path[256];
};

/* $CHIMERA_ONNXRUNTIME, or the usual names; the newest C interface that both sides know. */
[[nodiscard]] enum err_code onnx_library_open(struct onnx_library *ret, struct err *e);
[[nodiscard]] enum err_code onnx_library_available(bool gpu, struct backend_found *ret,
                                                   struct err *e);
/* Takes status; nullptr is ERR_OK. what: what was being done. */
[[nodiscard]] enum err_code onnx_library_failed(const OrtApi *api, OrtStatus *status,
                                                const char *what, struct err *e);
/* A failure to give something back changes nothing. */
void onnx_library_ignore(const OrtApi *api, OrtStatus *status);
