/* onnx_form.h - the precisions of an ONNX export: how a matrix is stored, and how the graph
 * multiplies by it.
 *
 * A form is a row of the table in onnx_form.c; the graphs of the families name matrices and never a
 * precision. All that is no matrix (norms, biases, learned positions, attention's own products) is
 * float32 in every form of today.
 */
#pragma once

struct onnx_matrix;
struct onnx_weights;
struct onnx_write;

struct onnx_form {
    const char *precision; /* "fp32": as the command line and the experiments name it; with "-form"
                              behind it where there are several of one */

    /* Streams m into the data file under m->name, with what belongs to it, and counts it. Called
     * once for each matrix, before the others. */
    void (*store)(struct onnx_weights *w, const struct onnx_matrix *m);
    /* out[n, outputs] = x[n, inputs] * W^T + bias; bias is a name, or nullptr. x and out are
     * float32 and of two dimensions. Names of nodes and values of its own begin with out. */
    void (*multiply)(struct onnx_weights *w, const struct onnx_matrix *m, const char *x,
                     const char *bias, const char *out);
    /* out[n, inputs]: the rows of the outputs ids[n], float32. Only where m->looked_up. */
    void (*look_up)(struct onnx_weights *w, const struct onnx_matrix *m, const char *ids,
                    const char *out);
};

/* nullptr: no such form. */
const struct onnx_form *onnx_form_find(const char *precision);
/* "fp32, fp16, int8, int4": for messages. */
const char *onnx_form_names(void);
