/* backend.h - every engine that an experiment may name, in one table.
 *
 * A backend is an inference engine plus the device that it runs on. It always runs in a worker
 * process (docs/WORKER.md): `chimera worker` for engines in C (engine.h), the Python worker for
 * transformers. The lab knows this table and the worker's protocol, never an engine.
 */
#pragma once

#include "base/err.h"
#include "domain/model_facts.h"

struct engine;

enum backend_worker : uint8_t {
    BACKEND_WORKER_NATIVE, /* chimera worker */
    BACKEND_WORKER_PYTHON, /* workers/transformers/worker.py */
    BACKEND_WORKER_NONE,   /* a known name that this version cannot run yet */
};

struct backend_found { /* what doctor, plan and env.json say of an engine that is here */
    char version[64];
    char path[256];
    char detail[256]; /* devices, BLAS, providers; may be empty */
};

struct backend {
    const char *name;     /* [a-z0-9-]+, as typed and as stored */
    const char *summary;  /* one line for doctor and --help */
    const char *device;   /* "cpu" or "cuda" */
    const char *artefact; /* what it loads: "hf", "onnx", "gguf", "none" */
    enum backend_worker worker;
    const struct engine *engine;   /* BACKEND_WORKER_NATIVE only */
    const char *const *precisions; /* those it can really compute or store in; ends in nullptr */

    /* Can it run here? ERR_UNAVAILABLE: the reason, and how to get it. May load a library or start
     * a process: ask once. */
    enum err_code (*available)(struct backend_found *ret, struct err *e);
};

const struct backend *backend_at(size_t i); /* nullptr: past the last */

/* By name or alias (onnxruntime, tensorrt-fp16, ...). *ret_precision (may be nullptr) is the
 * precision that the name fixes (tensorrt-fp16), else nullptr. nullptr: no such backend. */
[[nodiscard]] const struct backend *backend_find(const char *name, const char **ret_precision);
/* The nearest right name, or nullptr. */
[[nodiscard]] const char *backend_nearest(const char *name);

/* Has any backend this precision? Else *ret_near is the nearest word that one has, or nullptr. */
[[nodiscard]] bool backend_knows_precision(const char *word, const char **ret_near);

/* Can this backend take this model in this precision at all, here or anywhere? ERR_UNSUPPORTED with
 * the reason (incompatible); ERR_UNAVAILABLE where the model itself is missing. Cheap, no I/O. */
[[nodiscard]] enum err_code backend_accepts(const struct backend *b, const struct model_facts *m,
                                            const char *precision, struct err *e);
