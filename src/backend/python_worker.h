/* python_worker.h - the transformers engine's worker, which is written in Python.
 *
 * The program (workers/transformers/worker.py) is part of this binary. It is written into the cache
 * under the digest of its text, so that every build runs its own, and is run by $CHIMERA_PYTHON or
 * python3.
 */
#pragma once

#include "backend/backend.h"

struct arena;
struct json;

struct python_worker { /* argv of the worker: {python, script} */
    const char *python, *script;
};

/* Finds the interpreter and writes the program. ERR_UNAVAILABLE: no Python. Strings belong to a. */
[[nodiscard]] enum err_code python_worker_place(struct arena *a, struct python_worker *ret,
                                                struct err *e);

/* What the interpreter would find:
 * {"executable","python","torch","torch_path","transformers","numpy",
 * "tokenizers","safetensors","cuda","cxx","python_h"}, null where absent. About 0.1 s: the
 * packages' records are read, nothing is imported. deep imports torch (seconds) and adds "blas"
 * {"kind","path"}, "cuda_devices", "cpu_capability". Every call starts a Python: ask once. */
[[nodiscard]] enum err_code python_worker_inspect(bool deep, struct arena *a,
                                                  const struct json **ret, struct err *e);

/* The answer of a backend's `available`, from what python_worker_inspect() found. */
[[nodiscard]] enum err_code python_worker_judge(const struct json *found, bool gpu, bool compile,
                                                struct backend_found *ret, struct err *e);

/* Both of it, for the table of backends. */
[[nodiscard]] enum err_code python_worker_available(bool gpu, bool compile,
                                                    struct backend_found *ret, struct err *e);
