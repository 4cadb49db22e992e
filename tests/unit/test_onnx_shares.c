/* The graphs are written out by hand in protobuf's wire format (field << 3 | type, length, bytes),
 * after onnx.proto: ModelProto.graph = 7; GraphProto.node = 1, initializer = 5; NodeProto.input =
 * 1, output = 2, op_type = 4, attribute = 5; AttributeProto.name = 1, i = 3; TensorProto.dims = 1,
 * data_type = 2 (FLOAT 1, UINT8 2, INT8 3, INT64 7, FLOAT16 10, INT4 22), name = 8. The expected
 * counts are products of the shapes. */
#include "backend/onnx_proof.h"
#include "backend/onnx_shares.h"
#include "base/defs.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

struct bytes {
    unsigned char at[2000];
    size_t n;
};

static void put(struct bytes *b, unsigned field, const void *text, size_t n)
{
    b->at[b->n++] = (unsigned char)(field << 3 | 2);
    b->at[b->n++] = (unsigned char)(n & 127) | (n > 127 ? 128 : 0);
    if (n > 127)
        b->at[b->n++] = (unsigned char)(n >> 7);
    memcpy(b->at + b->n, text, n);
    b->n += n;
}

static void put_number(struct bytes *b, unsigned field, unsigned x)
{
    b->at[b->n++] = (unsigned char)(field << 3);
    if (x > 127)
        b->at[b->n++] = (unsigned char)(x & 127) | 128;
    b->at[b->n++] = (unsigned char)(x > 127 ? x >> 7 : x);
}

static void put_text(struct bytes *b, unsigned field, const char *text)
{
    put(b, field, text, strlen(text));
}

static void tensor(struct bytes *graph, const char *name, unsigned type, unsigned rows,
                   unsigned columns)
{
    struct bytes t = {};
    put_number(&t, 1, rows);
    put_number(&t, 1, columns);
    put_number(&t, 2, type);
    put_text(&t, 8, name);
    put(graph, 5, t.at, t.n);
}

static void attribute(struct bytes *node, const char *name, unsigned x)
{
    struct bytes t = {};
    put_text(&t, 1, name);
    put_number(&t, 3, x);
    put(node, 5, t.at, t.n);
}

/* values: "op input input > output"; K, N, level: of a block product, else 0. */
static void node(struct bytes *graph, const char *values, unsigned k, unsigned n, unsigned level)
{
    struct bytes t = {};
    char copy[100], *rest = copy, *word;
    unsigned field = 4;
    (void)snprintf(copy, sizeof copy, "%s", values);
    while ((word = strsep(&rest, " "))) {
        if (strcmp(word, ">") == 0)
            field = 2;
        else
            put_text(&t, field, word);
        field = field == 4 ? 1 : field;
    }
    if (k) {
        attribute(&t, "K", k);
        attribute(&t, "N", n);
        attribute(&t, "bits", 4);
        attribute(&t, "accuracy_level", level);
    }
    put(graph, 1, t.at, t.n);
}

static enum err_code read_bytes(const unsigned char *at, size_t n, struct onnx_shares *ret,
                                struct err *e)
{
    char path[] = "/tmp/onnx_shares.XXXXXX";
    const int fd = mkstemp(path);
    const bool written = fd >= 0 && write(fd, at, n) == (ssize_t)n;
    if (fd >= 0)
        (void)close(fd);
    const enum err_code code =
        written ? onnx_shares_read(path, ret, e) : err_set(e, ERR_IO, "cannot write %s", path);
    (void)unlink(path);
    return code;
}

static struct onnx_shares shares_of(const char *label, const struct bytes *graph)
{
    struct bytes model = {};
    struct onnx_shares s = {};
    struct err e = {};
    put_number(&model, 1, 10);
    put(&model, 7, graph->at, graph->n);
    CHECK(label, read_bytes(model.at, model.n, &s, &e) == ERR_OK, "%s", e.msg);
    size_t accepted = 0;
    for (size_t n = 0; n < model.n; n++)
        accepted += read_bytes(model.at, n, &(struct onnx_shares){}, &e) == ERR_OK;
    CHECK("no truncated file is taken", accepted == 0, "%zu lengths were", accepted);
    return s;
}

static bool refuses(const struct onnx_shares *s, const char *precision, const char *words)
{
    char reason[200];
    onnx_shares_check(s, s->products, precision, reason, sizeof reason);
    const bool as_wanted = words ? strstr(reason, words) != nullptr : !*reason;
    if (!as_wanted)
        printf("# %s: '%s'\n", precision, reason);
    return as_wanted;
}

static void test_int8(void)
{
    struct bytes g = {};
    node(&g, "MatMulInteger x8 w zero > y", 0, 0, 0); /* before its weight in the file */
    node(&g, "MatMul y head > logits", 0, 0, 0);
    node(&g, "MatMul q keys > scores", 0, 0, 0);
    tensor(&g, "w", 3, 60, 40);
    tensor(&g, "head", 1, 40, 20);
    tensor(&g, "shape", 7, 1, 9);
    struct onnx_shares s = shares_of("integers and floats", &g);
    CHECK("int8 elements", s.elements[ONNX_SHARES_I8] == 2400, "%g", s.elements[ONNX_SHARES_I8]);
    CHECK("float bytes", s.bytes[ONNX_SHARES_F32] == 3200, "%g", s.bytes[ONNX_SHARES_F32]);
    CHECK("indices are no weights", s.elements[ONNX_SHARES_OTHER] == 0, "%g",
          s.elements[ONNX_SHARES_OTHER]);
    CHECK("products by weights, not attention's",
          s.products[ONNX_SHARES_IN_INT8] == 2400 && s.products[ONNX_SHARES_IN_F32] == 800,
          "%g, %g", s.products[ONNX_SHARES_IN_INT8], s.products[ONNX_SHARES_IN_F32]);
    CHECK("nodes by kind",
          s.n_ops == 2 && strcmp(s.ops[1].name, "MatMul") == 0 && s.ops[1].nodes == 2, "%zu",
          s.n_ops);
    CHECK("three quarters int8 is int8", refuses(&s, "int8", nullptr), "see above");
    CHECK("and it is not fp32", refuses(&s, "fp32", "25.0 %"), "see above");
    CHECK("nor a type of llama.cpp's", refuses(&s, "q8_0", "no ONNX graph"), "see above");
}

static void test_named_int8(void)
{
    struct bytes g = {};
    node(&g, "DequantizeLinear w scale > wide", 0, 0, 0);
    node(&g, "Gemm x wide bias > y", 0, 0, 0);
    tensor(&g, "w", 3, 60, 40);
    tensor(&g, "scale", 1, 1, 40);
    struct onnx_shares s = shares_of("int8 weights, made float again", &g);
    CHECK("is not int8", refuses(&s, "int8", "int8xfloat"), "see above");
    node(&g, "QuantizeLinear x step zero > x8", 0, 0, 0);
    node(&g, "DequantizeLinear x8 step zero > xq", 0, 0, 0);
    node(&g, "MatMul xq wide > z", 0, 0, 0);
    s = shares_of("with quantised activations", &g);
    CHECK("half is not more than half", s.products[ONNX_SHARES_IN_INT8] == 2400, "%g",
          s.products[ONNX_SHARES_IN_INT8]);
}

static void test_blocks(void)
{
    struct bytes g = {};
    node(&g, "MatMulNBits x w scales > y", 64, 32, 4);
    tensor(&g, "w", 2, 32, 32); /* [32 outputs, 2 blocks of 16 bytes] */
    tensor(&g, "scales", 1, 32, 2);
    struct onnx_shares s = shares_of("int4 blocks", &g);
    CHECK("bytes hold two", s.elements[ONNX_SHARES_I4] == 2048 && s.bytes[ONNX_SHARES_I4] == 1024,
          "%g %g", s.elements[ONNX_SHARES_I4], s.bytes[ONNX_SHARES_I4]);
    CHECK("and are int8 no more", s.elements[ONNX_SHARES_I8] == 0, "%g",
          s.elements[ONNX_SHARES_I8]);
    CHECK("level 4 is int8 arithmetic", s.products[ONNX_SHARES_INT4_IN_INT8] == 2048, "%g",
          s.products[ONNX_SHARES_INT4_IN_INT8]);
    CHECK("int4", refuses(&s, "int4", nullptr) && refuses(&s, "int8", "int4xint8"), "see above");
}

static void test_half(void)
{
    struct bytes g = {};
    node(&g, "MatMul x w > y", 0, 0, 0);
    tensor(&g, "w", 10, 60, 40);
    const struct onnx_shares s = shares_of("half precision", &g);
    CHECK("fp16 by the file", refuses(&s, "fp16", nullptr) && refuses(&s, "bf16", "f16"),
          "see above");
}

/* What a CPU makes of a graph in half precision: casts, and a product of floats. */
static void test_ran(void)
{
    static const char text[] =
        "[{\"cat\":\"Session\",\"name\":\"model_loading\"},"
        "{\"cat\":\"Node\",\"name\":\"c_kernel_time\",\"args\":{\"op_name\":\"Cast\",\"provider\":"
        "\"CPUExecutionProvider\",\"input_type_shape\":[{\"float16\":[1,60]}],"
        "\"output_type_shape\":[{\"float\":[1,60]}]}},"
        "{\"cat\":\"Node\",\"name\":\"y_kernel_time\",\"args\":{\"op_name\":\"MatMul\","
        "\"provider\":"
        "\"CPUExecutionProvider\",\"input_type_shape\":[{\"float\":[1,60]},{\"float\":[60,40]}],"
        "\"output_type_shape\":[{\"float\":[1,40]}]}},"
        "{\"cat\":\"Node\",\"name\":\"s_kernel_time\",\"args\":{\"op_name\":\"MatMul\","
        "\"provider\":"
        "\"CPUExecutionProvider\",\"input_type_shape\":[{\"float\":[1,2,1,30]},{\"float\":[1,2,30,"
        "1]}],"
        "\"output_type_shape\":[{\"float\":[1,2,1,1]}]}}]";
    char path[] = "/tmp/onnx_proof.XXXXXX", reason[256];
    struct proof p = {};
    struct err e = {};
    const int fd = mkstemp(path);
    CHECK("a profile is read",
          fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1 &&
              onnx_proof_read(path, &p, &e) == ERR_OK && p.n_nodes == 2,
          "%s", e.msg);
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(path);
    CHECK("the products that ran", p.ran[ONNX_SHARES_IN_F32] == 2400, "%g",
          p.ran[ONNX_SHARES_IN_F32]);
    p.file.products[ONNX_SHARES_IN_F16] = 2400;
    onnx_proof_check(&p, "fp16", reason, sizeof reason);
    CHECK("what runs counts, not what the file says",
          strncmp(reason, "precision-mismatch: ", 20) == 0 && strstr(reason, "100.0 % in f32"),
          "%s", reason);
    p.ran_reason = "none";
    onnx_proof_check(&p, "fp16", reason, sizeof reason);
    CHECK("without a run the file must do", !*reason, "%s", reason);
    onnx_proof_check(nullptr, "fp32", reason, sizeof reason);
    CHECK("no proof is no label", *reason, "taken");
}

int main(void)
{
    test_int8();
    test_named_int8();
    test_blocks();
    test_half();
    test_ran();
    return test_done();
}
