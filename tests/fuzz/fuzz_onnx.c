/* model.onnx, as `model inspect` and every invocation read it. */
#include "backend/onnx_shares.h"
#include "base/defs.h"
#include "base/str.h"
#include "fuzz.h"
#include "io/jsonw.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct onnx_shares s;
    struct err e = {};
    const enum err_code code = onnx_shares_read(fuzz_file("model.onnx", data, n), &s, &e);
    fuzz_verdict(code, &e);
    if (code)
        return 0;
    char reason[256];
    static const char *const labels[] = {"fp32", "fp16", "int8", "int4", "q8_0"};
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        onnx_shares_check(&s, s.products, labels[i], reason, sizeof reason);
        FUZZ_CHECK(strlen(reason) < sizeof reason);
    }
    return 0;
}
