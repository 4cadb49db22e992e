#include "backend/llama_library.h"

#include "base/defs.h"
#include "base/dlib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct llama_library lib; /* path nullptr: not open yet */

static void on_log(enum ggml_log_level level, const char *text, void *data)
{
    struct llama_library_words *const words = data;
    if (level != GGML_LOG_LEVEL_ERROR) /* its warnings come at every context */
        return;
    (void)fputs(text, stderr); /* a worker's stderr is the engine's; the lab keeps its tail */
    if (words) {
        (void)snprintf(words->text, sizeof words->text, "%s", text);
        words->text[strcspn(words->text, "\n")] = '\0';
    }
}

#define ROW(fn) DLIB_SYMBOL(fn, lib.fn),

enum err_code llama_library_open(const struct llama_library **ret, struct err *e)
{
    static const char *const names[] = {"libllama.so.0", "libllama.so", nullptr};
    static const struct dlib_symbol symbols[] = {LLAMA_LIBRARY_FUNCTIONS(ROW)};
    *ret = &lib;
    if (lib.path)
        return ERR_OK;
    const char *const own = getenv("CHIMERA_LLAMA");
    const char *const only[] = {own, nullptr};
    const char *path;
    if (dlib_open(own ? only : names, symbols, COUNT_OF(symbols), &path, e))
        return err_wrap(e, "llama.cpp: install libllama, or name it in $CHIMERA_LLAMA");
    lib.path = path;
    lib.llama_log_set(on_log, nullptr);
    lib.ggml_backend_load_all(); /* the CPU code of this machine is a plug-in as well */
    lib.llama_backend_init();
    return ERR_OK;
}

ggml_backend_dev_t llama_library_gpu(const struct llama_library *l)
{
    for (size_t i = 0; i < l->ggml_backend_dev_count(); i++) {
        const ggml_backend_dev_t device = l->ggml_backend_dev_get(i);
        if (l->ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU)
            return device;
    }
    return nullptr;
}

enum err_code llama_library_available(bool gpu, struct backend_found *ret, struct err *e)
{
    const struct llama_library *l;
    if (llama_library_open(&l, e))
        return e->code;
    const ggml_backend_dev_t device =
        gpu ? llama_library_gpu(l) : l->ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (!device && gpu)
        return err_set(e, ERR_UNAVAILABLE,
                       "llama.cpp (%s) found no GPU: it needs a GPU and ggml's plug-in for it",
                       l->path);
    if (!device)
        return err_set(e, ERR_UNAVAILABLE,
                       "llama.cpp (%s) found no CPU plug-in of ggml: install libggml", l->path);
    *ret = (struct backend_found){};
    (void)snprintf(ret->version, sizeof ret->version, "ggml %s", l->ggml_version());
    (void)snprintf(ret->path, sizeof ret->path, "%s", l->path);
    (void)snprintf(ret->detail, sizeof ret->detail, "%s", l->ggml_backend_dev_description(device));
    return ERR_OK;
}

void llama_library_listen(const struct llama_library *l, struct llama_library_words *words)
{
    l->llama_log_set(on_log, words);
}

enum err_code llama_library_failed(const struct llama_library_words *w, struct err *e,
                                   const char *what)
{
    const char *const words = *w->text ? w->text : "no reason given";
    (void)err_set(e, ERR_BACKEND, "llama.cpp: %s: %s", what, words);
    if (strstr(words, "failed to allocate") || strstr(words, "bad_alloc"))
        e->sys = ENOMEM;
    return e->code;
}
