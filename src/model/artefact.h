/* artefact.h - what an engine loads, made from a model and kept in the cache.
 *
 * Content-addressed: the folder's name is a digest of the sources (config, weights, tokenizer), the
 * kind, the precision and the exporter's version, so that a changed model never meets a stale
 * export. Made beside and renamed, under a lock: a second maker waits and then finds it done. The
 * lock dies with its process. A kill leaves at most a folder that the next maker removes.
 */
#pragma once

#include "base/err.h"
#include "domain/model_facts.h"
#include "model/origin.h"

#include <stdint.h>

struct arena;

struct artefact {
    const char *path; /* what the engine opens: the HF folder, the ONNX folder, the .gguf; nullptr
                         for "none" */
    int64_t bytes;    /* of its files; -1 unknown */
    bool cached;      /* it was there already */
    double made_ms;   /* what making it took, now; 0 where cached */
    /* Hex. A file: its SHA-256. A folder: that of the text which `sha256sum` prints for its files,
     * sorted by name ("<hex>  <name>\n"). nullptr: nothing to digest. */
    const char *sha256;
    struct origin origin; /* what it was made from; of the model's own files, only `modified` */
};

/* kind: "hf", "onnx", "gguf", "none" (struct backend's artefact). precision: as in the experiment.
 *
 * hf: the model's own folder in any precision (the engine converts). onnx: "fp32", "int8". gguf:
 * "fp32", "fp16", "int8" (= q8_0) and llama.cpp's names (q8_0, q4_0, q4_k_m). A model that is a
 * .gguf or an ONNX folder is itself, if the precision asked for is what it holds; ERR_UNSUPPORTED
 * says what it holds. ERR_UNSUPPORTED: an architecture, shape or precision that the format or
 * engine cannot take. ERR_IO: a full disk; nothing is left behind. Cheap when it is cached: no
 * weight is read again. */
[[nodiscard]] enum err_code artefact_prepare(const char *kind, const char *precision,
                                             const struct model_facts *m, struct arena *a,
                                             struct artefact *ret, struct err *e);
