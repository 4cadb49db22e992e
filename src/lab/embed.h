/* embed.h - texts to vectors by an embedding model: of a worker that has loaded it (docs/WORKER.md,
 * `embed`), or of a server (embed_server.h).
 *
 * Whatever goes wrong is told as a struct invocation_failure.
 */
#pragma once

#include "lab/invocation.h"

struct embed_text {
    const char *text; /* UTF-8 */
    size_t n;
};

struct embed_result { /* belongs to the arena of the call */
    float *rows;      /* [n][dimension], as the model gives them: of length 1 */
    size_t n, dimension;
    size_t cut;      /* texts longer than the model takes, of which the end was left out */
    int64_t longest; /* tokens that it takes; 0: unknown */
    const char *engine, *version, *architecture, *pooling; /* nullptr: it was not said */
    const char *sha256;   /* of the model's file; nullptr: unknown */
    bool pooling_assumed; /* the model names no pooling, and the mean was taken */
};

/* Start a worker by spec (whose task is "embed"), embed all texts, end it. timeout_s: of one
 * answer, which is 256 texts at most. false: *ret_failure, and nothing else is set. */
[[nodiscard]] bool embed_texts(const struct invocation_spec *spec, const struct embed_text *texts,
                               size_t n, double timeout_s, struct stop *stop, struct arena *a,
                               struct embed_result *ret, struct invocation_failure *ret_failure);

/* Cosine of two vectors; 0 where one of them has no length. */
[[nodiscard]] double embed_cosine(const float *x, const float *y, size_t dimension);
