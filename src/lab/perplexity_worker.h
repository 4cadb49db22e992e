/* perplexity_worker.h - what perplexity asks of a worker: tokens of a text, text of tokens, logits.
 *
 * Whatever goes wrong is told as a struct invocation_failure, as in invocation.h; STATUS_SKIPPED is
 * a person's wish to stop.
 */
#pragma once

#include "lab/invocation.h"

#include <stdio.h>

struct perplexity_worker { /* starts as {}; do not copy: struct invocation */
    struct invocation invocation;
    const struct invocation_spec *spec;
    struct stop *stop;
    const char *file;      /* where its logits go */
    double timeout_s;      /* of one answer */
    uint32_t vocab, n_ctx; /* as it said when it loaded; 0: unknown */
    int64_t id;
};

/* Start and load; ret->status other than STATUS_OK: none lives. Not what its label says is
 * STATUS_DEGRADED. */
void perplexity_worker_start(struct perplexity_worker *w, const struct invocation_spec *spec,
                             const char *file, double timeout_s, struct stop *stop, struct arena *a,
                             struct invocation_failure *ret);
void perplexity_worker_done(struct perplexity_worker *w); /* for CLEANUP() too */

/* false: *ret_failure. Results belong to a. */
[[nodiscard]] bool perplexity_worker_tokenize(struct perplexity_worker *w, const char *text,
                                              size_t n, struct arena *a, int32_t **ret_ids,
                                              uint32_t *ret_n, struct invocation_failure *ret);
[[nodiscard]] bool perplexity_worker_detokenize(struct perplexity_worker *w, const int32_t *ids,
                                                uint32_t n, struct arena *a, const char **ret_text,
                                                struct invocation_failure *ret);

struct perplexity_worker_span { /* of one sequence */
    const int32_t *ids;
    uint32_t n;
};

/* Logits of every position of spans[0..n), each in a forward of its own: a file that nobody else
 * sees, float32 [sum of n][w->vocab], to be closed by the caller. */
[[nodiscard]] bool perplexity_worker_logits(struct perplexity_worker *w,
                                            const struct perplexity_worker_span *spans, size_t n,
                                            struct arena *a, FILE **ret_file,
                                            struct invocation_failure *ret);
