#include "backend/backend.h"
#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "io/jsonw.h"
#include "lab/verify.h"
#include "model/hf_config.h"
#include "model/resolve.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sums of fp32 in another order. */
constexpr double BOUND = 2e-4;
/* llama.cpp takes GELU from a table of half-precision numbers; 3e-3 was measured on 4 layers of
 * GPT-2, 4e-3 on 4 of Gemma; it grows with the depth, and 7 layers of a Gemma 64 wide are beyond
 * it. Families with SiLU have no such table. */
constexpr double BOUND_GELU_TABLE = 1e-2;

struct verify_args {
    struct opt_list backends;
    uint32_t threads;
    uint64_t seed;
    double timeout_s;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_LIST, 'b', "backend", "NAME", nullptr,
     "an engine to try, again for more; the first is the reference [transformers-cpu, onnxruntime-cpu, llamacpp-cpu]",
     FIELD_OF(struct verify_args, backends, struct opt_list)},
    {OPT_U32, 't', "threads", "N", "2", "threads of each engine",
     FIELD_OF(struct verify_args, threads, uint32_t), .min = 1, .max = 1024},
    {OPT_U64, 0, "seed", "N", "42", "of the random token sequences",
     FIELD_OF(struct verify_args, seed, uint64_t)},
    {OPT_F64, 0, "timeout", "S", "300", "seconds for one answer of an engine",
     FIELD_OF(struct verify_args, timeout_s, double), .min = 1, .max = 86400},
    {},
};
/* clang-format on */

static enum err_code find_backend(const char *name, const struct backend **ret, struct err *e)
{
    *ret = backend_find(name, nullptr);
    if (*ret)
        return ERR_OK;
    const char *const near = backend_nearest(name);
    return near ? err_set(e, ERR_USAGE, "no such backend: '%s'; did you mean '%s'?", name, near)
                : err_set(e, ERR_USAGE, "no such backend: '%s'", name);
}

static void prepare_engine(const struct backend *b, bool gelu, struct arena *a,
                           struct verify_engine *ret)
{
    struct err e = {};
    struct backend_found found = {};
    struct python_worker python = {};
    const char **const argv = arena_alloc(a, 3, sizeof *argv);
    *ret = (struct verify_engine){.backend = b->name, .device = b->device, .bound = BOUND};
    if (gelu && strncmp(b->name, "llamacpp", 8) == 0)
        ret->bound = BOUND_GELU_TABLE;
    if (b->available(&found, &e) ||
        (b->worker == BACKEND_WORKER_PYTHON && python_worker_place(a, &python, &e))) {
        ret->unavailable = arena_strdup(a, e.msg);
        return;
    }
    argv[0] = b->worker == BACKEND_WORKER_PYTHON ? python.python : "/proc/self/exe";
    argv[1] = b->worker == BACKEND_WORKER_PYTHON ? python.script : "worker";
    ret->argv = argv;
}

static enum err_code choose_engines(const struct verify_args *args, bool gelu, struct arena *a,
                                    struct verify_spec *spec, struct err *e)
{
    static const char *const usual[] = {"transformers-cpu", "onnxruntime-cpu", "llamacpp-cpu"};
    const char *const *const names = args->backends.n ? args->backends.items : usual;
    spec->n_engines = args->backends.n ? args->backends.n : COUNT_OF(usual);
    struct verify_engine *const engines = arena_alloc(a, spec->n_engines, sizeof *engines);
    for (size_t i = 0; i < spec->n_engines; i++) {
        const struct backend *b = nullptr;
        if (find_backend(names[i], &b, e))
            return e->code;
        prepare_engine(b, gelu, a, &engines[i]);
    }
    spec->engines = engines;
    return ERR_OK;
}

static void print_progress(const char *backend, const char *what, void *)
{
    fprintf(stderr, "%s: %s\n", backend, what);
}

static void json_path(struct jsonw *w, const struct verify_path_result *p, const char *name)
{
    const bool counted = p->diff.positions > 0;
    jsonw_object(w);
    jsonw_kstr(w, "path", name);
    jsonw_kstr(w, "status", status_name(p->status));
    jsonw_kstr(w, "reason", p->reason);
    jsonw_kf64(w, "worst_over_sd", counted ? p->diff.worst : NOT_MEASURED);
    jsonw_ki64(w, "positions", p->diff.positions);
    jsonw_ki64(w, "greedy_checked", p->diff.checked);
    jsonw_ki64(w, "greedy_agreed", p->diff.agreed);
    jsonw_end_object(w);
}

static void print_json(const struct verify_spec *s, const struct verify_result *r)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.verify/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "model", s->model);
    jsonw_kstr(&w, "path", s->model_path);
    jsonw_kbool(&w, "ok", r->ok && r->n_compared > 1);
    jsonw_ki64(&w, "seed", (int64_t)s->seed);
    jsonw_ki64(&w, "sequences", (int64_t)r->n_sequences);
    jsonw_ki64(&w, "positions", (int64_t)r->n_positions);
    jsonw_kf64(&w, "reference_sd", r->n_compared ? r->deviation : NOT_MEASURED);
    jsonw_karray(&w, "engines");
    for (size_t i = 0; i < r->n_engines; i++) {
        const struct verify_engine_result *const g = &r->engines[i];
        jsonw_object(&w);
        jsonw_kstr(&w, "backend", g->backend);
        jsonw_kstr(&w, "version", g->version);
        jsonw_kstr(&w, "status", status_name(g->status));
        jsonw_kstr(&w, "reason", g->reason);
        jsonw_kbool(&w, "reference", g->reference);
        jsonw_kf64(&w, "bound", g->bound);
        jsonw_key(&w, "same_tokens");
        if (g->status == STATUS_OK)
            jsonw_bool(&w, g->same_tokens);
        else
            jsonw_null(&w);
        jsonw_karray(&w, "paths");
        for (size_t p = 0; g->status == STATUS_OK && p < VERIFY_PATHS; p++)
            json_path(&w, &g->paths[p], verify_path_name((enum verify_path)p));
        jsonw_end_array(&w);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    puts(str_text(&out));
}

static void print_path(const struct verify_engine_result *g, enum verify_path p)
{
    const struct verify_path_result *const q = &g->paths[p];
    const bool itself = g->reference && p == VERIFY_PREFILL && q->status == STATUS_OK;
    if (q->diff.positions > 0)
        printf("%-25s %-8s %10.2e %8.0e %9" PRId64 " %6" PRId64 "/%-6" PRId64 " %s\n", g->backend,
               verify_path_name(p), q->diff.worst, g->bound, q->diff.positions, q->diff.agreed,
               q->diff.checked, itself ? "reference" : status_name(q->status));
    else
        printf("%-25s %-8s %10s %8s %9s %13s %s: %s\n", g->backend, verify_path_name(p), "-", "-",
               "-", "-", status_name(q->status), q->reason ? q->reason : "");
}

static void print_text(const struct verify_spec *s, const struct verify_result *r)
{
    bool llamacpp = false;
    printf("%s: %zu sequences, %zu positions, deviation of the reference's logits %.4g\n", s->model,
           r->n_sequences, r->n_positions, r->deviation);
    printf("%-25s %-8s %10s %8s %9s %13s %s\n", "engine", "path", "worst/sd", "bound", "positions",
           "greedy", "verdict");
    for (size_t i = 0; i < r->n_engines; i++) {
        const struct verify_engine_result *const g = &r->engines[i];
        if (g->status != STATUS_OK) {
            printf("%-25s %s: %s\n", g->backend, status_name(g->status),
                   g->reason ? g->reason : "");
            continue;
        }
        for (size_t p = 0; p < VERIFY_PATHS; p++)
            print_path(g, (enum verify_path)p);
        if (!g->same_tokens)
            printf("%-25s its tokenizer gives other tokens for the text prompts\n", g->backend);
        llamacpp |= g->bound > BOUND;
    }
    if (llamacpp)
        puts("llama.cpp's bound is wider because it takes GELU from a table of half-precision "
             "numbers.");
}

static enum err_code find_model(const char *name, struct arena *a, struct model_facts *ret,
                                struct err *e)
{
    if (resolve_model(name, nullptr, true, a, ret, e))
        return e->code;
    if (ret->kind == MODEL_MISSING)
        return err_set(e, ERR_UNAVAILABLE, "%s", ret->why_missing);
    if (ret->kind != MODEL_HF)
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' is no Hugging Face folder: only such can be given to every engine",
                       ret->name);
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    const struct verify_args *const args = given;
    struct model_facts m = {};
    struct verify_result r = {};
    if (find_model(operands->items[0], cli->arena, &m, e))
        return e->code;
    struct verify_spec s = {
        .model = m.name,
        .model_path = m.path,
        .vocab_size = m.vocab_size,
        .n_ctx = m.n_ctx,
        .threads = args->threads,
        .seed = args->seed,
        .timeout_s = args->timeout_s,
        .progress = cli->quiet ? nullptr : print_progress,
    };
    struct hf_config config;
    if (hf_config_read(m.path, cli->arena, &config, e))
        return e->code;
    const bool gelu = config.activation == HF_GELU_TANH || config.activation == HF_GELU_ERF;
    if (choose_engines(args, gelu, cli->arena, &s, e) || verify_run(&s, cli->arena, &r, e))
        return e->code;
    if (cli->json)
        print_json(&s, &r);
    else
        print_text(&s, &r);
    if (r.n_compared < 2)
        return err_set(e, ERR_UNAVAILABLE,
                       "%zu of %zu engines gave logits; two are needed to compare", r.n_compared,
                       r.n_engines);
    *ret_exit = r.ok ? 0 : 1;
    return ERR_OK;
}

const struct command cmd_model_verify = {
    .name = "verify",
    .operands = "MODEL",
    .summary = "prove that all engines give the same logits for the same tokens",
    .about =
        "Gives seeded random token sequences of several lengths and a few texts to each engine,\n"
        "three times: in one forward (prefill), token by token through the cache (decode), and\n"
        "all together in one padded forward (batch). The reference is the first engine's prefill.\n"
        "worst/sd is the largest difference of a logit over the standard deviation of the\n"
        "reference's logits; greedy counts the positions where the best token is the same, out of\n"
        "those where the reference's two best lie further apart than the bound. In fp32. An "
        "engine\n"
        "that cannot take the model is incompatible and one that is not here is unavailable;\n"
        "neither fails the others. Exit 1 when a bound is broken, 3 when there are not two to\n"
        "compare.",
    .examples = "  chimera model verify synth:gpt2/L=2,d=64,h=2\n"
                "  chimera model verify my-gpt2 --backend transformers-cpu --backend llamacpp-cpu",
    .opts = opts,
    .args_bytes = sizeof(struct verify_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
