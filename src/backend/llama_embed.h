/* llama_embed.h - a loaded model of llama.cpp as an embedding model: token ids to one vector a
 * text.
 *
 * Pooling is the file's own (<architecture>.pooling_type: mean, cls, last), the mean where it names
 * none; hidden states are those after the last norm. Attention is computed in single precision,
 * whatever the weights are stored as. For llama.cpp's engine alone.
 */
#pragma once

#include "backend/engine.h"
#include "backend/llama_library.h"

constexpr uint32_t LLAMA_EMBED_SEQUENCES = 64; /* in a forward */

struct llama_embed { /* opened and closed here; the first four are the caller's, and outlive it */
    const struct llama_library *lib;
    struct llama_model *model;
    struct ggml_threadpool *pool; /* nullptr: none */
    const struct llama_library_words *words;
    struct llama_context *context; /* nullptr: none yet */
    struct llama_batch batch;      /* of room tokens */
    uint32_t room, threads;
    llama_seq_id sequence[LLAMA_EMBED_SEQUENCES]; /* 0, 1, ...: batch.seq_id points here */
    uint32_t longest;                             /* tokens of a text; what is longer is cut */
    uint32_t dimension;                           /* of a vector */
    int32_t eos, sep; /* a closing token, which a cut keeps; -1: the model has none */
    enum llama_pooling_type pooling;
    bool pooling_assumed; /* the file names none */
};

/* x has the caller's four and threads. longest: the most that a caller wants, 0: all that the model
 * takes. ERR_UNSUPPORTED: a pooling that gives no vector of a text. */
[[nodiscard]] enum err_code llama_embed_open(struct llama_embed *x, uint32_t longest,
                                             struct err *e);
void llama_embed_done(struct llama_embed *x);
/* As engine.embed. */
[[nodiscard]] enum err_code llama_embed_texts(struct llama_embed *x,
                                              const struct engine_batch *texts, float *rows,
                                              size_t *ret_cut, struct err *e);
/* "mean", "cls", "lasttoken": the words of the Python worker. */
const char *llama_embed_pooling(const struct llama_embed *x);
