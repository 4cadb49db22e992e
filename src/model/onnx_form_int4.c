#include "model/onnx_form_int4.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/mem.h"
#include "model/int4.h"
#include "model/onnx_form_int8.h"
#include "model/onnx_steps.h"
#include "model/onnx_weights.h"
#include "model/safetensors.h"

#include <stdlib.h>

static void multiply(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                     const char *bias, const char *out)
{
    if (m->looked_up) {
        onnx_form_int8_row.multiply(w, m, x, bias, out);
        return;
    }
    struct arena *const a = onnx_weights_arena(w);
    struct onnx_write *const graph = onnx_weights_graph(w);
    const char *const product = bias ? arena_printf(a, "%s.product", out) : out;
    onnx_write_attrs(onnx_write_node(graph, "com.microsoft:MatMulNBits",
                                     arena_printf(a, "%s %s %s.scale", x, m->name, m->name),
                                     product),
                     arena_printf(a, "K=%zu N=%zu bits=4 block_size=%zu accuracy_level=4",
                                  onnx_weights_n_inputs(m), onnx_weights_n_outputs(m), INT4_BLOCK));
    if (bias)
        onnx_write_node(graph, "Add", arena_printf(a, "%s %s", product, bias), out);
}

static void look_up(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                    const char *out)
{
    onnx_form_int8_row.look_up(w, m, ids, out);
}

/* ---- the weights ---- */

struct packer {
    size_t inputs, outputs, blocks, step;
    float *x, *scales;
    uint8_t *out;
};

static bool put_blocks(struct onnx_weights *w, const struct onnx_matrix *m, const struct packer *p)
{
    onnx_weights_begin(w);
    for (size_t i = 0; i < p->outputs; i += p->step) {
        const size_t n = p->outputs - i < p->step ? p->outputs - i : p->step;
        if (!onnx_weights_outputs(w, m, i, n, p->x))
            return false;
        for (size_t r = 0; r < n; r++)
            if (!int4_row(p->x + r * p->inputs, p->inputs, p->scales + (i + r) * p->blocks,
                          p->out + r * p->blocks * INT4_BLOCK / 2)) {
                onnx_weights_fail(w, ERR_UNSUPPORTED,
                                  "%s holds a value that is not a finite number: int4 cannot "
                                  "store it",
                                  m->t->name);
                return false;
            }
        onnx_weights_put(w, p->out, n * p->blocks * INT4_BLOCK / 2);
    }
    return true;
}

static void store(struct onnx_weights *w, const struct onnx_matrix *m)
{
    if (m->looked_up) {
        onnx_form_int8_row.store(w, m);
        return;
    }
    struct packer p = {.inputs = onnx_weights_n_inputs(m), .outputs = onnx_weights_n_outputs(m)};
    p.blocks = int4_blocks(p.inputs);
    p.step = onnx_weights_rows(p.inputs);
    CLEANUP(mem_free) float *x = p.x = malloc(p.step * p.inputs * sizeof *x);
    CLEANUP(mem_free) float *scales = p.scales = calloc(p.outputs * p.blocks, sizeof *scales);
    CLEANUP(mem_free) uint8_t *out = p.out = malloc(p.step * p.blocks * INT4_BLOCK / 2);
    if (!x || !scales || !out) {
        onnx_weights_fail(w, ERR_LIMIT, "%s: no memory for its int4 form", m->t->name);
        return;
    }
    if (!put_blocks(w, m, &p))
        return;
    struct arena *const a = onnx_weights_arena(w);
    onnx_weights_end(w, m->name, ONNX_WRITE_U8,
                     arena_printf(a, "%zu,%zu,%zu", p.outputs, p.blocks, INT4_BLOCK / 2));
    onnx_weights_count(w, "I4", m->t->n_elements, m->multiplied ? m->t->n_elements : 0);
    onnx_weights_scales(w, m, scales, p.outputs * p.blocks,
                        arena_printf(a, "%zu,%zu", p.outputs, p.blocks));
}

const struct onnx_form onnx_form_int4 = {
    .precision = "int4",
    .store = store,
    .multiply = multiply,
    .look_up = look_up,
};
