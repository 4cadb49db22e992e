/* engine.h - what an engine written in C must do; the worker (worker.c) and the one generation loop
 * (generate.c) do the rest, the same for all of them.
 *
 * An engine lives in a worker process, loads one configuration, and serves one request at a time.
 * No slot takes a stamp, formats a reply or samples a token: that would put an engine's clock
 * elsewhere than its rivals'. Slots marked (between stamps) run inside a measured interval: they do
 * the work and nothing else, and take no memory of their own that engine.reserve could have taken
 * before.
 *
 * A failure for want of memory sets err.sys to ENOMEM; the worker then says `oom`.
 */
#pragma once

#include "backend/backend.h"

struct arena;
struct json;
struct jsonw;
struct str;
struct session; /* each engine's own */
struct proof;   /* each engine's own */

struct engine_load { /* what to load; borrowed for as long as the session lives */
    const char *precision;
    const struct model_facts *facts; /* of the source, as read from its files */
    const char *artefact;            /* what engine loads; "" where it loads nothing */
    const struct json *options;      /* may be nullptr */
    uint64_t seed;
    uint32_t threads;     /* at least 1 */
    uint32_t max_context; /* positions that a sequence may reach; 0: the model's own */
    uint32_t max_batch;   /* sequences that a forward will take at most; a hint */
    bool gpu;
    bool embed; /* for engine.embed alone; nothing else is called then but tokenize and close */
    const struct proof *proof; /* of engine.prove; nullptr: none */
};

struct engine_about { /* filled by open; what the loaded reply says */
    char name[32], version[64], path[256], device[128];
    char architecture[32];  /* "": unknown */
    char label_reason[256]; /* not empty: what was loaded is not what the label says */
    int64_t n_params;       /* -1: unknown */
    uint32_t n_layers, d_model, vocab_size, n_ctx; /* 0: unknown */
    uint32_t threads;
    uint32_t dimension; /* of an embedding; 0: loaded to generate */
    double compile_ms;  /* NOT_MEASURED: nothing was compiled */
};

/* One forward: n sequences, sequence k holds ids[k][0..n_ids[k]). */
struct engine_batch {
    const int32_t *const *ids;
    const uint32_t *n_ids;
    uint32_t n;
};

struct engine {
    const char *name;

    /* Is the library here, and the device? Loads it. ERR_UNAVAILABLE: why not, and how to get it.
     */
    enum err_code (*available)(bool gpu, struct backend_found *ret, struct err *e);

    /* Before open and before load_ms begins: what the library really makes of the artefact, found
     * out without touching this process. Optional; a failure is part of the proof. */
    void (*prove)(const struct engine_load *load, struct arena *a, const struct proof **ret);
    enum err_code (*open)(const struct engine_load *load, struct arena *a, struct session **ret,
                          struct engine_about *about, struct err *e);
    void (*close)(struct session *s); /* nullptr is fine */

    /* Text to ids and back, as the model's own tokenizer does it with its special tokens (between
     * stamps). ids has engine_ids_room(bytes). */
    enum err_code (*tokenize)(struct session *s, const char *text, size_t bytes, int32_t *ids,
                              uint32_t room, uint32_t *ret_n, struct err *e);
    enum err_code (*detokenize)(struct session *s, const int32_t *ids, uint32_t n, struct str *out,
                                struct err *e);
    int32_t (*eos)(const struct session *s); /* -1: the model has none */

    /* Before `submitted`: make room for a request of n sequences, each at most n_positions long.
     * Optional. */
    enum err_code (*reserve)(struct session *s, uint32_t n, uint32_t n_positions, struct err *e);

    /* Forget every earlier request, then run the prompts in one forward. After it, logits(k) is
     * valid, on the host, for the last position of sequence k (between stamps). *ret_padding is the
     * number of positions that were computed for nothing. */
    enum err_code (*prefill)(struct session *s, const struct engine_batch *prompts,
                             uint32_t *ret_padding, struct err *e);
    /* One more token for every sequence of the batch (between stamps). */
    enum err_code (*step)(struct session *s, const int32_t *next, struct err *e);
    const float *(*logits)(struct session *s, uint32_t sequence); /* valid until the next call */
    /* An engine without logits (synthetic) chooses the token itself; nullptr elsewhere. */
    int32_t (*choose)(struct session *s, uint32_t sequence);

    /* Logits of every position of one forward over the batch, into rows[][vocab], sequence after
     * sequence without the padding; for `model verify`. nullptr: the engine has no logits. */
    enum err_code (*all_logits)(struct session *s, const struct engine_batch *batch, float *rows,
                                struct err *e);

    /* A vector for each text, as the model pools it, into rows[n][about.dimension]; of a text
     * without tokens, zeros. A text of more tokens than the model takes is cut, and its closing
     * special token kept; *ret_cut counts them. nullptr: the engine cannot embed. */
    enum err_code (*embed)(struct session *s, const struct engine_batch *texts, float *rows,
                           size_t *ret_cut, struct err *e);

    /* Keys of the open `evidence` object. */
    void (*evidence)(struct session *s, struct jsonw *w);
};

/* Room for the ids of a text. A character that is no token is a token for each of its bytes, and
 * before a piece of text there may stand a character that it does not have. */
static inline uint32_t engine_ids_room(size_t bytes)
{
    return (uint32_t)(4 * bytes + 64);
}

/* Failure for want of memory. */
[[nodiscard]] static inline enum err_code engine_no_memory(struct err *e, enum err_code code)
{
    e->sys = 12; /* ENOMEM, without errno.h in every includer */
    return code;
}

extern const struct engine backend_synthetic, backend_llamacpp, backend_onnxruntime;
