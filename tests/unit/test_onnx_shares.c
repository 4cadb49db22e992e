/* The graph is written out by hand in protobuf's wire format (field << 3 | type, length, bytes),
 * after onnx.proto: ModelProto.graph = 7, GraphProto.node = 1, initializer = 5, NodeProto.op_type =
 * 4, TensorProto.dims = 1, data_type = 2 (FLOAT 1, INT8 3, INT64 7). */
#include "backend/onnx_shares.h"
#include "base/defs.h"
#include "io/file.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static const unsigned char graph[] = {
    0x08, 10, /* ir_version: 10 */
    0x3a, 55, /* graph */
    0x0a, 15,  0x22, 13,  'M',  'a', 't',  'M', 'u', 'l',
    'I',  'n', 't',  'e', 'g',  'e', 'r',                 /* node */
    0x0a, 8,   0x22, 6,   'M',  'a', 't',  'M', 'u', 'l', /* node */
    0x2a, 6,   0x0a, 2,   6,    4,   0x10, 3,             /* int8 [6, 4], packed dims */
    0x2a, 6,   0x08, 4,   0x08, 2,   0x10, 1,             /* float [4, 2] */
    0x2a, 4,   0x08, 100, 0x10, 7,                        /* int64 [100]: no weight */
    0x12, 4,   'g',  'r', 'p',  'h',                      /* name */
};

static enum err_code read_bytes(size_t n, struct onnx_shares *ret, struct err *e)
{
    char path[] = "/tmp/onnx_shares.XXXXXX";
    const int fd = mkstemp(path);
    const bool written = fd >= 0 && write(fd, graph, n) == (ssize_t)n;
    if (fd >= 0)
        (void)close(fd);
    const enum err_code code =
        written ? onnx_shares_read(path, ret, e) : err_set(e, ERR_IO, "cannot write %s", path);
    (void)unlink(path);
    return code;
}

int main(void)
{
    struct onnx_shares s = {};
    struct err e = {};
    char reason[200];
    CHECK("a graph is read", read_bytes(sizeof graph, &s, &e) == ERR_OK, "%s", e.msg);
    CHECK("int8 elements", s.elements[ONNX_SHARES_I8] == 24, "%g", s.elements[ONNX_SHARES_I8]);
    CHECK("float bytes", s.bytes[ONNX_SHARES_F32] == 32, "%g", s.bytes[ONNX_SHARES_F32]);
    CHECK("indices are no weights", s.elements[ONNX_SHARES_OTHER] == 0, "%g",
          s.elements[ONNX_SHARES_OTHER]);
    CHECK("products by type", s.matmul_float == 1 && s.matmul_integer == 1, "%g, %g",
          s.matmul_float, s.matmul_integer);
    onnx_shares_check(&s, "int8", reason, sizeof reason);
    CHECK("three quarters int8 is int8", !*reason, "%s", reason);
    onnx_shares_check(&s, "fp32", reason, sizeof reason);
    CHECK("and it is not fp32", strstr(reason, "25.0 %"), "%s", reason);
    s.matmul_integer = 0;
    onnx_shares_check(&s, "int8", reason, sizeof reason);
    CHECK("int8 weights without an integer product are not int8", strstr(reason, "integers"), "%s",
          reason);
    size_t accepted = 0;
    for (size_t n = 0; n < sizeof graph; n++)
        accepted += read_bytes(n, &s, &e) == ERR_OK;
    CHECK("no truncated file is taken", accepted == 0, "%zu lengths were", accepted);
    return test_done();
}
