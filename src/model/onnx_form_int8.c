#include "model/onnx_form_int8.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/mem.h"
#include "model/int8.h"
#include "model/onnx_steps.h"
#include "model/onnx_weights.h"
#include "model/safetensors.h"

#include <stdlib.h>

// clang-format off
static const struct onnx_step product[] = {
    {"DynamicQuantizeLinear", "%x",                         "%o.u8 %o.step %o.zero", ""},
    {"MatMulInteger",         "%o.u8 %w %o.zero",           "%o.i32",                ""},
    {"Cast",                  "%o.i32",                     "%o.float",              "to=1"},
    {"Mul",                   "%o.step %w.scale",           "%o.scale",              ""},
};
/* |x| <= 127 steps of each row, kept as uint8 around 128: MatMulInteger takes one zero, and its
 * kernels like unsigned activations best. The steps are multiplied in before the scales of the
 * outputs: as (step x scale) ONNX Runtime 1.23 takes them for its MatMulIntegerToFloat, which knows
 * one step for all rows, and is wrong. */
static const struct onnx_step product_row[] = {
    {"Abs",                   "%x",                         "%o.size",               ""},
    {"ReduceMax",             "%o.size int8.last",          "%o.largest",            "keepdims=1"},
    {"Mul",                   "%o.largest int8.unit",       "%o.least",              ""},
    {"Add",                   "%o.least int8.tiny",         "%o.step",               ""},
    {"Div",                   "%x %o.step",                 "%o.steps",              ""},
    {"Round",                 "%o.steps",                   "%o.whole",              ""},
    {"Add",                   "%o.whole int8.middle",       "%o.raised",             ""},
    {"Cast",                  "%o.raised",                  "%o.u8",                 "to=2"},
    {"MatMulInteger",         "%o.u8 %w int8.zero",         "%o.i32",                ""},
    {"Cast",                  "%o.i32",                     "%o.whole.float",        "to=1"},
    {"Mul",                   "%o.whole.float %o.step",     "%o.float",              ""},
    {"Identity",              "%w.scale",                   "%o.scale",              ""},
};
static const struct onnx_step with_bias[] = {
    {"Mul",                   "%o.float %o.scale",          "%o.product",            ""},
    {"Add",                   "%o.product %b",              "%o",                    ""},
};
static const struct onnx_step without_bias[] = {
    {"Mul",                   "%o.float %o.scale",          "%o",                    ""},
};
static const struct onnx_step looked_up[] = { /* %x: the ids */
    {"Gather",                "%w %x",                      "%o.columns",            "axis=1"},
    {"Transpose",             "%o.columns",                 "%o.rows",               "perm=1,0"},
    {"Cast",                  "%o.rows",                    "%o.float",              "to=1"},
    {"Gather",                "%w.scale %x",                "%o.scales",             ""},
    {"Unsqueeze",             "%o.scales %o.axis",         "%o.scale",             ""},
    {"Mul",                   "%o.float %o.scale",          "%o",                    ""},
};
// clang-format on

static void multiply_by(const struct onnx_step *steps, size_t n, struct onnx_weights *w,
                        const struct onnx_steps_words *words)
{
    onnx_steps_add(w, steps, n, words);
    if (words->bias)
        onnx_steps_add(w, with_bias, COUNT_OF(with_bias), words);
    else
        onnx_steps_add(w, without_bias, COUNT_OF(without_bias), words);
}

static void multiply(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                     const char *bias, const char *out)
{
    multiply_by(product, COUNT_OF(product), w, &(struct onnx_steps_words){x, m->name, bias, out});
}

static void multiply_row(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                         const char *bias, const char *out)
{
    multiply_by(product_row, COUNT_OF(product_row), w,
                &(struct onnx_steps_words){x, m->name, bias, out});
}

static void look_up(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                    const char *out)
{
    const struct onnx_steps_words words = {ids, m->name, nullptr, out};
    onnx_write_i64(onnx_weights_graph(w), arena_printf(onnx_weights_arena(w), "%s.axis", out), "1",
                   &(int64_t){1});
    onnx_steps_add(w, looked_up, COUNT_OF(looked_up), &words);
}

/* ---- the weights ---- */

static bool not_finite(struct onnx_weights *w, const struct onnx_matrix *m)
{
    onnx_weights_fail(w, ERR_UNSUPPORTED,
                      "%s holds a value that is not a finite number: int8 cannot store it",
                      m->t->name);
    return false;
}

/* Stored [inputs, outputs]: twice over the rows, first for the largest of each column. */
static bool put_columns(struct onnx_weights *w, const struct onnx_matrix *m, float *scales,
                        float *x, int8_t *out, size_t step)
{
    const size_t rows = onnx_weights_n_inputs(m), columns = onnx_weights_n_outputs(m);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (!onnx_weights_inputs(w, m, i, n, x))
            return false;
        if (!int8_largest(x, n, columns, scales))
            return not_finite(w, m);
    }
    int8_scales(scales, columns);
    onnx_weights_begin(w);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (!onnx_weights_inputs(w, m, i, n, x))
            return false;
        int8_columns(x, n, columns, scales, out);
        onnx_weights_put(w, out, n * columns);
    }
    return true;
}

/* Stored [outputs, inputs]: once, into the turned int8 matrix, which is held whole: a quarter of
 * the matrix in fp32. */
static bool put_turned(struct onnx_weights *w, const struct onnx_matrix *m, float *scales, float *x,
                       int8_t *out, size_t step)
{
    const size_t rows = onnx_weights_n_outputs(m), columns = onnx_weights_n_inputs(m);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (!onnx_weights_outputs(w, m, i, n, x))
            return false;
        for (size_t r = 0; r < n; r++) /* a row is one column of `columns` rows here */
            if (!int8_largest(x + r * columns, columns, 1, scales + i + r))
                return not_finite(w, m);
        int8_scales(scales + i, n);
        int8_rows_as_columns(x, n, columns, scales + i, i, rows, out);
    }
    onnx_weights_begin(w);
    onnx_weights_put(w, out, rows * columns);
    return true;
}

static void store(struct onnx_weights *w, const struct onnx_matrix *m)
{
    const size_t inputs = onnx_weights_n_inputs(m), outputs = onnx_weights_n_outputs(m);
    const size_t row = m->in_out ? outputs : inputs, step = onnx_weights_rows(row);
    CLEANUP(mem_free) float *scales = calloc(outputs, sizeof *scales);
    CLEANUP(mem_free) float *x = malloc(step * row * sizeof *x);
    CLEANUP(mem_free) int8_t *out = malloc(m->in_out ? step * row : inputs * outputs);
    if (!scales || !x || !out) {
        onnx_weights_fail(w, ERR_LIMIT, "%s: no memory for its int8 form", m->t->name);
        return;
    }
    if (m->in_out ? !put_columns(w, m, scales, x, out, step)
                  : !put_turned(w, m, scales, x, out, step))
        return;
    struct arena *const a = onnx_weights_arena(w);
    onnx_weights_end(w, m->name, ONNX_WRITE_I8, arena_printf(a, "%zu,%zu", inputs, outputs));
    onnx_weights_count(w, "I8", m->t->n_elements, m->multiplied ? m->t->n_elements : 0);
    onnx_weights_scales(w, m, scales, outputs, arena_printf(a, "%zu", outputs));
}

const struct onnx_form onnx_form_int8 = {
    .precision = "int8",
    .store = store,
    .multiply = multiply,
    .look_up = look_up,
};

/* The constants of product_row come with the table of tokens, which every model has once. */
static void store_row(struct onnx_weights *w, const struct onnx_matrix *m)
{
    struct onnx_write *const g = onnx_weights_graph(w);
    store(w, m);
    if (!m->looked_up)
        return;
    const float unit = 1 / 127.0F, tiny = 1e-30F, middle = 128;
    onnx_write_i64(g, "int8.last", "1", &(int64_t){-1});
    onnx_write_f32(g, "int8.unit", "", &unit);
    onnx_write_f32(g, "int8.tiny", "", &tiny);
    onnx_write_f32(g, "int8.middle", "", &middle);
    onnx_write_u8(g, "int8.zero", "", &(uint8_t){128});
}

const struct onnx_form onnx_form_int8_row = {
    .precision = "int8-row",
    .store = store_row,
    .multiply = multiply_row,
    .look_up = look_up,
};
