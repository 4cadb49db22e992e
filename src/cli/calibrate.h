/* calibrate.h - static int8 scales for an export: which tokens are run, and what came of it. */
#pragma once

#include "model/onnx_ranges.h"

#include "base/err.h"

struct arena;
struct model_facts;

/* Runs a watched fp32 export, made beside `out` and removed again, over pieces of the text in
 * `text`, or, where that is nullptr, over seeded random tokens. */
[[nodiscard]] enum err_code calibrate(const struct model_facts *m, const char *text,
                                      const char *out, struct arena *a, struct onnx_ranges *ret,
                                      struct err *e);
