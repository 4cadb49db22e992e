#include "model/onnx_form_qdq.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/onnx_form_int8.h"
#include "model/onnx_ranges.h"
#include "model/onnx_steps.h"
#include "model/onnx_weights.h"

#include <math.h>

// clang-format off
static const struct onnx_step product[] = {
    {"QuantizeLinear",   "%x %w.step %w.zero",      "%o.int8",    ""},
    {"DequantizeLinear", "%o.int8 %w.step %w.zero", "%o.x",       ""},
    {"DequantizeLinear", "%w %w.scale",             "%o.weights", "axis=1"},
};
/* Sum, not Add: ONNX Runtime makes MatMul and Add one Gemm before it looks for what it can do in
 * integers, finds no integers for that Gemm, and multiplies floats. */
static const struct onnx_step with_bias[] = {
    {"MatMul",           "%o.x %o.weights",         "%o.product", ""},
    {"Sum",              "%o.product %b",           "%o",         ""},
};
static const struct onnx_step without_bias[] = {
    {"MatMul",           "%o.x %o.weights",         "%o",         ""},
};
static const struct onnx_step watched[] = {
    {"Abs",              "%x",                      "%o.size",    ""},
    {"ReduceMax",        "%o.size",                 "%w.largest", "keepdims=0"},
};
// clang-format on

static void multiply(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                     const char *bias, const char *out)
{
    const struct onnx_steps_words words = {x, m->name, bias, out};
    onnx_steps_add(w, product, COUNT_OF(product), &words);
    if (bias)
        onnx_steps_add(w, with_bias, COUNT_OF(with_bias), &words);
    else
        onnx_steps_add(w, without_bias, COUNT_OF(without_bias), &words);
}

static void store(struct onnx_weights *w, const struct onnx_matrix *m)
{
    onnx_form_int8.store(w, m);
    if (!m->multiplied)
        return;
    struct arena *const a = onnx_weights_arena(w);
    const float largest = onnx_ranges_of(onnx_weights_ranges(w), m->name);
    if (!isfinite(largest)) {
        onnx_weights_fail(w, ERR_UNSUPPORTED, "%s: its activations were not calibrated", m->name);
        return;
    }
    const float step = largest > 0 ? largest / 127 : 1;
    onnx_write_f32(onnx_weights_graph(w), arena_printf(a, "%s.step", m->name), "", &step);
    onnx_write_i8(onnx_weights_graph(w), arena_printf(a, "%s.zero", m->name), "", &(int8_t){0});
}

static void look_up(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                    const char *out)
{
    onnx_form_int8.look_up(w, m, ids, out);
}

const struct onnx_form onnx_form_qdq = {
    .precision = "int8-qdq",
    .store = store,
    .multiply = multiply,
    .look_up = look_up,
};

/* ---- watching ---- */

static const struct onnx_form *fp32(void)
{
    return onnx_form_find("fp32");
}

static void store_watched(struct onnx_weights *w, const struct onnx_matrix *m)
{
    fp32()->store(w, m);
}

static void look_up_watched(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                            const char *out)
{
    fp32()->look_up(w, m, ids, out);
}

static void multiply_watched(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                             const char *bias, const char *out)
{
    const struct onnx_steps_words words = {x, m->name, bias, out};
    fp32()->multiply(w, m, x, bias, out);
    onnx_steps_add(w, watched, COUNT_OF(watched), &words);
    onnx_write_output(onnx_weights_graph(w),
                      arena_printf(onnx_weights_arena(w), "%s.largest", m->name), ONNX_WRITE_F32,
                      "");
}

const struct onnx_form onnx_form_qdq_watched = {
    .precision = "fp32-watched",
    .store = store_watched,
    .multiply = multiply_watched,
    .look_up = look_up_watched,
};
