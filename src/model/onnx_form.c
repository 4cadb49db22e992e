#include "model/onnx_form.h"

#include "base/arena.h"
#include "base/defs.h"
#include "model/onnx_form_fp16.h"
#include "model/onnx_form_int4.h"
#include "model/onnx_form_int8.h"
#include "model/onnx_form_qdq.h"
#include "model/onnx_weights.h"
#include "model/safetensors.h"

#include <string.h>

/* As the checkpoint has it: Gemm takes a matrix either way round, and ONNX Runtime lays it out for
 * its own product when it loads the graph, so that turning it here would gain nothing. */
static void store_fp32(struct onnx_weights *w, const struct onnx_matrix *m)
{
    onnx_weights_f32(w, m->name, m->t, 0, m->multiplied ? m->t->n_elements : 0);
}

static void multiply_fp32(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                          const char *bias, const char *out)
{
    const char *const inputs = arena_printf(onnx_weights_arena(w), "%s %s%s%s", x, m->name,
                                            bias ? " " : "", bias ? bias : "");
    struct onnx_write_node *const n = onnx_write_node(onnx_weights_graph(w), "Gemm", inputs, out);
    if (!m->in_out)
        onnx_write_attrs(n, "transB=1");
}

static void look_up_fp32(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                         const char *out)
{
    const char *const inputs = arena_printf(onnx_weights_arena(w), "%s %s", m->name, ids);
    onnx_write_node(onnx_weights_graph(w), "Gather", inputs, out);
}

static const struct onnx_form fp32 = {
    .precision = "fp32",
    .store = store_fp32,
    .multiply = multiply_fp32,
    .look_up = look_up_fp32,
};

static const struct onnx_form *const forms[] = {
    &fp32,           &onnx_form_fp16, &onnx_form_int8,        &onnx_form_int8_row,
    &onnx_form_int4, &onnx_form_qdq,  &onnx_form_qdq_watched,
};

const struct onnx_form *onnx_form_find(const char *precision)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strcmp(forms[i]->precision, precision) == 0)
            return forms[i];
    return nullptr;
}

const char *onnx_form_names(void)
{
    return "fp32, fp16, int8, int4";
}
