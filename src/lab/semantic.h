/* semantic.h - semantic similarity: the cosine of the embeddings of two texts, by a real embedding
 * model (N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019). No formula stands in for one.
 */
#pragma once

#include "lab/embed.h"

struct semantic_model {
    const char *path; /* a folder of sentence-transformers' kind, or a .gguf; nullptr: url */
    const char *url;  /* of a server (lab/embed_server.h) */
    const char *name; /* of its model; may be nullptr */
    uint32_t threads;
    double timeout_s; /* of loading, and of one answer */
};

/* A vector for each text, blanks at its ends left out: as sentence-transformers does it. */
[[nodiscard]] bool semantic_embed(const struct semantic_model *m, const struct embed_text *texts,
                                  size_t n, struct stop *stop, struct arena *a,
                                  struct embed_result *ret, struct invocation_failure *ret_failure);

/* The model, its engine and its pooling in a line, for people. */
[[nodiscard]] const char *semantic_about(const struct semantic_model *m,
                                         const struct embed_result *r, struct arena *a);
