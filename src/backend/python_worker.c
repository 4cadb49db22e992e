#include "backend/python_worker.h"

#include "base/arena.h"
#include "base/str.h"
#include "io/capture.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr nsec_t QUICK = 20'000'000'000;
constexpr nsec_t DEEP = 120'000'000'000;
constexpr size_t ARENA_BYTES = 8 << 20;

static const char worker_source[] = {
#embed "transformers/worker.py"
};

static const char inspect_source[] = {
#embed "transformers/what_is_here.py"
    , '\0'};

static const char *in_path(struct arena *a, const char *name)
{
    const char *at = getenv("PATH");
    while (at && *at) {
        const size_t n = strcspn(at, ":");
        const char *const path = arena_printf(a, "%.*s/%s", (int)n, at, name);
        if (n > 0 && access(path, X_OK) == 0 && !file_is_folder(path))
            return path;
        at += n + (at[n] == ':');
    }
    return nullptr;
}

static enum err_code find_python(struct arena *a, const char **ret, struct err *e)
{
    const char *const chosen = getenv("CHIMERA_PYTHON");
    const char *const name = chosen && *chosen ? chosen : "python3";
    const char *const path =
        strchr(name, '/') ? (access(name, X_OK) == 0 ? name : nullptr) : in_path(a, name);
    if (!path)
        return err_set(e, ERR_UNAVAILABLE, "no Python: '%s' %s", name,
                       chosen && *chosen ? "($CHIMERA_PYTHON) is no program that can be run"
                                         : "is not in PATH; install python3 or set CHIMERA_PYTHON");
    *ret = arena_strdup(a, path);
    return ERR_OK;
}

enum err_code python_worker_place(struct arena *a, struct python_worker *ret, struct err *e)
{
    struct python_worker w = {};
    if (find_python(a, &w.python, e))
        return e->code;
    char hex[DIGEST_HEX];
    digest_of(worker_source, sizeof worker_source, hex);
    const char *const folder = arena_printf(a, "%s/workers/%.16s", file_cache_folder(a), hex);
    w.script = file_join(a, folder, "worker.py");
    /* The name is the digest of the content and files appear whole, so one that is there is right.
     */
    if (!file_exists(w.script) && (file_make_folders(folder, e) ||
                                   file_write(w.script, worker_source, sizeof worker_source, e)))
        return err_wrap(e, "the transformers worker");
    *ret = w;
    return ERR_OK;
}

enum err_code python_worker_inspect(bool deep, struct arena *a, const struct json **ret,
                                    struct err *e)
{
    const char *python;
    if (find_python(a, &python, e))
        return e->code;
    CLEANUP(str_done) struct str out = {};
    const char *const argv[] = {python, "-c", inspect_source, deep ? "deep" : nullptr, nullptr};
    if (capture_output(argv, deep ? DEEP : QUICK, &out, e))
        return err_wrap(e, "asking for torch");
    const char *const text = arena_strndup(a, str_text(&out), out.n);
    return json_parse(text, out.n, python, a, ret, e);
}

static enum err_code no_package(const struct json *found, const char *name, struct err *e)
{
    return err_set(
        e, ERR_UNAVAILABLE,
        "%s (Python %s) has no %s; install it there, or name another Python in CHIMERA_PYTHON",
        json_str(json_get(found, "executable"), "python3"),
        json_str(json_get(found, "python"), "?"), name);
}

enum err_code python_worker_judge(const struct json *found, bool gpu, bool compile,
                                  struct backend_found *ret, struct err *e)
{
    static const char *const packages[] = {"torch", "transformers", "numpy"};
    for (size_t i = 0; i < COUNT_OF(packages); i++)
        if (!json_is_str(json_get(found, packages[i])))
            return no_package(found, packages[i], e);
    const char *const torch = json_str(json_get(found, "torch"), "");
    const char *const cuda = json_str(json_get(found, "cuda"), nullptr);
    if (gpu && !cuda)
        return err_set(e, ERR_UNAVAILABLE,
                       "torch %s was built without CUDA; install a CUDA build of torch, or name "
                       "another Python in CHIMERA_PYTHON",
                       torch);
    if (gpu && access("/dev/nvidiactl", F_OK) != 0)
        return err_set(e, ERR_UNAVAILABLE,
                       "torch %s has CUDA %s, but no NVIDIA device is here "
                       "(/dev/nvidiactl)",
                       torch, cuda);
    if (compile && !gpu && !json_is_str(json_get(found, "cxx")))
        return err_set(e, ERR_UNAVAILABLE,
                       "torch.compile needs a C++ compiler and finds none; "
                       "install g++ or set CXX");
    if (compile && !gpu && !json_bool(json_get(found, "python_h"), false))
        return err_set(e, ERR_UNAVAILABLE, "torch.compile needs Python.h; install python3-dev");

    struct backend_found f = {};
    snprintf(f.version, sizeof f.version, "%s", json_str(json_get(found, "transformers"), ""));
    snprintf(f.path, sizeof f.path, "%s", json_str(json_get(found, "executable"), ""));
    snprintf(f.detail, sizeof f.detail, "torch %s%s%s, Python %s", torch, cuda ? ", CUDA " : "",
             cuda ? cuda : "", json_str(json_get(found, "python"), "?"));
    *ret = f;
    return ERR_OK;
}

enum err_code python_worker_available(bool gpu, bool compile, struct backend_found *ret,
                                      struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(ARENA_BYTES);
    const struct json *found;
    if (python_worker_inspect(false, a, &found, e))
        return e->code;
    return python_worker_judge(found, gpu, compile, ret, e);
}
