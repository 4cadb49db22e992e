/* llama_library.h - finding llama.cpp, and its failures in our words. For its engine alone.
 */
#pragma once

#include "backend/backend.h"

#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <llama.h>

/* clang-format off */
#define LLAMA_LIBRARY_FUNCTIONS(X)                                                                 \
    X(llama_backend_init) X(llama_log_set) X(llama_model_default_params)                           \
    X(llama_context_default_params) X(llama_model_load_from_file) X(llama_model_free)              \
    X(llama_init_from_model) X(llama_free) X(llama_model_get_vocab) X(llama_model_n_ctx_train)     \
    X(llama_model_n_embd) X(llama_model_n_embd_out) X(llama_model_n_layer)                         \
    X(llama_model_n_params) X(llama_model_n_head) X(llama_model_meta_val_str)                      \
    X(llama_vocab_n_tokens) X(llama_vocab_eos) X(llama_vocab_sep)                                  \
    X(llama_tokenize) X(llama_detokenize) X(llama_decode)                                          \
    X(llama_get_logits_ith) X(llama_get_embeddings_seq) X(llama_get_memory) X(llama_memory_clear)  \
    X(llama_attach_threadpool) X(llama_print_system_info) X(ggml_backend_load_all)                 \
    X(ggml_backend_dev_count) X(ggml_backend_dev_get) X(ggml_backend_dev_type)                     \
    X(ggml_backend_dev_description) X(ggml_backend_dev_by_type) X(ggml_backend_dev_backend_reg)    \
    X(ggml_backend_reg_get_proc_address) X(ggml_threadpool_params_default) X(ggml_version)         \
    X(ggml_type_name)
/* clang-format on */

#define LLAMA_LIBRARY_SLOT(fn) typeof(fn) *fn;

struct llama_library {
    LLAMA_LIBRARY_FUNCTIONS(LLAMA_LIBRARY_SLOT)
    const char *path;
};

struct llama_library_words { /* its latest error; "": none */
    char text[400];
};

/* $CHIMERA_LLAMA, or the usual names. ERR_UNAVAILABLE: why not, and how to get it. */
[[nodiscard]] enum err_code llama_library_open(const struct llama_library **ret, struct err *e);
[[nodiscard]] enum err_code llama_library_available(bool gpu, struct backend_found *ret,
                                                    struct err *e);
[[nodiscard]] ggml_backend_dev_t
llama_library_gpu(const struct llama_library *lib); /* or nullptr */
/* Errors go to stderr, and the latest to words, which live as long as anything is asked. */
void llama_library_listen(const struct llama_library *lib, struct llama_library_words *words);
/* what: what was being done. For want of memory err.sys is ENOMEM. */
[[nodiscard]] enum err_code llama_library_failed(const struct llama_library_words *words,
                                                 struct err *e, const char *what);
