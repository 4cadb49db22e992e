#include "base/arena.h"
#include "base/defs.h"
#include "folder.h"
#include "io/file.h"
#include "model/export.h"
#include "model/gguf_read.h"
#include "model/synth.h"
#include "test.h"

#include "onnx.pb-c.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena *a;
static const char *folder; /* of this run */

/* What the papers and transformers' modelling files say of each family: matrices of a layer, norms
 * of a layer, and where the sine comes from. That the numbers agree is shown by tests/live. */
static const struct row {
    const char *name, *architecture; /* llama.cpp's word for it */
    size_t norms;                    /* of a layer */
    uint32_t ropes;                  /* sets of frequencies */
    uint32_t kv_heads, head_dim;
    bool window;
} rows[] = {
    {"synth:llama/L=2,d=32,h=4,kv=2,ff=64,vocab=300,ctx=64,rope=llama3", "llama", 2, 1, 2, 8,
     false},
    {"synth:llama/L=2,d=32,h=4,kv=4,ff=64,vocab=300,ctx=64,bias=1,tied=1", "llama", 2, 1, 4, 8,
     false},
    {"synth:mistral/L=2,d=32,h=4,kv=1,ff=64,vocab=300,ctx=64,window=16", "llama", 2, 1, 1, 8, true},
    {"synth:qwen2/L=2,d=32,h=4,kv=2,ff=64,vocab=300,ctx=64,dtype=bf16,shards=2", "qwen2", 2, 1, 2,
     8, false},
    {"synth:qwen3/L=2,d=32,h=4,kv=2,hd=16,ff=64,vocab=300,ctx=64", "qwen3", 4, 1, 2, 16, false},
    {"synth:gemma3/L=6,d=32,h=4,kv=2,hd=16,ff=64,vocab=300,ctx=64,window=16", "gemma3", 6, 2, 2, 16,
     true},
};

struct counts {
    size_t gemm, integer, roots, sines, external;
    bool window, closed;
};

static bool made(const Onnx__GraphProto *g, size_t n_nodes, const char *name)
{
    bool found = *name == '\0';
    for (size_t i = 0; i < g->n_input; i++)
        found |= strcmp(g->input[i]->name, name) == 0;
    for (size_t i = 0; i < g->n_initializer; i++)
        found |= strcmp(g->initializer[i]->name, name) == 0;
    for (size_t i = 0; i < n_nodes && !found; i++)
        for (size_t j = 0; j < g->node[i]->n_output; j++)
            found |= strcmp(g->node[i]->output[j], name) == 0;
    return found;
}

static struct counts count(const Onnx__GraphProto *g)
{
    struct counts c = {.closed = true};
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *const n = g->node[i];
        c.gemm += strcmp(n->op_type, "Gemm") == 0;
        c.integer += strcmp(n->op_type, "MatMulInteger") == 0;
        c.roots += strcmp(n->op_type, "Sqrt") == 0;
        c.sines += strcmp(n->op_type, "Sin") == 0;
        c.window |= strcmp(n->output[0], "mask.local") == 0;
        for (size_t j = 0; j < n->n_input; j++)
            c.closed &= made(g, i, n->input[j]);
    }
    for (size_t i = 0; i < g->n_initializer; i++)
        c.external +=
            g->initializer[i]->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    return c;
}

static void test_graph(const struct row *r, const struct synth_spec *s, const char *source,
                       const char *precision)
{
    const char *const out = file_join(a, folder, "onnx");
    struct export_report report = {};
    struct err e = {};
    char *text = nullptr;
    size_t n = 0;
    Onnx__ModelProto *m = nullptr;
    if (!export_make(source, EXPORT_ONNX, precision, out, a, &report, &e) &&
        !file_read(file_join(a, out, "model.onnx"), a, &text, &n, &e))
        m = onnx__model_proto__unpack(nullptr, n, (const uint8_t *)text);
    CHECK("exported and read back", m, "%s, %s: %s", r->name, precision, e.msg);
    if (!m)
        return;
    const struct counts c = count(m->graph);
    const bool int8 = strcmp(precision, "int8") == 0;
    const size_t products = 7 * (size_t)s->n_layers + 1;
    CHECK("every name is made before it is used", c.closed, "%s", r->name);
    CHECK("seven products a layer, and the head",
          (int8 ? c.integer : c.gemm) == products && (int8 ? c.gemm : c.integer) == 0,
          "%s, %s: %zu Gemm, %zu MatMulInteger", r->name, precision, c.gemm, c.integer);
    CHECK("its norms", c.roots == r->norms * s->n_layers + 1, "%s: %zu", r->name, c.roots);
    CHECK("its rotations", c.sines == r->ropes, "%s: %zu", r->name, c.sines);
    CHECK("a mask of its own where layers slide", c.window == r->window, "%s", r->name);
    int64_t elements = 0;
    for (size_t i = 0; i < report.n_shares; i++)
        elements += report.shares[i].elements;
    CHECK("the report counts the parameters", elements == synth_spec_params(s), "%s: %lld", r->name,
          (long long)elements);
    onnx__model_proto__free_unpacked(m, nullptr);
}

static void test_gguf(const struct row *r, const struct synth_spec *s, const char *source,
                      const char *precision)
{
    const char *const out = file_join(a, folder, "model.gguf");
    struct export_report report = {};
    struct gguf_read g = {};
    struct err e = {};
    CHECK("exported",
          !export_make(source, EXPORT_GGUF, precision, out, a, &report, &e) &&
              !gguf_read(out, a, &g, &e),
          "%s, %s: %s", r->name, precision, e.msg);
    CHECK("its shape",
          g.architecture && strcmp(g.architecture, r->architecture) == 0 &&
              g.n_layers == s->n_layers && g.d_model == 32 && g.n_heads == 4 &&
              g.n_kv_heads == r->kv_heads && g.head_dim == r->head_dim && g.n_ctx == 64,
          "%s: %s %u %u %u", r->name, g.architecture ? g.architecture : "-", g.n_layers,
          g.n_kv_heads, g.head_dim);
    const int64_t divisors = s->rope == ROPE_LLAMA3 ? r->head_dim / 2 : 0;
    CHECK("all parameters", g.params == synth_spec_params(s) + divisors, "%s: %lld", r->name,
          (long long)g.params);
    const char *const want = strcmp(precision, "bf16") == 0 ? "BF16" : "F32";
    CHECK("its type", g.n_types > 0 && strcmp(g.types[0].name, want) == 0, "%s: %s", r->name,
          g.n_types ? g.types[0].name : "none");
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    char path[] = "/tmp/chimera-test-XXXXXX";
    if (!mkdtemp(path) || setenv("CHIMERA_CACHE", file_join(a, path, "cache"), 1) != 0)
        return 1;
    folder = path;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct synth_spec s = {};
        struct err e = {};
        const char *source = nullptr;
        CHECK("a model",
              !synth_spec_parse(rows[i].name, &s, &e) && !synth_cached(&s, a, &source, &e),
              "%s: %s", rows[i].name, e.msg);
        if (!source)
            continue;
        test_graph(&rows[i], &s, source, "fp32");
        test_graph(&rows[i], &s, source, "int8");
        test_gguf(&rows[i], &s, source, "fp32");
        test_gguf(&rows[i], &s, source, "bf16");
    }
    folder_remove(folder);
    return test_done();
}
