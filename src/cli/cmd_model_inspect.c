#include "backend/engine.h"
#include "backend/onnx_proof.h"
#include "backend/onnx_shares.h"
#include "base/arena.h"
#include "base/plain.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/facts_hf.h"
#include "model/gguf_read.h"
#include "model/resolve.h"
#include "model/tokenizer.h"

#include <inttypes.h>
#include <stdio.h>

constexpr size_t MOST_TYPES = GGUF_READ_TYPES;

struct type_share {
    const char *name;
    double elements, bytes;
};

struct inspection {
    struct model_facts facts;
    struct type_share products[MOST_TYPES]; /* elements: multiply-adds by weights for one token */
    size_t n_products;
    struct onnx_shares graph;  /* ONNX */
    const struct proof *proof; /* of one forward; nullptr: not asked for */
    const char *format, *activation, *made_by;
    const struct hf_config *config; /* nullptr: not a Hugging Face folder */
    int64_t embedding_params;       /* -1: unknown */
    int tied;                       /* -1: unknown */
    struct type_share types[MOST_TYPES];
    size_t n_types;
    const char *tokenizer; /* in words; nullptr: none that chimera reads */
    const char *why_no_tokenizer;
    size_t n_tokens, n_merges;
};

struct inspect_args {
    bool run;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_FLAG, 0, "run", nullptr, nullptr,
     "ONNX: run one token in ONNX Runtime, and tell the kernels that really ran",
     FIELD_OF(struct inspect_args, run, bool)},
    {},
};
/* clang-format on */

static void add_products(struct inspection *x, const char *name, double products)
{
    if (products > 0)
        x->products[x->n_products++] = (struct type_share){name, products, 0};
}

static enum err_code look_at_hf(struct inspection *x, struct arena *a, struct err *e)
{
    struct facts_hf h;
    if (facts_hf_read(x->facts.path, a, &h, e))
        return e->code;
    safetensors_closep(&h.weights);
    x->format = "Hugging Face folder";
    x->activation = h.config.activation_name;
    struct hf_config *const config = ARENA_ARRAY(a, struct hf_config, 1);
    *config = h.config;
    x->config = config;
    x->made_by = h.config.synth;
    x->embedding_params = h.embedding_params;
    x->tied = h.head_tied;
    for (uint32_t i = 0; i < h.n_dtypes; i++)
        add_products(x, h.dtypes[i].name, (double)h.dtypes[i].products);
    for (; x->n_types < h.n_dtypes; x->n_types++)
        x->types[x->n_types] =
            (struct type_share){h.dtypes[x->n_types].name, (double)h.dtypes[x->n_types].elements,
                                (double)h.dtypes[x->n_types].bytes};
    return ERR_OK;
}

static enum err_code look_at_gguf(struct inspection *x, struct arena *a, struct err *e)
{
    struct gguf_read g;
    if (gguf_read(x->facts.path, a, &g, e))
        return e->code;
    x->format = "GGUF file";
    x->embedding_params = g.embedding_params;
    x->tokenizer = g.tokenizer ? arena_printf(a, "%s, in the file", g.tokenizer) : nullptr;
    x->why_no_tokenizer = "the file names none";
    x->n_tokens = g.vocab_size;
    for (uint32_t i = 0; i < g.n_types; i++)
        add_products(x, g.types[i].name, (double)g.types[i].layers + (double)g.types[i].head);
    for (; x->n_types < g.n_types; x->n_types++)
        x->types[x->n_types] =
            (struct type_share){g.types[x->n_types].name, (double)g.types[x->n_types].elements,
                                (double)g.types[x->n_types].bytes};
    return ERR_OK;
}

static enum err_code look_at_onnx(struct inspection *x, struct arena *a, struct err *e)
{
    static const char *const names[ONNX_SHARES_COUNT] = {"F32", "F16", "BF16", "I8", "I4", "other"};
    struct onnx_shares *const s = &x->graph;
    if (onnx_shares_read(file_join(a, x->facts.path, "model.onnx"), s, e))
        return e->code;
    x->format = "ONNX folder";
    for (size_t i = 0; i < ONNX_SHARES_COUNT; i++)
        if (s->elements[i] > 0)
            x->types[x->n_types++] = (struct type_share){names[i], s->elements[i], s->bytes[i]};
    for (size_t i = 0; i < ONNX_SHARES_PRODUCTS; i++)
        add_products(x, onnx_shares_product_name((enum onnx_shares_product)i), s->products[i]);
    return ERR_OK;
}

static enum err_code run_onnx(struct inspection *x, struct arena *a, struct err *e)
{
    if (x->facts.kind != MODEL_ONNX)
        return err_set(e, ERR_USAGE, "--run is for ONNX folders; '%s' is a %s", x->facts.name,
                       x->format);
    const struct engine_load load = {
        .precision = "", .facts = &x->facts, .artefact = x->facts.path, .threads = 1};
    backend_onnxruntime.prove(&load, a, &x->proof);
    return ERR_OK;
}

static void look_at_tokenizer(struct inspection *x, struct arena *a)
{
    struct err e = {};
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    if (tokenizer_read(x->facts.path, a, &t, &e)) { /* weights can be inspected without it */
        x->why_no_tokenizer = arena_strdup(a, e.msg);
        return;
    }
    x->tokenizer = "byte-level BPE";
    x->n_tokens = tokenizer_n_tokens(t);
    x->n_merges = tokenizer_n_merges(t);
}

static const char *plain(const char *text, struct arena *a)
{
    char *const copy = text ? arena_strdup(a, text) : nullptr;
    if (copy)
        plain_line(copy);
    return copy;
}

/* Words that come out of the files: a terminal would obey what they hold. */
static void make_plain(struct inspection *x, struct arena *a)
{
    x->facts.architecture = plain(x->facts.architecture, a);
    x->activation = plain(x->activation, a);
    x->made_by = plain(x->made_by, a);
    x->tokenizer = plain(x->tokenizer, a);
    for (size_t i = 0; i < x->n_types; i++)
        x->types[i].name = plain(x->types[i].name, a);
    for (size_t i = 0; i < x->n_products; i++)
        x->products[i].name = plain(x->products[i].name, a);
    if (x->config && x->config->unsupported) {
        struct hf_config *const config = ARENA_ARRAY(a, struct hf_config, 1);
        *config = *x->config;
        config->unsupported = plain(config->unsupported, a);
        x->config = config;
    }
}

static enum err_code look(const char *path, struct inspection *x, struct arena *a, struct err *e)
{
    if (resolve_model(path, nullptr, true, a, &x->facts, e))
        return e->code;
    x->embedding_params = -1;
    x->tied = -1;
    switch (x->facts.kind) {
    case MODEL_HF:
        look_at_tokenizer(x, a);
        return look_at_hf(x, a, e);
    case MODEL_ONNX:
        look_at_tokenizer(x, a);
        return look_at_onnx(x, a, e);
    case MODEL_GGUF:
        return look_at_gguf(x, a, e);
    case MODEL_TAG:
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' is a name that a server knows; there is no file to inspect", path);
    case MODEL_MISSING:
        return err_set(e, ERR_UNAVAILABLE, "%s", x->facts.why_missing);
    }
    unreachable();
}

static double total_of(const struct inspection *x, bool bytes)
{
    double sum = 0;
    for (size_t i = 0; i < x->n_types; i++)
        sum += bytes ? x->types[i].bytes : x->types[i].elements;
    return sum;
}

static void count_key(struct jsonw *w, const char *key, int64_t x, int64_t unknown)
{
    jsonw_key(w, key);
    if (x == unknown)
        jsonw_null(w);
    else
        jsonw_i64(w, x);
}

static uint32_t sliding_layers(const struct hf_config *c)
{
    uint32_t n = 0;
    for (uint32_t i = 0; c->window && i < c->n_layers; i++)
        n += c->sliding[i];
    return n;
}

/* c: nullptr where there is no config.json. */
static void json_positions(const struct hf_config *c, struct jsonw *w)
{
    const bool roped = c && c->rope.theta > 0;
    jsonw_key(w, "rope");
    if (roped) {
        jsonw_object(w);
        jsonw_kstr(w, "type", rope_kind_name(c->rope.kind));
        jsonw_kf64(w, "theta", c->rope.theta);
        jsonw_kf64(w, "theta_local", c->rope_local.theta);
        jsonw_kf64(w, "factor", c->rope.factor);
        jsonw_end_object(w);
    } else {
        jsonw_null(w);
    }
    count_key(w, "sliding_window", c ? c->window : 0, 0);
    count_key(w, "sliding_layers", c ? (int64_t)sliding_layers(c) : -1, -1);
    jsonw_kstr(w, "not_exported_because", c ? c->unsupported : nullptr);
}

static void print_positions(const struct hf_config *c)
{
    if (c->learned_positions)
        printf("%-14s%s\n", "positions", "a table");
    if (c->rope.theta > 0)
        printf("%-14srotary, base %g", "positions", c->rope.theta);
    if (c->rope.theta > 0 && c->rope.kind != ROPE_DEFAULT)
        printf(", %s by %g", rope_kind_name(c->rope.kind), c->rope.factor);
    if (c->rope.theta > 0 && c->rope_local.theta != c->rope.theta)
        printf("; %g where layers slide", c->rope_local.theta);
    if (c->rope.theta > 0)
        putchar('\n');
    if (c->window)
        printf("%-14s%u of %u layers see the last %u tokens only\n", "window", sliding_layers(c),
               c->n_layers, c->window);
}

static double all_products(const struct inspection *x)
{
    double sum = 0;
    for (size_t i = 0; i < x->n_products; i++)
        sum += x->products[i].elements;
    return sum;
}

static void products_json(const struct inspection *x, struct jsonw *w)
{
    jsonw_kobject(w, "matmul_by_dtype");
    for (size_t i = 0; i < x->n_products; i++) {
        jsonw_kobject(w, x->products[i].name);
        jsonw_kf64(w, "multiply_adds_per_token", x->products[i].elements);
        jsonw_kf64(w, "share", x->products[i].elements / all_products(x));
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
    if (x->facts.kind == MODEL_ONNX) {
        jsonw_kobject(w, "nodes");
        for (size_t i = 0; i < x->graph.n_ops; i++)
            jsonw_ki64(w, x->graph.ops[i].name, x->graph.ops[i].nodes);
        jsonw_end_object(w);
    }
    if (x->proof) {
        jsonw_kobject(w, "ran");
        onnx_proof_write(x->proof, w);
        jsonw_end_object(w);
    }
}

static void print_json(const struct inspection *x)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    const struct model_facts *const m = &x->facts;
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.inspect/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "name", m->name);
    jsonw_kstr(&w, "path", m->path);
    jsonw_kstr(&w, "format", x->format);
    jsonw_kstr(&w, "architecture", m->architecture);
    jsonw_kstr(&w, "synth", x->made_by);
    jsonw_kstr(&w, "activation", x->activation);
    json_positions(x->config, &w);
    count_key(&w, "n_layers", m->n_layers, 0);
    count_key(&w, "d_model", m->d_model, 0);
    count_key(&w, "n_heads", m->n_heads, 0);
    count_key(&w, "n_kv_heads", m->n_kv_heads, 0);
    count_key(&w, "head_dim", m->head_dim, 0);
    count_key(&w, "vocab_size", m->vocab_size, 0);
    count_key(&w, "n_ctx", m->n_ctx, 0);
    count_key(&w, "params", m->params, -1);
    count_key(&w, "embedding_params", x->embedding_params, -1);
    count_key(&w, "non_embedding_params",
              x->embedding_params < 0 ? -1 : m->params - x->embedding_params, -1);
    count_key(&w, "weight_bytes", m->weight_bytes, -1);
    jsonw_key(&w, "head_tied");
    if (x->tied < 0)
        jsonw_null(&w);
    else
        jsonw_bool(&w, x->tied);
    jsonw_kobject(&w, "dtypes");
    for (size_t i = 0; i < x->n_types; i++) {
        jsonw_kobject(&w, x->types[i].name);
        jsonw_kf64(&w, "elements", x->types[i].elements);
        jsonw_kf64(&w, "bytes", x->types[i].bytes);
        jsonw_kf64(&w, "elements_share", x->types[i].elements / total_of(x, false));
        jsonw_kf64(&w, "bytes_share", x->types[i].bytes / total_of(x, true));
        jsonw_end_object(&w);
    }
    jsonw_end_object(&w);
    products_json(x, &w);
    jsonw_kstr(&w, "tokenizer", x->tokenizer);
    jsonw_kstr(&w, "tokenizer_reason", x->tokenizer ? nullptr : x->why_no_tokenizer);
    count_key(&w, "tokens", (int64_t)x->n_tokens, 0);
    jsonw_end_object(&w);
    puts(out.text);
}

static void print_count(const char *label, uint32_t x)
{
    if (x)
        printf("%-14s%u\n", label, x);
    else
        printf("%-14s-\n", label);
}

static void print_products(const struct inspection *x)
{
    for (size_t i = 0; i < x->n_products; i++)
        printf("%-14s%.1f %% in %s%s\n", i ? "" : "matmul",
               100 * x->products[i].elements / all_products(x), x->products[i].name,
               i ? "" : " (of one token's multiplications by weights)");
}

static void print_ran(const struct proof *p)
{
    if (p->ran_reason)
        printf("%-14s- (%s)\n", "ran", p->ran_reason);
    double all = 0;
    for (size_t i = 0; i < ONNX_SHARES_PRODUCTS; i++)
        all += p->ran[i];
    for (size_t i = 0; i < ONNX_SHARES_PRODUCTS; i++)
        if (p->ran[i] > 0)
            printf("%-14s%.1f %% in %s (of the multiplications by weights that ran)\n", "ran",
                   100 * p->ran[i] / all, onnx_shares_product_name((enum onnx_shares_product)i));
    for (size_t i = 0; i < p->n_nodes; i++)
        printf("%-14s%4u %-24s %-8s %s\n", "", p->nodes[i].n, p->nodes[i].op, p->nodes[i].type,
               p->nodes[i].provider);
}

static void print_text(const struct inspection *x)
{
    const struct model_facts *const m = &x->facts;
    printf("%-14s%s\n%-14s%s\n", "path", m->path, "format", x->format);
    if (x->made_by)
        printf("%-14s%s\n", "synthetic", x->made_by);
    printf("%-14s%s\n", "architecture", m->architecture ? m->architecture : "-");
    print_count("layers", m->n_layers);
    print_count("width", m->d_model);
    print_count("heads", m->n_heads);
    if (m->n_kv_heads && m->head_dim)
        printf("%-14s%u of keys and values, each of %u\n", "", m->n_kv_heads, m->head_dim);
    print_count("vocabulary", m->vocab_size);
    print_count("context", m->n_ctx);
    if (x->activation)
        printf("%-14s%s\n", "activation", x->activation);
    if (x->config)
        print_positions(x->config);
    if (x->config && x->config->unsupported)
        printf("%-14schimera cannot export it: it does not know %s\n", "", x->config->unsupported);
    if (m->params >= 0)
        printf("%-14s%" PRId64 "%s\n", "parameters", m->params,
               x->tied > 0 ? " (the head is the token embedding, counted once)" : "");
    if (m->params >= 0 && x->embedding_params >= 0)
        printf("%-14s%" PRId64 " embedding, %" PRId64 " non-embedding\n", "", x->embedding_params,
               m->params - x->embedding_params);
    if (m->weight_bytes >= 0)
        printf("%-14s%" PRId64 " bytes\n", "weights", m->weight_bytes);
    for (size_t i = 0; i < x->n_types; i++)
        printf("%-14s%.1f %% of the elements, %.1f %% of the bytes\n", x->types[i].name,
               100 * x->types[i].elements / total_of(x, false),
               100 * x->types[i].bytes / total_of(x, true));
    print_products(x);
    if (x->proof)
        print_ran(x->proof);
    if (!x->tokenizer)
        printf("%-14s- (%s)\n", "tokenizer", x->why_no_tokenizer);
    else if (x->n_merges)
        printf("%-14s%s, %zu tokens, %zu merges\n", "tokenizer", x->tokenizer, x->n_tokens,
               x->n_merges);
    else
        printf("%-14s%s, %zu tokens\n", "tokenizer", x->tokenizer, x->n_tokens);
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct inspect_args *const args = given;
    struct inspection x = {};
    if (look(operands->items[0], &x, cli->arena, e) || (args->run && run_onnx(&x, cli->arena, e)))
        return e->code;
    make_plain(&x, cli->arena);
    if (cli->json)
        print_json(&x);
    else
        print_text(&x);
    return ERR_OK;
}

const struct command cmd_model_inspect = {
    .name = "inspect",
    .operands = "MODEL",
    .summary = "what a model is, counted from its files",
    .about =
        "Prints architecture, shape, parameters (all, embedding, non-embedding; a tied head "
        "counts\n"
        "once, stored masks do not count), bytes and data types of a Hugging Face folder, a "
        ".gguf,\n"
        "an ONNX folder or a synth:... name. Headers are read and checked; weights are not.\n"
        "matmul is the share of one token's multiplications by weights, by the type that they\n"
        "are done in (ONNX: AxB are weights stored as A and multiplied in B) or stored in.",
    .examples = "  chimera model inspect synth:gpt2/L=2,d=64,h=2,vocab=1000\n"
                "  chimera model inspect --json ./gpt2",
    .opts = opts,
    .args_bytes = sizeof(struct inspect_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
