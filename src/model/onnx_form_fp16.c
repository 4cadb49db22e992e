#include "model/onnx_form_fp16.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/mem.h"
#include "model/half.h"
#include "model/onnx_steps.h"
#include "model/onnx_weights.h"
#include "model/safetensors.h"

#include <stdlib.h>

// clang-format off
static const struct onnx_step product[] = { /* Gemm takes the bias in its own type only: added after */
    {"Cast",   "%x",            "%o.half",        "to=10"},
    {"Gemm",   "%o.half %w",    "%o.half.product", "transB=1"},
    {"Cast",   "%o.half.product", "%o.product",   "to=1"},
    {"Add",    "%o.product %b", "%o",             ""},
};
static const struct onnx_step product_in_out[] = {
    {"Cast",   "%x",            "%o.half",        "to=10"},
    {"Gemm",   "%o.half %w",    "%o.half.product", ""},
    {"Cast",   "%o.half.product", "%o.product",   "to=1"},
    {"Add",    "%o.product %b", "%o",             ""},
};
static const struct onnx_step looked_up[] = {
    {"Gather", "%w %x",         "%o.half",        ""},
    {"Cast",   "%o.half",       "%o",             "to=1"},
};
static const struct onnx_step cast_out =
    {"Cast",   "%o.half.product", "%o",           "to=1"};
// clang-format on

static void multiply(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                     const char *bias, const char *out)
{
    const struct onnx_steps_words words = {x, m->name, bias, out};
    onnx_steps_add(w, m->in_out ? product_in_out : product, bias ? 4 : 2, &words);
    if (!bias)
        onnx_steps_add(w, &cast_out, 1, &words);
}

static void look_up(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                    const char *out)
{
    const struct onnx_steps_words words = {ids, m->name, nullptr, out};
    onnx_steps_add(w, looked_up, COUNT_OF(looked_up), &words);
}

/* Rows as they are stored. */
static bool put(struct onnx_weights *w, const struct onnx_matrix *m, size_t step, float *x,
                uint16_t *halves)
{
    const size_t rows = (size_t)m->t->shape[0], columns = (size_t)m->t->shape[1];
    onnx_weights_begin(w);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (m->in_out ? !onnx_weights_inputs(w, m, i, n, x) : !onnx_weights_outputs(w, m, i, n, x))
            return false;
        if (!half_from_all(x, n * columns, halves)) {
            onnx_weights_fail(w, ERR_UNSUPPORTED, "%s holds a weight too large for fp16",
                              m->t->name);
            return false;
        }
        onnx_weights_put(w, halves, n * columns * sizeof *halves);
    }
    return true;
}

static void store(struct onnx_weights *w, const struct onnx_matrix *m)
{
    const size_t rows = (size_t)m->t->shape[0], columns = (size_t)m->t->shape[1];
    const size_t step = onnx_weights_rows(columns);
    CLEANUP(mem_free) float *x = malloc(step * columns * sizeof *x);
    CLEANUP(mem_free) uint16_t *halves = malloc(step * columns * sizeof *halves);
    if (!x || !halves) {
        onnx_weights_fail(w, ERR_LIMIT, "%s: no memory for its fp16 form", m->t->name);
        return;
    }
    if (!put(w, m, step, x, halves))
        return;
    onnx_weights_end(w, m->name, ONNX_WRITE_F16,
                     arena_printf(onnx_weights_arena(w), "%zu,%zu", rows, columns));
    onnx_weights_count(w, "F16", m->t->n_elements, m->multiplied ? m->t->n_elements : 0);
}

const struct onnx_form onnx_form_fp16 = {
    .precision = "fp16",
    .store = store,
    .multiply = multiply,
    .look_up = look_up,
};
