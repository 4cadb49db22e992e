#include "base/arena.h"
#include "base/defs.h"
#include "folder.h"
#include "io/file.h"
#include "io/json.h"
#include "model/artefact.h"
#include "model/export.h"
#include "model/gguf_read.h"
#include "model/half.h"
#include "model/int8.h"
#include "model/safetensors.h"
#include "model/synth.h"
#include "test.h"

#include "onnx.pb-c.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *a;
static const char *folder; /* of this run */

/* IEEE 754-2008, binary16: the largest finite value is 65504, the smallest 2^-24; a tie goes to
 * even. */
static void test_half(void)
{
    static const struct {
        const char *what;
        float x;
        uint16_t want;
    } rows[] = {
        {"one", 1, 0x3c00},
        {"minus two", -2, 0xc000},
        {"largest", 65504, 0x7bff},
        {"rounds down to the largest", 65519, 0x7bff},
        {"rounds up to infinity", 65520, 0x7c00},
        {"smallest normal", 0x1p-14F, 0x0400},
        {"smallest", 0x1p-24F, 0x0001},
        {"half of the smallest is a tie", 0x1p-25F, 0x0000},
        {"more than half of the smallest", 0x1.8p-25F, 0x0001},
        {"largest subnormal", 0x1.ff8p-15F, 0x03ff},
        {"rounds up to a normal", 0x1.ffcp-15F, 0x0400},
        {"tie to even, down", 1 + 0x1p-11F, 0x3c00},
        {"tie to even, up", 1 + 0x1.8p-10F, 0x3c02},
        {"carries into the exponent", 2 - 0x1p-12F, 0x4000},
        {"minus zero", -0.0F, 0x8000},
        {"infinity", HUGE_VALF, 0x7c00},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const uint16_t got = half_from(rows[i].x);
        CHECK(rows[i].what, got == rows[i].want, "half: got %04x, want %04x", got, rows[i].want);
    }
    CHECK("NaN stays one", (half_from((float)NOT_MEASURED) & 0x7fffU) > 0x7c00, "it did not");
    uint16_t out[2];
    CHECK("too large is told", !half_from_all((const float[]){1, 70000}, 2, out), "it was not");
}

/* bfloat16 is float32's upper half: by hand, from the bits. */
static void test_bf16(void)
{
    static const struct {
        const char *what;
        float x;
        uint16_t want;
    } bits[] = {
        {"one", 1, 0x3f80},
        {"minus two", -2, 0xc000},
        {"tie to even, down", 1 + 0x1p-8F, 0x3f80},
        {"tie to even, up", 1 + 0x3p-8F, 0x3f82},
        {"just above a tie", 1 + 0x1.01p-8F, 0x3f81},
        {"carries into the exponent", 2 - 0x1p-9F, 0x4000},
        {"smallest subnormal rounds away", 0x1p-149F, 0x0000},
        {"minus zero", -0.0F, 0x8000},
        {"infinity", HUGE_VALF, 0x7f80},
    };
    for (size_t i = 0; i < COUNT_OF(bits); i++) {
        const uint16_t got = half_bf16(bits[i].x);
        CHECK(bits[i].what, got == bits[i].want, "bf16: got %04x, want %04x", got, bits[i].want);
    }
    CHECK("NaN stays one", (half_bf16((float)NOT_MEASURED) & 0x7fffU) > 0x7f80, "it did not");
    uint16_t out[2];
    CHECK("too large is told", !half_bf16_all((const float[]){1, 0x1.fffffep127F}, 2, out),
          "it was not");
}

/* By hand: column 0 has the largest 127 (scale 1), column 1 has 0 (scale 1), column 2 has 2.54
 * (0.02). */
static void test_int8(void)
{
    static const float w[] = {127, 0, -2.54F, 0.5F, 0, 1.27F, 1.5F, 0, 0.011F};
    static const int8_t want[] = {127, 0, -127, 0, 0,
                                  63,  2, 0,    1}; /* 63.5 - a rounding: 0.02 is not exact */
    float scale[3] = {};
    int8_t q[9], turned[9];
    CHECK("finite", int8_largest(w, 3, 3, scale), "it is");
    int8_scales(scale, 3);
    CHECK_NEAR("scale of a column", scale[0], 1, 0);
    CHECK_NEAR("scale of zeros", scale[1], 1, 0);
    CHECK_NEAR("scale of a small column", (double)scale[2], 0.02, 1e-6);
    int8_columns(w, 3, 3, scale, q);
    for (size_t i = 0; i < 9; i++)
        CHECK("rounded", q[i] == want[i] || (i == 5 && q[i] == 64), "%zu: got %d, want %d", i, q[i],
              want[i]);
    const float rows[] = {127, 1, 2, 0, 0, 254};
    const float row_scale[] = {1, 2};
    int8_rows_as_columns(rows, 2, 3, row_scale, 1, 3, turned);
    CHECK("rows become columns",
          turned[1] == 127 && turned[4] == 1 && turned[2] == 0 && turned[8] == 127, "%d %d %d %d",
          turned[1], turned[4], turned[2], turned[8]);
    CHECK("NaN is told", !int8_largest((const float[]){1, (float)NOT_MEASURED, 3}, 1, 3, scale),
          "it was not");
    CHECK("infinity is told", !int8_largest((const float[]){1, HUGE_VALF, 3}, 1, 3, scale),
          "it was not");
}

static size_t files_in(const char *path)
{
    DIR *const d = opendir(path);
    size_t n = 0;
    for (const struct dirent *entry; d && (entry = readdir(d));)
        n += entry->d_name[0] != '.';
    if (d)
        (void)closedir(d);
    return n;
}

static Onnx__ModelProto *read_onnx(const char *path)
{
    char *text = nullptr;
    size_t n = 0;
    struct err e = {};
    if (file_read(file_join(a, path, "model.onnx"), a, &text, &n, &e))
        return nullptr;
    return onnx__model_proto__unpack(nullptr, n, (const uint8_t *)text);
}

static bool is_there(const Onnx__GraphProto *g, size_t n_nodes, const char *name)
{
    if (*name == '\0')
        return true;
    for (size_t i = 0; i < g->n_input; i++)
        if (strcmp(g->input[i]->name, name) == 0)
            return true;
    for (size_t i = 0; i < g->n_initializer; i++)
        if (strcmp(g->initializer[i]->name, name) == 0)
            return true;
    for (size_t i = 0; i < n_nodes; i++)
        for (size_t j = 0; j < g->node[i]->n_output; j++)
            if (strcmp(g->node[i]->output[j], name) == 0)
                return true;
    return false;
}

/* Every input of a node is made before it, every output of the graph is made. */
static void check_closed(const Onnx__GraphProto *g)
{
    const char *missing = nullptr;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t j = 0; j < g->node[i]->n_input; j++)
            if (!is_there(g, i, g->node[i]->input[j]))
                missing = g->node[i]->input[j];
    for (size_t i = 0; i < g->n_output; i++)
        if (!is_there(g, g->n_node, g->output[i]->name))
            missing = g->output[i]->name;
    CHECK("every name is made before it is used", !missing, "'%s' is not", missing);
}

static int64_t entry_of(const Onnx__TensorProto *t, const char *key)
{
    for (size_t i = 0; i < t->n_external_data; i++)
        if (strcmp(t->external_data[i]->key, key) == 0)
            return strtoll(t->external_data[i]->value, nullptr, 10);
    return -1;
}

static const Onnx__TensorProto *initializer(const Onnx__GraphProto *g, const char *name)
{
    for (size_t i = 0; i < g->n_initializer; i++)
        if (strcmp(g->initializer[i]->name, name) == 0)
            return g->initializer[i];
    return nullptr;
}

/* Weights on page boundaries, inside the file, and as many elements as the model has parameters. */
static void check_weights(const Onnx__GraphProto *g, const char *out, int64_t params, bool int8)
{
    struct stat st = {};
    (void)stat(file_join(a, out, "model.onnx.data"), &st);
    int64_t elements = 0, largest = 0;
    bool inside = true, aligned = true;
    for (size_t i = 0; i < g->n_initializer; i++) {
        const Onnx__TensorProto *const t = g->initializer[i];
        if (t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
            continue;
        int64_t n = 1;
        for (size_t k = 0; k < t->n_dims; k++)
            n *= t->dims[k];
        const int64_t bytes = n * (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 ? 1 : 4);
        aligned = aligned && entry_of(t, "offset") % 4096 == 0;
        inside =
            inside && entry_of(t, "length") == bytes && entry_of(t, "offset") + bytes <= st.st_size;
        if (!strstr(t->name, ".scale"))
            elements += n;
        if (t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8)
            largest += n;
    }
    CHECK("aligned", aligned, "a weight is not");
    CHECK("inside the file", inside, "a weight is not");
    CHECK("all parameters", elements == params, "%lld of %lld", (long long)elements,
          (long long)params);
    CHECK("int8 only where asked for", (largest > 0) == int8, "%lld int8 weights",
          (long long)largest);
}

static void read_data(const char *out, const Onnx__TensorProto *t, void *ret, size_t n)
{
    CLEANUP(file_closep) FILE *f = fopen(file_join(a, out, "model.onnx.data"), "re");
    memset(ret, 0, n);
    if (f && t && fseek(f, (long)entry_of(t, "offset"), SEEK_SET) == 0)
        (void)!fread(ret, 1, n, f);
}

/* w of the checkpoint against scale x int8, each within half a step. */
static void check_int8_error(const char *source, const char *out, const Onnx__GraphProto *g)
{
    enum { IN = 32, OUT = 128 }; /* d = 32, d_inner = 128 */
    static float w[IN * OUT], scale[OUT];
    static int8_t q[IN * OUT];
    CLEANUP(safetensors_closep) struct safetensors *f = nullptr;
    struct err e = {};
    const char *const name = "h.1.mlp.c_fc.weight";
    if (safetensors_open(source, a, &f, &e) ||
        safetensors_read(f, safetensors_find(f, "transformer.h.1.mlp.c_fc.weight"), 0, IN * OUT, w,
                         &e))
        CHECK("the checkpoint is read", false, "%s", e.msg);
    read_data(out, initializer(g, name), q, sizeof q);
    read_data(out, initializer(g, "h.1.mlp.c_fc.weight.scale"), scale, sizeof scale);
    double worst = 0, peak = 0;
    for (size_t i = 0; i < IN * OUT; i++) {
        const double step = (double)scale[i % OUT];
        worst = fmax(worst, fabs((double)w[i] - step * q[i]) / step);
        peak = fmax(peak, abs(q[i]));
    }
    CHECK("int8 is within half a step", worst <= 0.5001, "%g steps", worst);
    CHECK_NEAR("the range is used", peak, 127, 0);
}

static void test_onnx(const char *source, const char *precision, int64_t params)
{
    const char *const out = file_join(a, folder, arena_printf(a, "onnx-%s", precision));
    struct export_report r = {};
    struct err e = {};
    CHECK("exported", export_make(source, EXPORT_ONNX, precision, out, a, &r, &e) == ERR_OK, "%s",
          e.msg);
    Onnx__ModelProto *const m = read_onnx(out);
    CHECK("parses back",
          m && m->graph && m->n_opset_import == 1 && m->opset_import[0]->version <= 20,
          "%s does not", precision);
    if (!m)
        return;
    const bool int8 = strcmp(precision, "int8") == 0;
    check_closed(m->graph);
    check_weights(m->graph, out, params, int8);
    if (int8)
        check_int8_error(source, out, m->graph);
    size_t integer = 0, real = 0;
    for (size_t i = 0; i < m->graph->n_node; i++) {
        integer += strcmp(m->graph->node[i]->op_type, "MatMulInteger") == 0;
        real += strcmp(m->graph->node[i]->op_type, "Gemm") == 0;
    }
    CHECK("every linear layer and the head",
          (int8 ? integer : real) == 4 * 2 + 1 && (int8 ? real : integer) == 0,
          "%zu MatMulInteger, %zu Gemm", integer, real);
    int64_t elements = 0;
    for (size_t i = 0; i < r.n_shares; i++)
        elements += r.shares[i].elements;
    CHECK("the report counts the parameters", elements == params, "%lld", (long long)elements);
    onnx__model_proto__free_unpacked(m, nullptr);

    const struct json *facts = nullptr;
    CHECK("facts beside it",
          json_read_file(file_join(a, out, "chimera.json"), a, &facts, &e) == ERR_OK &&
              json_i64(json_get(facts, "params"), 0) == params &&
              json_i64(json_get(facts, "n_layers"), 0) == 2,
          "%s", e.msg);
    CHECK("an own export is replaced",
          export_make(source, EXPORT_ONNX, precision, out, a, &r, &e) == ERR_OK, "%s", e.msg);
}

/* What another reader of the format finds in it. llama.cpp itself reads it in tests/live. */
static void test_gguf(const char *source, int64_t params)
{
    const char *const out = file_join(a, folder, "tiny.gguf");
    struct export_report r = {};
    struct gguf_read g = {};
    struct err e = {};
    CHECK("exported", export_make(source, EXPORT_GGUF, "fp32", out, a, &r, &e) == ERR_OK, "%s",
          e.msg);
    CHECK("parses back", gguf_read(out, a, &g, &e) == ERR_OK, "%s", e.msg);
    CHECK("its shape",
          g.version == 3 && g.n_layers == 2 && g.d_model == 32 && g.n_heads == 4 &&
              g.vocab_size == 300 && g.n_ctx == 64,
          "%u %u %u %u %u", g.n_layers, g.d_model, g.n_heads, g.vocab_size, g.n_ctx);
    CHECK("all parameters", g.params == params && g.n_types == 1, "%lld", (long long)g.params);
    CHECK("fp16",
          export_make(source, EXPORT_GGUF, "fp16", out, a, &r, &e) == ERR_OK &&
              gguf_read(out, a, &g, &e) == ERR_OK && g.n_types == 2 &&
              strcmp(g.types[0].name, "F16") == 0 && g.params == params,
          "%s", e.msg);
    const enum err_code code = export_make(source, EXPORT_GGUF, "q8_0", out, a, &r, &e);
    if (code == ERR_UNAVAILABLE) {
        printf("ok %d - q8_0 # SKIP %s\n", ++test_count, e.msg);
        return;
    }
    CHECK("q8_0",
          code == ERR_OK && gguf_read(out, a, &g, &e) == ERR_OK &&
              strcmp(g.types[0].name, "Q8_0") == 0,
          "%s", e.msg);
    CHECK("rows that no block divides are refused",
          export_make(source, EXPORT_GGUF, "q4_k_m", out, a, &r, &e) == ERR_UNSUPPORTED, "%s",
          e.msg);
}

static void test_refusals(const char *source)
{
    struct export_report r = {};
    struct err e = {};
    const char *const out = file_join(a, folder, "refused");
    CHECK("no such precision",
          export_make(source, EXPORT_ONNX, "fp8", out, a, &r, &e) == ERR_UNSUPPORTED &&
              strstr(e.msg, "fp8"),
          "%s", e.msg);
    CHECK("somebody's folder is not touched",
          export_make(source, EXPORT_ONNX, "fp32", folder, a, &r, &e) == ERR_USAGE, "%s", e.msg);
    const char *const before = arena_printf(a, "%zu", files_in(folder));
    struct rlimit old, small;
    (void)getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 100'000; /* a disk that is full in the middle of the weights */
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &small);
    const enum err_code code = export_make(source, EXPORT_ONNX, "fp32", out, a, &r, &e);
    (void)setrlimit(RLIMIT_FSIZE, &old);
    CHECK("a full disk is told", code == ERR_IO && !strchr(e.msg, '\n'), "%d: %s", code, e.msg);
    CHECK("and leaves nothing", strcmp(before, arena_printf(a, "%zu", files_in(folder))) == 0,
          "%s files before, %zu after", before, files_in(folder));
}

static void test_broken_source(const char *source)
{
    struct export_report r = {};
    struct err e = {};
    const char *const out = file_join(a, folder, "broken-out");
    char *text = nullptr;
    size_t n = 0;
    if (file_read(file_join(a, source, "model.safetensors"), a, &text, &n, &e) ||
        file_write(file_join(a, source, "model.safetensors"), text, n - 100, &e))
        CHECK("cut", false, "%s", e.msg);
    CHECK("a truncated checkpoint is told",
          export_make(source, EXPORT_ONNX, "fp32", out, a, &r, &e) == ERR_PARSE &&
              strstr(e.msg, "model.safetensors"),
          "%s", e.msg);
    CHECK("and leaves nothing", !file_exists(out), "there is something");
}

static void test_artefact(const char *source)
{
    struct artefact first = {}, second = {};
    struct err e = {};
    const struct model_facts m = {.kind = MODEL_HF, .name = "tiny", .path = source};
    CHECK("made", artefact_prepare("onnx", "int8", &m, a, &first, &e) == ERR_OK && !first.cached,
          "%s", e.msg);
    CHECK("found again",
          artefact_prepare("onnx", "int8", &m, a, &second, &e) == ERR_OK && second.cached &&
              strcmp(first.path, second.path) == 0 && first.bytes == second.bytes && first.sha256 &&
              strcmp(first.sha256, second.sha256) == 0,
          "%s", e.msg);
    CHECK("another precision lies elsewhere",
          artefact_prepare("onnx", "fp32", &m, a, &second, &e) == ERR_OK && !second.cached &&
              strcmp(first.path, second.path) != 0,
          "%s", e.msg);
    if (truncate(file_join(a, first.path, "model.onnx.data"), 10) != 0)
        CHECK("cut", false, "not");
    CHECK("a damaged one is made again",
          artefact_prepare("onnx", "int8", &m, a, &second, &e) == ERR_OK && !second.cached &&
              second.bytes == first.bytes,
          "%s", e.msg);
    CHECK("the folder itself",
          artefact_prepare("hf", "bf16", &m, a, &second, &e) == ERR_OK &&
              strcmp(second.path, source) == 0 && second.sha256,
          "%s", e.msg);
    CHECK("a .gguf in half precision",
          artefact_prepare("gguf", "fp16", &m, a, &first, &e) == ERR_OK && !first.cached, "%s",
          e.msg);
    const struct model_facts q = {.kind = MODEL_GGUF,
                                  .name = "half.gguf",
                                  .path = first.path,
                                  .dtype = "F16",
                                  .claims = "fp16"};
    CHECK("is itself",
          artefact_prepare("gguf", "fp16", &q, a, &second, &e) == ERR_OK &&
              strcmp(second.path, first.path) == 0 && strcmp(second.sha256, first.sha256) == 0,
          "%s", e.msg);
    CHECK("a .gguf is what it holds",
          artefact_prepare("gguf", "fp32", &q, a, &second, &e) == ERR_UNSUPPORTED &&
              strstr(e.msg, "F16") && strstr(e.msg, "fp32"),
          "%s", e.msg);
    CHECK("and nothing else",
          artefact_prepare("onnx", "fp32", &q, a, &second, &e) == ERR_UNSUPPORTED, "%s", e.msg);
}

int main(void)
{
    a = arena_new((size_t)1 << 28);
    char path[] = "/tmp/chimera-test-XXXXXX";
    if (!mkdtemp(path) || setenv("CHIMERA_CACHE", file_join(a, path, "cache"), 1) != 0)
        return 1;
    folder = path;
    test_half();
    test_bf16();
    test_int8();
    const struct synth_spec s = {
        .n_layers = 2, .d_model = 32, .n_heads = 4, .vocab_size = 300, .n_ctx = 64, .seed = 7};
    const char *const source = file_join(a, folder, "hf");
    struct err e = {};
    CHECK("a model to export", synth_write(&s, source, a, &e) == ERR_OK, "%s", e.msg);
    test_onnx(source, "fp32", synth_spec_params(&s));
    test_onnx(source, "int8", synth_spec_params(&s));
    test_gguf(source, synth_spec_params(&s));
    test_artefact(source);
    test_refusals(source);
    test_broken_source(source);
    folder_remove(folder);
    return test_done();
}
