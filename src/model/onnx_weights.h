/* onnx_weights.h - weights of a checkpoint, streamed into model.onnx.data and named in the graph.
 *
 * One pass: whoever builds the graph puts each weight when it first needs it, so that the file's
 * order is the order of use. A failure is kept: later calls do nothing, onnx_weights_close() tells
 * it, and code that builds a graph has no error paths. Memory: a chunk; and for a form that wants a
 * matrix the other way round than it is stored, that matrix.
 */
#pragma once

#include "model/onnx_write.h"

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct export_report;
struct onnx_ranges;
struct onnx_weights;
struct safetensors;
struct safetensors_tensor;

/* W of x * W^T: outputs x inputs, whichever way it is stored. */
struct onnx_matrix {
    const char *name;                   /* in the graph; of what belongs to it: NAME.scale, ... */
    const struct safetensors_tensor *t; /* of two dimensions */
    bool in_out;                        /* stored [inputs, outputs]; else [outputs, inputs] */
    bool looked_up;                     /* rows are taken by token: the table of tokens */
    bool multiplied;                    /* false for a table that is not the head as well */
};

size_t onnx_weights_n_inputs(const struct onnx_matrix *m);
size_t onnx_weights_n_outputs(const struct onnx_matrix *m);

/* path: of the data file, whole or not at all; graph gets the weights' names and places. from and
 * the rest must outlive it. */
[[nodiscard]] enum err_code onnx_weights_open(const struct safetensors *from,
                                              struct onnx_write *graph, const char *path,
                                              struct export_report *report, struct arena *a,
                                              struct onnx_weights **ret, struct err *e);
/* The first failure of all calls, or of the disk. */
[[nodiscard]] enum err_code onnx_weights_close(struct onnx_weights *w, struct err *e);
void onnx_weights_freep(struct onnx_weights **w); /* for CLEANUP(), before the arena dies */

/* A vector or a table as it is, as float32, `plus` added to every element (Gemma's norms: 1); and
 * counted, products being the multiplications by it for one token. */
void onnx_weights_f32(struct onnx_weights *w, const char *name, const struct safetensors_tensor *t,
                      float plus, int64_t products);

/* ---- for the forms of onnx_form.h ---- */

struct onnx_write *onnx_weights_graph(const struct onnx_weights *w);
/* Scales for forms that have static ones; nullptr: none. Borrowed. */
void onnx_weights_calibrate(struct onnx_weights *w, const struct onnx_ranges *ranges);
const struct onnx_ranges *onnx_weights_ranges(const struct onnx_weights *w);
struct arena *onnx_weights_arena(const struct onnx_weights *w); /* for names and shapes */
bool onnx_weights_failed(const struct onnx_weights *w);
[[gnu::format(printf, 3, 4)]]
void onnx_weights_fail(struct onnx_weights *w, enum err_code code, const char *fmt, ...);

/* How many rows of so many elements are well read at once: a chunk, at least one. */
size_t onnx_weights_rows(size_t columns);
/* ret[n][inputs]: outputs [first, first + n). false: it failed, ret means nothing. */
[[nodiscard]] bool onnx_weights_outputs(struct onnx_weights *w, const struct onnx_matrix *m,
                                        size_t first, size_t n, float *ret);
/* ret[n][outputs]: inputs [first, first + n). */
[[nodiscard]] bool onnx_weights_inputs(struct onnx_weights *w, const struct onnx_matrix *m,
                                       size_t first, size_t n, float *ret);

/* One tensor of the file: begin at a page, its bytes in pieces, then its name, type and shape
 * ("64,256"). */
void onnx_weights_begin(struct onnx_weights *w);
void onnx_weights_put(struct onnx_weights *w, const void *bytes, size_t n);
void onnx_weights_end(struct onnx_weights *w, const char *name, enum onnx_write_type t,
                      const char *shape);
/* For the report, where bytes are those between begin and end: dtype "I8", elements of the
 * checkpoint that it stands for (0: scales), multiplications by it for one token. */
void onnx_weights_count(struct onnx_weights *w, const char *dtype, int64_t elements,
                        int64_t products);
/* A matrix's scales as they are, "NAME.scale"; counted as bytes that stand for no weight. */
void onnx_weights_scales(struct onnx_weights *w, const struct onnx_matrix *m, const float *scales,
                         size_t n, const char *shape);
