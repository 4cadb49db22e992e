#include "analysis/quality_perplexity.h"
#include "backend/backend.h"
#include "backend/python_worker.h"
#include "base/arena.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "cli/quality_table.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "lab/perplexity.h"
#include "model/resolve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct perplexity_args {
    const char *text, *baseline;
    struct opt_list backends, precisions;
    uint32_t window, stride, max_tokens, threads;
    double timeout_s;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 0, "text", "FILE", nullptr, "the text to score, UTF-8; needed",
     FIELD_OF(struct perplexity_args, text, const char *)},
    {OPT_LIST, 'b', "backend", "NAME", nullptr,
     "an engine, again for more [transformers-cpu, onnxruntime-cpu, llamacpp-cpu]",
     FIELD_OF(struct perplexity_args, backends, struct opt_list)},
    {OPT_LIST, 'p', "precision", "P", nullptr, "a precision, again for more [fp32]",
     FIELD_OF(struct perplexity_args, precisions, struct opt_list)},
    {OPT_STR, 0, "baseline", "B:P", nullptr,
     "the configuration to compare with [the first engine that runs, at fp32]",
     FIELD_OF(struct perplexity_args, baseline, const char *)},
    {OPT_U32, 'w', "window", "N", nullptr, "tokens that the model is given at once [512, or its context]",
     FIELD_OF(struct perplexity_args, window, uint32_t), .min = 2, .max = 1e9},
    {OPT_U32, 's', "stride", "N", nullptr, "tokens from one window to the next [half of the window]",
     FIELD_OF(struct perplexity_args, stride, uint32_t), .min = 1, .max = 1e9},
    {OPT_U32, 'n', "max-tokens", "N", nullptr, "take no more than the first N tokens of the text",
     FIELD_OF(struct perplexity_args, max_tokens, uint32_t), .min = 2, .max = 1e9},
    {OPT_U32, 't', "threads", "N", "2", "threads of each engine",
     FIELD_OF(struct perplexity_args, threads, uint32_t), .min = 1, .max = 1024},
    {OPT_F64, 0, "timeout", "S", "600", "seconds for one answer of an engine",
     FIELD_OF(struct perplexity_args, timeout_s, double), .min = 1, .max = 86400},
    {},
};
/* clang-format on */

struct configuration {
    const struct backend *backend;
    const char *precision;
    struct invocation_spec spec;
    enum status status; /* STATUS_OK: it can be tried */
    const char *reason;
    struct perplexity_log log;
    struct quality_perplexity quality;
};

struct work {
    struct cli *cli;
    const struct perplexity_args *args;
    struct model_facts facts;
    struct stop stop;
    char *text;
    size_t text_bytes;
    struct configuration *items;
    size_t n, baseline; /* baseline: an index */
};

/* ---- what is asked for ---- */

static enum err_code find_backend(const char *name, const char *option, const struct backend **ret,
                                  struct err *e)
{
    *ret = backend_find(name, nullptr);
    if (*ret)
        return ERR_OK;
    const char *const near = backend_nearest(name);
    return err_set(e, ERR_USAGE, "%s: no such backend: '%s'%s%s%s", option, name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum err_code check_precision(const char *word, const char *option, struct err *e)
{
    const char *near;
    if (backend_knows_precision(word, &near))
        return ERR_OK;
    return err_set(e, ERR_USAGE, "%s: no such precision: '%s'%s%s%s", option, word,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Can it be tried here? The program of its worker, or why not. */
static void place(struct work *w, struct configuration *c)
{
    struct arena *const a = w->cli->arena;
    struct err e = {};
    struct backend_found found = {};
    struct python_worker python = {};
    const bool py = c->backend->worker == BACKEND_WORKER_PYTHON;
    const char **const argv = ARENA_ARRAY(a, const char *, 3);
    if (backend_accepts(c->backend, &w->facts, c->precision, &e) ||
        c->backend->available(&found, &e) || (py && python_worker_place(a, &python, &e))) {
        c->status = e.code == ERR_UNSUPPORTED ? STATUS_INCOMPATIBLE : STATUS_UNAVAILABLE;
        c->reason = arena_strdup(a, e.msg);
        return;
    }
    argv[0] = py ? python.python : "/proc/self/exe";
    argv[1] = py ? python.script : "worker";
    const uint32_t n_ctx = w->facts.n_ctx, window = w->args->window;
    c->spec = (struct invocation_spec){
        .argv = argv,
        .backend = c->backend->name,
        .precision = c->precision,
        .model = w->facts.name,
        .model_path = w->facts.path,
        .device = c->backend->device,
        .threads = w->args->threads,
        .max_context = window                                    ? window
                       : n_ctx && n_ctx < PERPLEXITY_TEXT_WINDOW ? n_ctx
                                                                 : PERPLEXITY_TEXT_WINDOW,
        .max_batch = 1,
        .load_timeout_s = w->args->timeout_s,
    };
    if (n_ctx && c->spec.max_context > n_ctx)
        c->spec.max_context = n_ctx; /* the refusal is the scoring's, with its words */
}

static size_t add(struct work *w, const struct backend *b, const char *precision)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->items[i].backend == b && strcmp(w->items[i].precision, precision) == 0)
            return i;
    w->items[w->n] = (struct configuration){.backend = b, .precision = precision};
    place(w, &w->items[w->n]);
    return w->n++;
}

static enum err_code add_baseline(struct work *w, struct err *e)
{
    const char *const given = w->args->baseline, *const colon =
                                                     given ? strrchr(given, ':') : nullptr;
    const struct backend *b;
    if (!given)
        return ERR_OK;
    if (!colon || colon == given || !colon[1])
        return err_set(e, ERR_USAGE, "--baseline: '%s': want BACKEND:PRECISION, like %s", given,
                       "onnxruntime-cpu:fp32");
    if (find_backend(arena_strndup(w->cli->arena, given, (size_t)(colon - given)), "--baseline", &b,
                     e) ||
        check_precision(colon + 1, "--baseline", e))
        return e->code;
    w->baseline = add(w, b, colon + 1);
    return ERR_OK;
}

static enum err_code choose(struct work *w, struct err *e)
{
    static const char *const engines[] = {"transformers-cpu", "onnxruntime-cpu", "llamacpp-cpu"};
    static const char *const fp32[] = {"fp32"};
    const struct opt_list *const b = &w->args->backends, *const p = &w->args->precisions;
    const char *const *const names = b->n ? b->items : engines;
    const char *const *const precisions = p->n ? p->items : fp32;
    const size_t n_names = b->n ? b->n : COUNT_OF(engines), n_precisions = p->n ? p->n : 1;
    w->items = ARENA_ARRAY(w->cli->arena, struct configuration, n_names * n_precisions + 2);
    if (add_baseline(w, e))
        return e->code;
    for (size_t i = 0; i < n_precisions; i++)
        if (check_precision(precisions[i], "--precision", e))
            return e->code;
    for (size_t i = 0; i < n_names; i++) {
        const struct backend *backend;
        if (find_backend(names[i], "--backend", &backend, e))
            return e->code;
        for (size_t k = 0; k < n_precisions; k++)
            (void)add(w, backend, precisions[k]);
    }
    if (w->args->baseline)
        return ERR_OK;
    while (w->baseline < w->n && (w->items[w->baseline].status != STATUS_OK ||
                                  strcmp(w->items[w->baseline].precision, "fp32") != 0))
        w->baseline++;
    return ERR_OK;
}

static enum err_code read_text(struct work *w, struct err *e)
{
    const char *const path = w->args->text;
    if (!path || !*path)
        return err_set(e, ERR_USAGE, "perplexity: needs --text FILE, the text to score");
    if (file_is_folder(path))
        return err_set(e, ERR_USAGE, "--text: '%s' is a folder", path);
    if (!file_exists(path))
        return err_set(e, ERR_USAGE, "--text: no such file: '%s'", path);
    if (file_read(path, w->cli->arena, &w->text, &w->text_bytes, e))
        return e->code;
    const char *const mistake = perplexity_text_mistake(w->text, w->text_bytes, w->cli->arena);
    return mistake ? err_set(e, ERR_USAGE, "--text: '%s' %s", path, mistake) : ERR_OK;
}

static enum err_code check_window(const struct perplexity_args *o, struct err *e)
{
    if (o->stride && o->window && o->stride >= o->window)
        return err_set(e, ERR_USAGE,
                       "--stride %u: has to be below the window of %u, so that every token has one "
                       "before it",
                       o->stride, o->window);
    return ERR_OK;
}

/* ---- measuring ---- */

struct taking {
    struct arena *arena;
    struct perplexity_log *log;
    struct work *work;
    const struct configuration *configuration;
};

static enum err_code take_header(void *context, const struct perplexity_log_header *h,
                                 const bool **, const char **, struct err *)
{
    struct taking *const t = context;
    t->log->begun = true;
    t->log->header = *h;
    t->log->header.started_at = arena_strdup(t->arena, h->started_at);
    t->log->windows = ARENA_ARRAY(t->arena, struct perplexity_log_window, h->windows + 1);
    return ERR_OK;
}

static enum err_code take_window(void *context, const struct perplexity_log_window *w, struct err *)
{
    struct taking *const t = context;
    struct perplexity_log_window *const to = &t->log->windows[w->window];
    *to = *w;
    t->log->n_windows++;
    if (w->kl_each) {
        double *const each = ARENA_ARRAY(t->arena, double, w->tokens);
        memcpy(each, w->kl_each, w->tokens * sizeof *each);
        to->kl_each = each;
    }
    if (t->work->cli->verbose)
        fprintf(stderr, "%s %s: window %u of %u\n", t->configuration->backend->name,
                t->configuration->precision, t->log->n_windows, t->log->header.windows);
    return ERR_OK;
}

static void prepare(struct work *w, struct configuration *c)
{
    static const char *const native[] = {"/proc/self/exe", "worker", nullptr};
    struct invocation_failure f;
    struct invocation_spec spec = c->spec;
    if (c->status != STATUS_OK || strcmp(c->backend->artefact, "none") == 0)
        return;
    spec.argv = native;
    invocation_prepare(&spec, &w->stop, w->cli->arena, &c->spec.artefact_sha256, &f);
    if (f.status == STATUS_OK)
        return;
    c->status = f.status;
    c->reason = f.reason;
}

static enum err_code measure(struct work *w, struct perplexity *p, struct configuration *c,
                             struct err *e)
{
    struct taking t = {w->cli->arena, &c->log, w, c};
    const struct perplexity_sink sink = {take_header, take_window, &t};
    if (c->status == STATUS_OK) {
        if (!w->cli->quiet)
            fprintf(stderr, "%s %s\n", c->backend->name, c->precision);
        if (perplexity_measure(p, &c->spec, &sink, &c->log.end, e))
            return e->code;
        c->status = c->log.end.status;
        c->reason = c->log.end.reason;
    } else {
        c->log.end = (struct perplexity_log_end){.status = c->status, .reason = c->reason};
    }
    c->log.ended = true;
    quality_perplexity_of(&c->log, quality_perplexity_limit(c->precision), w->cli->arena,
                          &c->quality);
    return ERR_OK;
}

static enum err_code measure_all(struct work *w, struct err *e)
{
    struct arena *const a = w->cli->arena;
    CLEANUP(perplexity_freep) struct perplexity *p = nullptr;
    for (size_t i = 0; i < w->n; i++)
        prepare(w, &w->items[i]);
    const struct configuration *const b = w->baseline < w->n ? &w->items[w->baseline] : nullptr;
    const bool has = b && b->status == STATUS_OK;
    const struct perplexity_spec spec = {
        .text_name = w->args->text,
        .text = w->text,
        .text_bytes = w->text_bytes,
        .limits = {w->args->window, w->args->stride, w->args->max_tokens},
        .baseline = has ? &b->spec : nullptr,
        .no_baseline = !b    ? "no engine runs at fp32, which is what is compared with"
                       : has ? nullptr
                             : arena_printf(a, "the baseline %s:%s: %s: %s", b->backend->name,
                                            b->precision, status_name(b->status), b->reason),
        .timeout_s = w->args->timeout_s,
        .stop = &w->stop,
    };
    if (perplexity_new(&spec, a, &p, e))
        return e->code;
    for (size_t i = 0; i < w->n; i++)
        if (measure(w, p, &w->items[i], e))
            return e->code;
    return ERR_OK;
}

/* ---- telling ---- */

static const struct perplexity_log_header *any_header(const struct work *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->items[i].log.begun)
            return &w->items[i].log.header;
    return nullptr;
}

/* -1: unknown, null. */
static void json_count(struct jsonw *w, const char *name, int64_t n)
{
    if (n >= 0) {
        jsonw_ki64(w, name, n);
        return;
    }
    jsonw_key(w, name);
    jsonw_null(w);
}

static void print_json(const struct work *w)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw j = {.out = &out, .pretty = true};
    const struct perplexity_log_header *const h = any_header(w);
    jsonw_object(&j);
    jsonw_kstr(&j, "schema", "chimera.model.perplexity/1");
    jsonw_kstr(&j, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&j, "generated_from");
    jsonw_kstr(&j, "text", w->args->text);
    jsonw_kstr(&j, "text_sha256", h ? h->text_sha256 : nullptr);
    jsonw_kstr(&j, "tokens_sha256", h ? h->tokens_sha256 : nullptr);
    jsonw_end_object(&j);
    jsonw_kstr(&j, "model", w->facts.name);
    jsonw_kstr(&j, "path", w->facts.path);
    jsonw_kstr(&j, "baseline", h ? h->baseline : nullptr);
    json_count(&j, "window", h ? (int64_t)h->window : -1);
    json_count(&j, "stride", h ? (int64_t)h->stride : -1);
    json_count(&j, "tokens", h ? (int64_t)h->tokens : -1);
    json_count(&j, "text_tokens", h ? h->text_tokens : -1);
    if (!h)
        jsonw_kstr(&j, "reason", "no configuration gave logits");
    jsonw_karray(&j, "configurations");
    for (size_t i = 0; i < w->n; i++) {
        const struct configuration *const c = &w->items[i];
        jsonw_object(&j);
        jsonw_kstr(&j, "backend", c->backend->name);
        jsonw_kstr(&j, "precision", c->precision);
        jsonw_kstr(&j, "engine_version", c->log.header.engine_version);
        jsonw_kstr(&j, "status", status_name(c->status));
        jsonw_kstr(&j, "reason", c->reason);
        quality_perplexity_json(&c->quality, &j);
        jsonw_end_object(&j);
    }
    jsonw_end_array(&j);
    jsonw_end_object(&j);
    puts(str_text(&out));
}

static void print_text(const struct work *w)
{
    struct arena *const a = w->cli->arena;
    CLEANUP(str_done) struct str out = {};
    const struct perplexity_log_header *const h = any_header(w);
    struct quality_table_row *const rows = ARENA_ARRAY(a, struct quality_table_row, w->n);
    if (h)
        printf("%s: %u of %" PRId64 " tokens of %s, window %u, stride %u, %u blocks; baseline %s\n",
               w->facts.name, h->tokens, h->text_tokens, w->args->text, h->window, h->stride,
               h->clusters, h->baseline ? h->baseline : "none");
    for (size_t i = 0; i < w->n; i++)
        rows[i] = (struct quality_table_row){.backend = w->items[i].backend->name,
                                             .precision = w->items[i].precision,
                                             .quality = &w->items[i].quality,
                                             .baseline = i == w->baseline};
    quality_table(rows, w->n, false, a, &out);
    fputs(str_text(&out), stdout);
}

static enum err_code find_model(const char *name, struct arena *a, struct model_facts *ret,
                                struct err *e)
{
    if (resolve_model(name, nullptr, true, a, ret, e))
        return e->code;
    return ret->kind == MODEL_MISSING ? err_set(e, ERR_UNAVAILABLE, "%s", ret->why_missing)
                                      : ERR_OK;
}

static enum err_code conclude(const struct work *w, int *ret_exit, struct err *e)
{
    size_t measured = 0, bad = 0;
    const struct configuration *first = nullptr;
    for (size_t i = 0; i < w->n; i++) {
        const struct configuration *const c = &w->items[i];
        const bool cannot = c->status == STATUS_UNAVAILABLE || c->status == STATUS_INCOMPATIBLE;
        measured += c->status == STATUS_OK;
        bad += (c->status != STATUS_OK && !cannot) || c->quality.verdict == QUALITY_PERPLEXITY_FAIL;
        first = first ? first : c;
    }
    *ret_exit = bad ? 1 : 0;
    if (measured || bad)
        return ERR_OK;
    return err_set(e, ERR_UNAVAILABLE, "nothing was scored: %s %s: %s", first->backend->name,
                   first->precision, first->reason);
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    struct work w = {.cli = cli, .args = given, .stop = {.fd = -1}};
    if (check_window(w.args, e) || read_text(&w, e) ||
        find_model(operands->items[0], cli->arena, &w.facts, e) || choose(&w, e) ||
        measure_all(&w, e))
        return e->code;
    if (cli->json)
        print_json(&w);
    else
        print_text(&w);
    return conclude(&w, ret_exit, e);
}

const struct command cmd_model_perplexity = {
    .name = "perplexity",
    .operands = "MODEL",
    .summary = "how likely a text is to the model, in each engine and precision",
    .about =
        "Scores every token of a text once, in windows that overlap, from the logits that each "
        "engine\n"
        "gives for the same tokens; all arithmetic is chimera's own, in double. Each configuration "
        "is\n"
        "compared with the baseline token by token: relative increase of the perplexity with a\n"
        "cluster-robust interval, the smallest increase that would have been seen (sees from), the "
        "divergence\n"
        "KL(baseline || it) in nats per token, and the share of tokens before which both find the "
        "same token\n"
        "most likely. The gate passes where the whole interval of the increase is within the "
        "limit (fp32\n"
        "0.001, fp16 and bf16 0.005, int8 0.020), fails where all of it is over, and cannot tell "
        "between.\n"
        "docs/METHOD.md says how it is computed. Exit 1 where a gate failed or an engine did, 3 "
        "where none\n"
        "could be scored.",
    .examples =
        "  chimera model perplexity synth:gpt2/L=2,d=64,h=2 --text README.md --max-tokens 600",
    .opts = opts,
    .args_bytes = sizeof(struct perplexity_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
