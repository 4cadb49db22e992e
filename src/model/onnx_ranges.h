/* onnx_ranges.h - how large the activations before each product became while a model was watched:
 * what static scales are made of. */
#pragma once

#include <stddef.h>

struct onnx_range {
    const char *name; /* of the matrix that multiplies them */
    float largest;    /* of |x| */
};

struct onnx_ranges {
    const struct onnx_range *ranges;
    size_t n;
    const char *from; /* in words: what was run to find them */
};

/* NaN: no such matrix was watched. */
[[nodiscard]] float onnx_ranges_of(const struct onnx_ranges *r, const char *name);
