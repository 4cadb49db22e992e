#include "cli/environment.h"

#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/dlib.h"
#include "base/str.h"
#include "cli/build_info.h"
#include "io/capture.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "probe/cpu.h"
#include "probe/host.h"
#include "probe/memory.h"
#include "probe/sensor.h"
#include "probe/watch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- this program ---- */

static void build_facts(struct facts *f)
{
    f->group = "chimera";
    facts_text(f, "version", CHIMERA_VERSION);
    if (*BUILD_INFO_COMMIT)
        facts_text(f, "commit", BUILD_INFO_COMMIT);
    else
        facts_unknown(f, "commit", "it was not built from a git checkout");
#ifdef __clang__
    facts_text(f, "compiler", __VERSION__);
#else
    facts_text(f, "compiler", "gcc " __VERSION__);
#endif
    facts_text(f, "build_type", BUILD_INFO_TYPE);
    facts_text(f, "c_flags", BUILD_INFO_FLAGS);
#ifdef __OPTIMIZE__
    facts_yes_no(f, "optimised", true);
#else
    facts_yes_no(f, "optimised", false);
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    facts_yes_no(f, "sanitizers", true);
#else
    facts_yes_no(f, "sanitizers", false);
#endif
}

/* ---- libraries and programs ---- */

const char *
duckdb_library_version(void); /* as its header declares it; only store may include that */

static void duckdb_facts(struct facts *f)
{
    static const char *const names[] = {"libduckdb.so.2.0", "libduckdb.so", nullptr};
    typeof(duckdb_library_version) *version = nullptr;
    const struct dlib_symbol symbols[] = {DLIB_SYMBOL(duckdb_library_version, version)};
    struct err e = {};
    if (dlib_open(names, symbols, COUNT_OF(symbols), nullptr, &e))
        facts_unknown(f, "duckdb", "%s; analyze needs it: install libduckdb", e.msg);
    else
        facts_text(f, "duckdb", version());
}

/* The first line, without the program's own name before it. */
static const char *program_version(const char *text, const char *name, struct arena *a)
{
    const size_t n = strlen(name);
    text += strncmp(text, name, n) == 0 ? n : 0;
    return arena_strndup(a, text, strcspn(text, "\n"));
}

static void gnuplot_facts(struct facts *f)
{
    static const char *const argv[] = {"gnuplot", "--version", nullptr};
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    if (capture_output(argv, (nsec_t)5000 * 1000000, &out, &e))
        facts_unknown(f, "gnuplot", "%s; figures need it: install gnuplot", e.msg);
    else
        facts_text(f, "gnuplot", program_version(str_text(&out), "gnuplot ", f->arena));
}

/* An engine's library, as the backend that loads it found it. */
static void engine_facts(const struct environment *env, const char *backend, const char *name,
                         struct facts *f)
{
    for (size_t i = 0; i < env->n_backends; i++) {
        const struct environment_backend *const x = &env->backends[i];
        if (strcmp(x->backend->name, backend) != 0)
            continue;
        if (!x->here)
            facts_unknown(f, name, "%s", x->why);
        else
            facts_printf(f, name, "%s (%s)", x->found.version, x->found.path);
    }
}

static const char *blas_name(const char *path)
{
    if (strstr(path, "openblas-openmp"))
        return "OpenBLAS with OpenMP";
    if (strstr(path, "openblas-pthread"))
        return "OpenBLAS with threads of its own, which fight with OpenMP's: install "
               "libopenblas0-openmp";
    if (strstr(path, "openblas"))
        return "OpenBLAS";
    if (strstr(path, "mkl"))
        return "MKL";
    if (strstr(path, "blis"))
        return "BLIS";
    return "the reference BLAS, about ten times slower: install libopenblas0-openmp";
}

/* The library that the name libblas.so.3 stands for here; Debian's torch takes it. Not opened:
 * OpenBLAS starts threads when it is. */
static void blas_facts(struct facts *f)
{
    static const char *const folders[] = {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib64", "/usr/lib"};
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char path[PATH_MAX];
        if (realpath(arena_printf(f->arena, "%s/libblas.so.3", folders[i]), path)) {
            facts_printf(f, "system_blas", "%s (%s)", blas_name(path), path);
            return;
        }
    }
    facts_unknown(f, "system_blas",
                  "no libblas.so.3 in the system's folders; a torch from elsewhere "
                  "brings its own");
}

static void package(const struct json *found, const char *key, struct facts *f)
{
    const char *const version = json_str(json_get(found, key), nullptr);
    if (version)
        facts_text(f, key, version);
    else
        facts_unknown(f, key, "not installed for %s",
                      json_str(json_get(found, "executable"), "this Python"));
}

static void torch_facts(const struct json *found, bool deep, struct facts *f)
{
    const struct json *const blas = json_get(found, "blas");
    const char *const path = json_str(json_get(blas, "path"), nullptr);
    const char *const broken = json_str(json_get(found, "import_error"), nullptr);
    if (broken)
        facts_unknown(f, "torch_blas", "torch cannot be imported: %s", broken);
    else if (path)
        facts_printf(f, "torch_blas", "%s (%s)", blas_name(path), path);
    else
        facts_unknown(f, "torch_blas",
                      deep ? "no BLAS library is in its process"
                           : "needs the import of torch, which takes seconds: ask with -v");
    const char *const cuda = json_str(json_get(found, "cuda"), nullptr);
    if (cuda)
        facts_text(f, "torch_cuda", cuda);
    else
        facts_unknown(f, "torch_cuda", "torch is built without CUDA, or absent");
    const char *const cxx = json_str(json_get(found, "cxx"), nullptr);
    if (cxx)
        facts_text(f, "cxx", cxx);
    else
        facts_unknown(f, "cxx", "no g++ in PATH and no CXX: torch.compile needs one");
}

static void python_facts(const struct json *found, const char *why, bool deep, struct facts *f)
{
    static const char *const keys[] = {"torch", "transformers", "tokenizers", "safetensors",
                                       "numpy"};
    f->group = "python";
    if (!found) {
        facts_unknown(f, "version", "%s", why);
        return;
    }
    facts_text(f, "version", json_str(json_get(found, "python"), "?"));
    facts_text(f, "executable", json_str(json_get(found, "executable"), "?"));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        package(found, keys[i], f);
    torch_facts(found, deep, f);
}

/* ---- what changes how engines behave ---- */

static void variable_facts(struct facts *f)
{
    static const char *const names[] = {
        "OMP_NUM_THREADS", "OMP_WAIT_POLICY",         "OMP_PROC_BIND",
        "OMP_PLACES",      "GOMP_CPU_AFFINITY",       "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS", "MALLOC_ARENA_MAX",        "LD_PRELOAD",
        "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",    "HF_HOME",
        "PYTHONPATH",      "TORCHINDUCTOR_CACHE_DIR", "CHIMERA_PYTHON",
        "CHIMERA_CACHE",   "CHIMERA_ONNXRUNTIME",     "CHIMERA_LLAMA"};
    f->group = "variables";
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *const value = getenv(names[i]);
        if (value)
            facts_text(f, names[i], value);
        else
            facts_unknown(f, names[i], "not set");
    }
}

/* ---- engines ---- */

static void ask_backends(const struct json *python, const char *no_python, struct environment *env)
{
    const struct backend *b;
    for (size_t i = 0; (b = backend_at(i)) && env->n_backends < ENVIRONMENT_BACKENDS; i++) {
        struct environment_backend *const x = &env->backends[env->n_backends++];
        struct err e = {};
        enum err_code code;
        if (b->worker != BACKEND_WORKER_PYTHON)
            code = b->available(&x->found, &e);
        else if (python) /* asked once for all of them */
            code = python_worker_judge(python, strcmp(b->device, "cuda") == 0,
                                       strstr(b->name, "-compile") != nullptr, &x->found, &e);
        else
            code = err_set(&e, ERR_UNAVAILABLE, "%s", no_python);
        x->backend = b;
        x->here = code == ERR_OK;
        x->why = x->here ? nullptr : arena_strdup(env->facts.arena, e.msg);
        env->n_here += x->here && b->artefact && strcmp(b->name, "synthetic") != 0;
    }
}

void environment_gather(bool deep, const char *folder, struct arena *a, struct environment *ret)
{
    *ret = (struct environment){.facts = {.arena = a}};
    struct facts *const f = &ret->facts;
    struct err e = {};
    const struct json *python = nullptr;
    if (python_worker_inspect(deep, a, &python, &e))
        python = nullptr;
    build_facts(f);
    host_facts("", f);
    cpu_facts("", f);
    memory_facts("", f);
    host_clock_facts("", f);
    host_load_facts("", folder, f);
    sensor_facts("", f);
    watch_facts("", f);
    sensor_gpu_facts(f);
    ask_backends(python, e.msg, ret);
    f->group = "libraries";
    engine_facts(ret, "onnxruntime-cpu", "onnxruntime", f);
    engine_facts(ret, "llamacpp-cpu", "libllama", f);
    duckdb_facts(f);
    gnuplot_facts(f);
    blas_facts(f);
    python_facts(python, e.msg, deep, f);
    variable_facts(f);
}

void environment_json(const struct environment *env, struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    char when[32];
    clock_wall(when);
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.env/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from"); /* of this machine, of no file */
    jsonw_karray(&w, "files");
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "captured_at", when);
    facts_json(&env->facts, &w);
    jsonw_karray(&w, "backends");
    for (size_t i = 0; i < env->n_backends; i++) {
        const struct environment_backend *const x = &env->backends[i];
        jsonw_object(&w);
        jsonw_kstr(&w, "name", x->backend->name);
        jsonw_kstr(&w, "device", x->backend->device);
        jsonw_kbool(&w, "available", x->here);
        jsonw_kstr(&w, "version", x->here && *x->found.version ? x->found.version : nullptr);
        jsonw_kstr(&w, "path", x->here && *x->found.path ? x->found.path : nullptr);
        jsonw_kstr(&w, "detail", x->here && *x->found.detail ? x->found.detail : nullptr);
        jsonw_kstr(&w, "reason",
                   x->here && !*x->found.path ? "built in: it has no file of its own" : x->why);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}

const char *environment_text(const char *folder, struct arena *a)
{
    struct environment env;
    CLEANUP(str_done) struct str out = {};
    environment_gather(false, folder, a, &env);
    environment_json(&env, &out);
    return arena_strndup(a, out.text, out.n);
}
