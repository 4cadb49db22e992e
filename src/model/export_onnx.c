#include "model/export_onnx.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/sink.h"
#include "model/checkpoint.h"
#include "model/int8.h"
#include "model/onnx_gpt2.h"
#include "model/onnx_write.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t PAGE = 4096;             /* a runtime maps weights from here */
constexpr size_t CHUNK = (size_t)1 << 18; /* elements read at once, at least one row */
constexpr char DATA[] = "model.onnx.data";

struct writer {
    const struct checkpoint *m;
    struct onnx_write *onnx;
    struct sink data;
    struct arena *arena;
    struct export_report *report;
    bool int8;
    float *floats; /* room for a chunk of whole rows */
    size_t room;
};

static void writer_done(struct writer *w)
{
    sink_done(&w->data);
    free(w->floats);
}

static void free_bytes(int8_t **p)
{
    free(*p);
}

static void free_floats(float **p)
{
    free(*p);
}

static const char *name_of(const struct safetensors_tensor *t)
{
    static const char prefix[] = "transformer.";
    return strncmp(t->name, prefix, sizeof prefix - 1) == 0 ? t->name + sizeof prefix - 1 : t->name;
}

static const char *shape_of(struct writer *w, const struct safetensors_tensor *t)
{
    return t->n_dims == 1 ? arena_printf(w->arena, "%lld", (long long)t->shape[0])
                          : arena_printf(w->arena, "%lld,%lld", (long long)t->shape[0],
                                         (long long)t->shape[1]);
}

static size_t columns_of(const struct safetensors_tensor *t)
{
    return (size_t)t->shape[t->n_dims - 1];
}

static size_t rows_of(const struct safetensors_tensor *t)
{
    return t->n_dims == 1 ? 1 : (size_t)t->shape[0];
}

static size_t rows_at_once(const struct writer *w, const struct safetensors_tensor *t)
{
    const size_t n = w->room / columns_of(t);
    return n > rows_of(t) ? rows_of(t) : n;
}

static enum err_code put_f32(struct writer *w, const struct safetensors_tensor *t, int64_t products,
                             struct err *e)
{
    if (sink_align(&w->data, PAGE, e))
        return e->code;
    const uint64_t begin = w->data.at;
    for (int64_t at = 0; at < t->n_elements; at += (int64_t)CHUNK) {
        const int64_t left = t->n_elements - at;
        const size_t n = left < (int64_t)CHUNK ? (size_t)left : CHUNK;
        if (safetensors_read(w->m->file, t, at, n, w->floats, e) ||
            sink_write(&w->data, w->floats, n * sizeof *w->floats, e))
            return e->code;
    }
    const uint64_t bytes = w->data.at - begin;
    onnx_write_external(w->onnx, name_of(t), ONNX_WRITE_F32, shape_of(w, t), begin, bytes);
    export_report_add(w->report, "F32", t->n_elements, (int64_t)bytes, products);
    return ERR_OK;
}

static enum err_code put_scales(struct writer *w, const char *weight, const float *scales, size_t n,
                                struct err *e)
{
    if (sink_align(&w->data, PAGE, e))
        return e->code;
    const uint64_t begin = w->data.at;
    if (sink_write(&w->data, scales, n * sizeof *scales, e))
        return e->code;
    onnx_write_external(w->onnx, arena_printf(w->arena, "%s.scale", weight), ONNX_WRITE_F32,
                        arena_printf(w->arena, "%zu", n), begin, w->data.at - begin);
    export_report_add(w->report, "F32", 0, (int64_t)(w->data.at - begin), 0);
    return ERR_OK;
}

static enum err_code not_finite(const struct writer *w, const struct safetensors_tensor *t,
                                struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED,
                   "'%s': %s holds a value that is not a finite number: int8 cannot store it",
                   w->m->file->path, t->name);
}

/* Twice over the rows, in chunks: the largest of each column, then the integers. */
static enum err_code put_linear_int8(struct writer *w, const struct safetensors_tensor *t,
                                     struct err *e)
{
    const size_t rows = rows_of(t), columns = columns_of(t), step = rows_at_once(w, t);
    CLEANUP(free_floats) float *scales = calloc(columns, sizeof *scales);
    CLEANUP(free_bytes) int8_t *out = malloc(step * columns);
    if (!scales || !out)
        return err_set(e, ERR_LIMIT, "%s: no memory for its int8 form", t->name);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (safetensors_read(w->m->file, t, (int64_t)(i * columns), n * columns, w->floats, e))
            return e->code;
        if (!int8_largest(w->floats, n, columns, scales))
            return not_finite(w, t, e);
    }
    int8_scales(scales, columns);
    if (sink_align(&w->data, PAGE, e))
        return e->code;
    const uint64_t begin = w->data.at;
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (safetensors_read(w->m->file, t, (int64_t)(i * columns), n * columns, w->floats, e))
            return e->code;
        int8_columns(w->floats, n, columns, scales, out);
        if (sink_write(&w->data, out, n * columns, e))
            return e->code;
    }
    onnx_write_external(w->onnx, name_of(t), ONNX_WRITE_I8, shape_of(w, t), begin,
                        w->data.at - begin);
    export_report_add(w->report, "I8", t->n_elements, t->n_elements, t->n_elements);
    return put_scales(w, name_of(t), scales, columns, e);
}

/* [vocab, d] becomes [d, vocab], as the product wants it: held whole, a quarter of its fp32 size.
 */
static enum err_code put_head_int8(struct writer *w, const struct safetensors_tensor *t,
                                   int64_t products, struct err *e)
{
    const size_t rows = rows_of(t), columns = columns_of(t), step = rows_at_once(w, t);
    CLEANUP(free_floats) float *scales = calloc(rows, sizeof *scales);
    CLEANUP(free_bytes) int8_t *out = malloc(rows * columns);
    if (!scales || !out)
        return err_set(e, ERR_LIMIT, "%s: no memory for its int8 form", t->name);
    for (size_t i = 0; i < rows; i += step) {
        const size_t n = rows - i < step ? rows - i : step;
        if (safetensors_read(w->m->file, t, (int64_t)(i * columns), n * columns, w->floats, e))
            return e->code;
        for (size_t r = 0; r < n; r++) /* a row is one column of `columns` rows here */
            if (!int8_largest(w->floats + r * columns, columns, 1, scales + i + r))
                return not_finite(w, t, e);
        int8_scales(scales + i, n);
        int8_rows_as_columns(w->floats, n, columns, scales + i, i, rows, out);
    }
    if (sink_align(&w->data, PAGE, e))
        return e->code;
    const uint64_t begin = w->data.at;
    if (sink_write(&w->data, out, rows * columns, e))
        return e->code;
    onnx_write_external(w->onnx, name_of(t), ONNX_WRITE_I8,
                        arena_printf(w->arena, "%zu,%zu", columns, rows), begin,
                        w->data.at - begin);
    export_report_add(w->report, "I8", t->n_elements, t->n_elements, products);
    return put_scales(w, name_of(t), scales, rows, e);
}

static enum err_code put_layer(struct writer *w, uint32_t layer, struct err *e)
{
    for (enum checkpoint_weight k = CHECKPOINT_ATTN_NORM; k < CHECKPOINT_WEIGHTS; k++) {
        const struct safetensors_tensor *const t = checkpoint_weight(w->m, k, layer);
        if (!t)
            continue;
        const bool linear = checkpoint_is_linear(k);
        if (linear && w->int8 ? put_linear_int8(w, t, e)
                              : put_f32(w, t, linear ? t->n_elements : 0, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code put_weights(struct writer *w, struct err *e)
{
    for (enum checkpoint_weight k = CHECKPOINT_TOKENS; k <= CHECKPOINT_HEAD; k++) {
        const struct safetensors_tensor *const t = checkpoint_weight(w->m, k, 0);
        if (!t)
            continue; /* tied: wte is the head */
        const bool head = k == CHECKPOINT_HEAD || (k == CHECKPOINT_TOKENS && w->m->tied);
        const bool table = k == CHECKPOINT_TOKENS || k == CHECKPOINT_HEAD;
        const int64_t products = head ? t->n_elements : 0;
        if (table && w->int8 ? put_head_int8(w, t, products, e) : put_f32(w, t, products, e))
            return e->code;
    }
    for (uint32_t l = 0; l < w->m->config.n_layers; l++)
        if (put_layer(w, l, e))
            return e->code;
    return ERR_OK;
}

static enum err_code check(const struct checkpoint *m, const char *precision, struct err *e)
{
    const struct hf_config *const c = &m->config;
    if (strcmp(precision, "fp32") != 0 && strcmp(precision, "int8") != 0)
        return err_set(e, ERR_UNSUPPORTED, "the ONNX export has fp32 and int8, not %s", precision);
    if (!c->learned_positions)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is a %s; the ONNX export has gpt2 only so far",
                       m->folder, c->architecture);
    if (c->activation != HF_GELU_TANH && c->activation != HF_GELU_ERF && c->activation != HF_RELU)
        return err_set(e, ERR_UNSUPPORTED, "'%s': the activation '%s' cannot be exported to ONNX",
                       m->folder, c->activation_name ? c->activation_name : "(none)");
    return ERR_OK;
}

enum err_code export_onnx(const struct checkpoint *m, const char *precision, const char *folder,
                          struct arena *a, struct export_report *r, struct err *e)
{
    if (check(m, precision, e))
        return e->code;
    const size_t widest = 3 * (size_t)m->config.d_model > m->config.d_inner
                              ? 3 * (size_t)m->config.d_model
                              : m->config.d_inner;
    CLEANUP(writer_done) struct writer w = {.m = m, .data = {.fd = -1}, .arena = a, .report = r};
    w.int8 = strcmp(precision, "int8") == 0;
    w.onnx = onnx_write_new(a, "gpt2", DATA);
    w.room = widest > CHUNK ? widest : CHUNK;
    w.floats = malloc(w.room * sizeof *w.floats);
    if (!w.floats)
        return err_set(e, ERR_LIMIT, "'%s': no memory for a row of its weights", m->folder);
    if (sink_open(&w.data, file_join(a, folder, DATA), e) || put_weights(&w, e))
        return e->code;
    r->bytes += (int64_t)w.data.at;
    if (sink_close(&w.data, e))
        return e->code;
    onnx_gpt2_graph(m, w.int8, w.onnx);
    return onnx_write_save(w.onnx, file_join(a, folder, "model.onnx"), e);
}
