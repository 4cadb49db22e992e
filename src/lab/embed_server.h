/* embed_server.h - texts to vectors by a server with OpenAI's POST /v1/embeddings (llama-server,
 * vLLM, TEI, ...).
 *
 * A key for it is taken from $CHIMERA_EMBED_KEY. Vectors are brought to length 1 here. Texts that
 * are too long for the model are the server's to cut or to refuse.
 */
#pragma once

#include "lab/embed.h"

struct embed_server_spec {
    const char *url;  /* with or without /v1 and /v1/embeddings */
    const char *name; /* of the model; nullptr: the server's only one */
    double timeout_s; /* of one answer */
};

/* As embed_texts(). unavailable: nobody answers. error: it answers with something else. */
[[nodiscard]] bool embed_server_texts(const struct embed_server_spec *spec,
                                      const struct embed_text *texts, size_t n, struct stop *stop,
                                      struct arena *a, struct embed_result *ret,
                                      struct invocation_failure *ret_failure);
