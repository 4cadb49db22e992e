/* verify.h - do all engines give the same logits for the same tokens?
 *
 * Each engine runs in a worker (docs/WORKER.md), one after the other, and computes every position
 * of the same sequences three times: a whole sequence in one forward (prefill), token by token
 * through its cache (decode), and all sequences in one padded forward (batch). All is compared with
 * the reference's prefill: largest difference over the standard deviation of the reference's
 * logits, and the greedy choice wherever the reference's two best logits lie further apart than the
 * bound.
 */
#pragma once

#include "base/err.h"
#include "domain/status.h"
#include "lab/logit_diff.h"

struct arena;

enum verify_path : uint8_t { VERIFY_PREFILL, VERIFY_DECODE, VERIFY_BATCH, VERIFY_PATHS };

struct verify_engine { /* what to try */
    const char *backend, *device;
    const char *const *argv; /* its worker's program; nullptr: it cannot run here */
    const char *unavailable; /* why not */
    double bound;
};

struct verify_spec {
    const struct verify_engine *engines; /* the first that gives logits is the reference */
    size_t n_engines;
    const char *model, *model_path;
    uint32_t vocab_size, n_ctx, threads;
    uint64_t seed;
    double timeout_s;                                                       /* of one answer */
    void (*progress)(const char *backend, const char *what, void *context); /* may be nullptr */
    void *context;
};

struct verify_path_result {
    enum status status; /* STATUS_FAIL_ACCURACY: a bound is broken */
    const char *reason; /* nullptr where ok */
    struct logit_diff diff;
};

struct verify_engine_result {
    const char *backend, *version; /* version nullptr: unknown */
    enum status status; /* of the engine: OK means that it loaded; INCOMPATIBLE, UNAVAILABLE, ... */
    const char *reason;
    double bound;
    bool reference;
    bool same_tokens; /* its tokenizer gives the reference's ids for the text prompts */
    struct verify_path_result paths[VERIFY_PATHS];
};

struct verify_result {
    struct verify_engine_result *engines;
    size_t n_engines, n_compared; /* engines with logits, the reference included */
    size_t n_sequences, n_positions;
    double deviation; /* of the reference's logits */
    bool ok;          /* nothing that ran broke a bound or failed */
};

const char *verify_path_name(enum verify_path p);

/* ERR_IO or ERR_LIMIT where there is no room for the logits. All else is a result. */
[[nodiscard]] enum err_code verify_run(const struct verify_spec *s, struct arena *a,
                                       struct verify_result *ret, struct err *e);
