/* worker_embed.h - the operation `embed` of the native worker (docs/WORKER.md). */
#pragma once

#include "backend/engine.h"
#include "model/artefact.h"

struct worker_embed_result {
    size_t texts, cut;
};

/* The file of an embedding model, as it lies there. ERR_UNSUPPORTED: it is no .gguf file. */
[[nodiscard]] enum err_code worker_embed_artefact(const struct model_facts *m, struct arena *a,
                                                  struct artefact *ret, struct err *e);
/* q.texts to vectors of length 1 (of zeros, where a text has no token), written to q.file. */
[[nodiscard]] enum err_code worker_embed(const struct engine *engine, struct session *s,
                                         const struct engine_about *about, const struct json *q,
                                         struct arena *a, struct worker_embed_result *ret,
                                         struct err *e);
